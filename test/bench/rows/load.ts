/**
 * What it costs Node-RED to load the package: processor time and the JavaScript files that are opened; and the time on the wall
 * when none of them is in the file cache, as after a start of the gateway.
 */
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { inRounds, type Row } from "../row";
import manifest from "../../../package.json";

const ROOT = resolve(__dirname, "../../..");

/** Requires each file and registers its nodes with a runtime whose parts can all be called, as Node-RED does at its start. */
const LOAD = `
  const anything = new Proxy(() => anything, {
    get: (_target, name) => (name === Symbol.toPrimitive ? () => "" : name === "then" ? undefined : anything),
  });
  const before = process.cpuUsage();
  const started = performance.now();
  for (const file of process.argv.slice(1)) require(file)(anything);
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, files: Object.keys(require.cache) }));`;

interface Loaded {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Paths of all files that were loaded. */
  readonly all: readonly string[];
  /** Number of our JavaScript files that were opened. */
  readonly files: number;
}

export const load: Row = {
  name: "load",
  about:
    "All nodes of the package loaded and registered in a fresh process, bundled as it is packed and file by file as it is compiled, in turn: processor time, and our JavaScript files that were opened. Time on the wall with all files of it, and of what it requires, dropped from the file cache (posix_fadvise).",
  async measure(rounds) {
    // What the first process reads from the disk the others find in memory.
    await Promise.all([loaded("dist"), loaded("build")]);
    const results = await inRounds(rounds, async () => ({
      packed: await loaded("dist"),
      compiled: await loaded("build"),
      cold: { packed: await loadedCold("dist"), compiled: await loadedCold("build") },
    }));
    return [
      {
        what: "processor time to load the package",
        unit: "ms",
        samples: results.map(({ packed }) => packed.cpuMs),
        peer: { name: "file by file", samples: results.map(({ compiled }) => compiled.cpuMs) },
        goal: { kind: "timesPeer", factor: 0.45 },
      },
      {
        what: "time to load the package, file cache dropped",
        unit: "ms",
        samples: results.map(({ cold }) => cold.packed.wallMs),
        peer: { name: "file by file", samples: results.map(({ cold }) => cold.compiled.wallMs) },
      },
      {
        what: "our JavaScript files opened to load the package",
        unit: "",
        samples: results.map(({ packed }) => packed.files),
        peer: { name: "file by file", samples: results.map(({ compiled }) => compiled.files) },
        goal: { kind: "atMost", limit: 10 },
      },
    ];
  },
};

async function loaded(folder: "dist" | "build"): Promise<Loaded> {
  const nodes = Object.keys(manifest["node-red"].nodes).map((name) =>
    join(ROOT, folder, "nodes", `${name}.js`),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", LOAD, ...nodes], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const { files, ...times } = JSON.parse(stdout) as Omit<Loaded, "all" | "files"> & {
    files: readonly string[];
  };
  const ours = files.filter((file) => file.startsWith(join(ROOT, folder)) && file.endsWith(".js"));
  return { ...times, all: files, files: ours.length };
}

/** As after a start of the machine, as far as the package is concerned: Node.js itself is in the cache. */
async function loadedCold(folder: "dist" | "build"): Promise<Loaded> {
  const { all } = await loaded(folder);
  // Reads nothing, and tells the system that what it has of the file is of no more use.
  for (const file of all)
    await promisify(execFile)("dd", [`if=${file}`, "iflag=nocache", "count=0", "status=none"]);
  return loaded(folder);
}
