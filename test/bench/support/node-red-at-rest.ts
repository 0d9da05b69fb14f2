/** A Node-RED process that can be asked what it uses. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import { waitFor } from "../../support/wait-for";

/** Bytes, after garbage collections. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

export interface MeasuredNodeRed {
  /** Milliseconds of processor time from the start of the process to running flows. */
  readonly startMs: number;
  /** Milliseconds of processor time used so far; asking takes none of it. */
  cpuMs(): Promise<number>;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

const ROOT = join(__dirname, "../../..");
/** Milliseconds; a flow whose nodes are missing is never started. */
const START_LIMIT = 60_000;
/** The space for young objects grows to 2 or 32 MB as it happens, which would hide what is looked for. */
const YOUNG_SPACE = "--max-semi-space-size=2";
const PROBE = join(__dirname, "probe.cjs");

/** @param folder for its report. @param withPackage whether this package, built, is installed in it. */
export async function startMeasured(
  folder: string,
  flows: readonly object[],
  withPackage: boolean,
): Promise<MeasuredNodeRed> {
  const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
  const { freePorts } = await import("../../../scripts/demo/ports.mjs");
  const [port = 0] = await freePorts(1);
  const report = join(folder, `usage-${port}.json`);
  const limit = new AbortController();
  const timer = systemClock.after(START_LIMIT, () =>
    limit.abort(new Error("Node-RED does not start its flows")),
  );
  const nodeRed = await startNodeRed({
    signal: limit.signal,
    prepare: withPackage ? linkPackage(ROOT) : async () => undefined,
    port,
    flows,
    env: { NODE_OPTIONS: `${YOUNG_SPACE} --require ${PROBE}`, BENCH_PROBE: report },
  });
  timer.clear();
  return {
    startMs: await cpuOf(nodeRed.pid),
    cpuMs: () => cpuOf(nodeRed.pid),
    memory: () => memoryOf(nodeRed.pid, report),
    stop: () => nodeRed.stop(),
  };
}

/** Sum over all threads, from the first field of schedstat in ns (Linux only). */
async function cpuOf(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const texts = await Promise.all(
    (await readdir(tasks)).map((task) => readFile(join(tasks, task, "schedstat"), "utf8")),
  );
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]) / 1e6, 0);
}

async function memoryOf(pid: number, report: string): Promise<Memory> {
  await rm(report, { force: true });
  process.kill(pid, "SIGWINCH");
  const text = await waitFor("the memory of Node-RED", () => readFile(report, "utf8").catch(() => undefined));
  return JSON.parse(text) as Memory;
}
