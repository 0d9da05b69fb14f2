/** Size of the installed package with everything it brings along, and which part could be left out. */
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Row } from "../row";

const ROOT = resolve(__dirname, "../../..");

export const installedSize: Row = {
  name: "installed-size",
  about:
    "Bytes of the files of the package and all its dependencies as npm installs them; prebuilt serialport bindings for other systems are what could be left out.",
  async measure(rounds) {
    const own = await publishedSize();
    const folders = await dependencyFolders(ROOT);
    let total = own;
    let foreign = 0;
    for (const folder of folders) {
      total += await sizeOf(folder);
      foreign += await foreignBindings(folder);
    }
    const counted = (bytes: number): readonly number[] => Array<number>(rounds).fill(bytes / 1e6);
    return [
      { what: "installed tree", unit: "MB", samples: counted(total) },
      { what: "of these, this package", unit: "MB", samples: counted(own) },
      { what: "of these, serialport bindings for other systems", unit: "MB", samples: counted(foreign) },
      { what: "packages installed along", unit: "", samples: Array<number>(rounds).fill(folders.size) },
    ];
  },
};

interface Manifest {
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Manifest;
}

/** What `npm pack` takes: the listed folders, the manifest, README and licence. */
async function publishedSize(): Promise<number> {
  const { files = [] } = await manifestOf(ROOT);
  const sizes = [...files, "package.json", "README.md", "LICENSE"].map((name) => sizeOf(join(ROOT, name)));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
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
