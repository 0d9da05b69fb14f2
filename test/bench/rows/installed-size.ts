/** Size of the installed package with everything it brings along, and which part could be left out. */
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Row } from "../row";

const ROOT = resolve(__dirname, "../../..");
/** C++ headers, for systems that no prebuilt binding fits. */
const HEADERS = "node-addon-api";

export const installedSize: Row = {
  name: "installed-size",
  about:
    "Bytes of the files of the package and all its dependencies as npm installs them, and what of it could be left out: no runtime loads it.",
  async measure(rounds) {
    const files = await packedFiles();
    const own = sum(files);
    const folders = await dependencyFolders(ROOT);
    let total = own;
    let foreign = 0;
    let headers = 0;
    for (const folder of folders) {
      total += await sizeOf(folder);
      foreign += await foreignBindings(folder);
      if (basename(folder) === HEADERS) headers += await sizeOf(folder);
    }
    const counted = (bytes: number): readonly number[] => Array<number>(rounds).fill(bytes / 1e6);
    return [
      { what: "installed tree", unit: "MB", samples: counted(total) },
      {
        what: "of these, this package",
        unit: "MB",
        samples: counted(own),
        goal: { kind: "atMost", limit: 1.2 },
      },
      {
        what: "of this package, type declarations",
        unit: "MB",
        samples: counted(sum(files.filter(({ path }) => path.endsWith(".d.ts")))),
      },
      { what: "of the others, serialport bindings for other systems", unit: "MB", samples: counted(foreign) },
      { what: "of the others, headers to compile a binding", unit: "MB", samples: counted(headers) },
      { what: "packages installed along", unit: "", samples: Array<number>(rounds).fill(folders.size) },
    ];
  },
};

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

interface PackedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** What npm packs: only npm itself knows how it reads `files` of the manifest. */
async function packedFiles(): Promise<readonly PackedFile[]> {
  const options = ["--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = await promisify(execFile)("npm", ["pack", ...options], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as readonly { readonly files: readonly PackedFile[] }[];
  if (packed === undefined) throw new Error("npm pack has packed nothing");
  return packed.files;
}

function sum(files: readonly PackedFile[]): number {
  return files.reduce((bytes, { size }) => bytes + size, 0);
}

/** Folders of all packages that `folder` needs at run time, directly or not. */
async function dependencyFolders(
  folder: string,
  found: Set<string> = new Set(),
): Promise<ReadonlySet<string>> {
  for (const name of Object.keys((await manifestOf(folder)).dependencies ?? {})) {
    const place = await folderOf(name, folder);
    if (found.has(place)) continue;
    found.add(place);
    await dependencyFolders(place, found);
  }
  return found;
}

/** As Node.js looks for a package: in the node_modules of each folder upwards. */
async function folderOf(name: string, from: string): Promise<string> {
  for (const place of createRequire(join(from, "package.json")).resolve.paths(name) ?? []) {
    const folder = join(place, name);
    if ((await stat(join(folder, "package.json")).catch(() => undefined)) !== undefined) return folder;
  }
  throw new Error(`${name}, needed by ${from}, is not installed`);
}

async function foreignBindings(folder: string): Promise<number> {
  const prebuilds = join(folder, "prebuilds");
  const systems = await readdir(prebuilds).catch(() => []);
  const foreign = systems.filter((system) => system !== `${process.platform}-${process.arch}`);
  const sizes = await Promise.all(foreign.map((system) => sizeOf(join(prebuilds, system))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes of a file, or of all files below a folder except nested packages, which count by themselves. */
async function sizeOf(path: string): Promise<number> {
  const one = await stat(path);
  if (!one.isDirectory()) return one.size;
  const names = (await readdir(path)).filter((name) => name !== "node_modules");
  const sizes = await Promise.all(names.map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
