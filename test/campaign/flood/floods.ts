/** One line of a gateway under one flood: what it costs, whether the line is given up, and whether the module is found again. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedModem } from "../../../lib/simulator";
import { waitFor } from "../../support/wait-for";
import type { FromHost, HostPlan, ToHost } from "./host";
import { FLOODS, type FloodName } from "./kinds";
import { FarEnd } from "./line";

/** Milliseconds for anything to happen: where many others work too, 50 MB take some minutes. */
const PATIENCE_MS = 540_000;
export type LineKind = HostPlan["line"]["kind"];

export interface Flooded {
  readonly bytes: number;
  /** By how many bytes the memory of JavaScript and the process were larger than before, at most. */
  readonly heap: number;
  readonly rss: number;
  /** What it still held at the end. */
  readonly held: number;
  /** Milliseconds. */
  readonly longestTurn: number;
  /** Times that the line was given up, and the shortest pause before it was opened again, in milliseconds. */
  readonly givenUp: number;
  readonly shortestPause: number;
}

/**
 * Pours until so many bytes were taken and the line was given up so many times; then the module is there again.
 *
 * @throws when the gateway ends, does not give the line up, or does not find the module afterwards.
 */
export async function flooded(
  name: FloodName,
  kind: LineKind,
  seed: number,
  { bytes, times }: { readonly bytes: number; readonly times: number },
): Promise<Flooded> {
  const folder = await mkdtemp(join(tmpdir(), "flood-"));
  const module = new SimulatedModem();
  const far = await (kind === "tcp" ? FarEnd.tcp(module) : FarEnd.serial(module, folder));
  const plan: HostPlan = { line: far.line };
  const flood = FLOODS[name](seed);
  const host = fork(require.resolve("./host"), [JSON.stringify(plan)], {
    execArgv: __filename.endsWith(".ts") ? ["--import", "tsx"] : [],
  });
  const states: Extract<FromHost, { kind: "state" }>[] = [];
  let cost: Extract<FromHost, { kind: "cost" }> | undefined;
  host.on("message", (message: FromHost) => {
    if (message.kind === "state") states.push(message);
    else cost = message;
  });
  const until = <T>(what: string, look: () => T | undefined | false): Promise<T> =>
    waitFor(
      () => `${what} (${name}, ${kind}; ${JSON.stringify(states.slice(-4))})`,
      () => {
        const end = endOf(host);
        if (end !== null) throw new Error(`the gateway has ended with ${end}`);
        return look() || undefined;
      },
      PATIENCE_MS,
    );
  const isReady = (): boolean => states.at(-1)?.name === "ready";
  const ask = (message: ToHost): void => void host.send(message);
  try {
    await until("the module", isReady);
    const before = states.length;
    far.begin(flood);
    const pauses = (): number[] =>
      states
        .slice(before)
        .flatMap(({ name: state, at }, index, all) =>
          state === "offline" && all[index + 1] !== undefined ? [(all[index + 1]?.at ?? at) - at] : [],
        );
    await until(
      "the end of the flood",
      () => pauses().length >= times && (flood.isDrip === true || far.flooded >= bytes),
    );
    const found = pauses();
    const poured = far.flooded;
    far.end();
    await until("the module after the flood", isReady);
    ask("cost");
    const { heap, rss, held, longestTurn } = await until("the cost", () => cost);
    return {
      bytes: poured,
      heap,
      rss,
      held,
      longestTurn,
      givenUp: found.length,
      shortestPause: Math.min(...found),
    };
  } finally {
    if (endOf(host) === null) {
      const gone = once(host, "exit");
      if (host.connected) ask("end");
      else host.kill("SIGKILL");
      await gone;
    }
    await far.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Code or signal of a process that has ended: one without memory is ended by a signal. Null: it runs. */
function endOf({ exitCode, signalCode }: ChildProcess): number | NodeJS.Signals | null {
  return exitCode ?? signalCode;
}
