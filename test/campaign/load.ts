/**
 * Part "load": bursts of messages within a second into one smtp-send of a real Node-RED; module and mail server run in
 * another process. Two bursts: into an outbox with room for all, and into one of the usual size, which refuses the rest.
 */
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startMailStation } from "../bench/support/mail-station";
import { waitFor } from "../support/wait-for";
import { loadFlow } from "./load/flow";
import { below, equal, none, shown, type Figure, type Part } from "./part";

const ROOT = resolve(__dirname, "../..");
/** Milliseconds at p99 that the event loop may be held up. */
const LIMIT = 50;
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
    const roomy = await runBurst(burst, 2 * burst);
    at(burst);
    const usual = await runBurst(burst, USUAL_ROOM);
    return [
      ...figures(`outbox for ${(2 * burst).toLocaleString("en-US")}`, burst, roomy),
      none("refused although there was room", roomy.told.refused),
      ...figures(`outbox for ${USUAL_ROOM.toLocaleString("en-US")}`, burst, usual),
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

function figures(what: string, burst: number, { told, delays, seconds }: Burst): readonly Figure[] {
  return [
    equal(`${what}: answered messages`, told.accepted + told.refused, burst),
    shown(`${what}: seconds until the last was answered`, seconds.toFixed(1)),
    below(`${what}: event loop held up, p99`, delays.p99, LIMIT, "ms"),
    shown(`${what}: event loop held up, longest`, `${delays.max.toFixed(0)} ms`),
  ];
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
