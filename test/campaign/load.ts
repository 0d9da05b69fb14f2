/**
 * Part "load": bursts of messages within a second into one smtp-send of a real Node-RED; module and mail server run in
 * another process. Two bursts: into an outbox with room for all, and into one of the usual size, which refuses the rest.
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { startMailStation } from "../bench/support/mail-station";
import { waitFor } from "../support/wait-for";
import { loadFlow } from "./load/flow";
import { againstKnownWork, equal, none, shown, type Figure, type Part } from "./part";

const ROOT = resolve(__dirname, "../..");
/** So many times as long as a known piece of work may hold up the event loop at p99; it was 0.5 to 1 times. */
const TIMES = 3;
/** That piece takes some 10 ms there. */
const GOAL = "50 ms on an idle machine";
/** Objects of the JSON text that is the known piece of work, and how often it is read. */
const KNOWN_OBJECTS = 25_000;
const KNOWN_RUNS = 200;
const USUAL_ROOM = 1000;
const PATIENCE = 300_000;

interface Told {
  readonly accepted: number;
  readonly refused: number;
  readonly codes: Readonly<Record<string, number>>;
}

interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export const load: Part = {
  name: "load",
  full: 5_000,
  unit: "messages in a second",
  async run(size, { at }) {
    const burst = Math.max(size, 2 * USUAL_ROOM);
    // Before and after each burst, because the machine may become busy meanwhile.
    const known = [await knownWork()];
    const roomy = await runBurst(burst, 2 * burst);
    known.push(await knownWork());
    at(burst);
    const usual = await runBurst(burst, USUAL_ROOM);
    known.push(await knownWork());
    return [
      shown(
        "event loop of the campaign held up by known work, p99",
        known.map((ms) => `${ms.toFixed(1)} ms`).join(", "),
      ),
      ...figures(`outbox for ${(2 * burst).toLocaleString("en-US")}`, burst, roomy, known.slice(0, 2)),
      none("refused although there was room", roomy.told.refused),
      ...figures(`outbox for ${USUAL_ROOM.toLocaleString("en-US")}`, burst, usual, known.slice(1)),
      shown("accepted by it", usual.told.accepted),
      equal("refused, all with OUTBOX_FULL", usual.told.codes["OUTBOX_FULL"] ?? 0, usual.told.refused),
    ];
  },
};

interface Burst {
  readonly told: Told;
  readonly delays: Delays;
  readonly seconds: number;
}

function figures(
  what: string,
  burst: number,
  { told, delays, seconds }: Burst,
  known: readonly number[],
): readonly Figure[] {
  const work = { known: Math.max(...known), times: TIMES, goal: GOAL };
  return [
    equal(`${what}: answered messages`, told.accepted + told.refused, burst),
    shown(`${what}: seconds until the last was answered`, seconds.toFixed(1)),
    againstKnownWork(`${what}: event loop held up, p99`, delays.p99, work),
    shown(`${what}: event loop held up, longest`, `${delays.max.toFixed(0)} ms`),
  ];
}

/** Milliseconds at p99 for which the event loop of this process is held up by the known piece of work, as the machine is just now. */
async function knownWork(): Promise<number> {
  const objects = Array.from({ length: KNOWN_OBJECTS }, (_none, at) => ({
    topic: `burst ${at}`,
    payload: "Level too high at pump 7",
    to: "duty@example.com",
  }));
  const json = JSON.stringify(objects);
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  for (let run = 0; run < KNOWN_RUNS; run++) {
    JSON.parse(json);
    // The delays are counted by a timer, which comes to its turn only then.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  delays.disable();
  return delays.percentile(99) / 1e6;
}

async function runBurst(count: number, maxQueued: number): Promise<Burst> {
  const { startNodeRed, linkPackage } = await import("../../scripts/demo/node-red.mjs");
  const { freePorts } = await import("../../scripts/demo/ports.mjs");
  const station = await startMailStation();
  const probe = join(tmpdir(), `load-${process.pid}-${maxQueued}.json`);
  const [port = 0] = await freePorts(1);
  const nodeRed = await startNodeRed({
    prepare: linkPackage(ROOT),
    port,
    flows: loadFlow(station.modemPort, station.smtpPort, maxQueued),
    env: { NODE_OPTIONS: `--require ${join(__dirname, "load", "probe.cjs")}`, LOAD_PROBE: probe },
  });
  const delaysSince = async (): Promise<Delays> => {
    await rm(probe, { force: true });
    process.kill(nodeRed.pid, "SIGWINCH");
    const text = await waitFor("the probe", () => readFile(probe, "utf8").catch(() => undefined), PATIENCE);
    return JSON.parse(text) as Delays;
  };
  const ask = async (path: string): Promise<string> => (await fetch(new URL(path, nodeRed.url))).text();
  try {
    // What is loaded when first needed is not what is measured here.
    await ask("burst?count=20");
    const answered = (wanted: number) => async (): Promise<Told | undefined> => {
      const told = JSON.parse(await ask("figures")) as Told;
      return told.accepted + told.refused >= wanted ? told : undefined;
    };
    await waitFor("the first messages", answered(20), PATIENCE);
    await delaysSince();
    const started = performance.now();
    await ask(`burst?count=${count}`);
    const told = await waitFor("the answers to all messages", answered(count), PATIENCE);
    const seconds = (performance.now() - started) / 1000;
    return { told, delays: await delaysSince(), seconds };
  } finally {
    await nodeRed.stop();
    station.stop();
    await rm(probe, { force: true });
  }
}
