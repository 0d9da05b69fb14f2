/** Latencies of the campaign's lines, disks and networks: each keeps its order, and no two keep that of each other. */
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { FastClock } from "../../support/fast-clock";
import { Dice, mixed } from "../../campaign/fault/dice";
import { anyLatency, Latencies } from "../../campaign/fault/latencies";
import { memoryConnection } from "../../campaign/fault/memory-connection";
import { ProcessPause } from "../../campaign/fault/process-pause";
import { ProcessLines } from "../../campaign/fault/process-transport";
import { WireWitness } from "../../campaign/fault/wire-witness";

const SEEDS = Array.from({ length: 20 }, (_none, seed) => seed);

/** The order in which chunks of a line, answers of a disk and timers arrive that all begin together. */
async function orderOf(seed: number): Promise<readonly string[]> {
  const clock = new FastClock();
  const arrived: string[] = [];
  for (const [number, pace] of (["line", "disk"] as const).entries()) {
    const latencies = new Latencies(clock, anyLatency(pace, new Dice(mixed(seed, number)).random));
    for (let chunk = 0; chunk < 9; chunk++) latencies.pass(() => arrived.push(`${pace} ${chunk}`));
  }
  for (let ms = 1; ms < 10; ms++) clock.after(ms, () => arrived.push(`timer ${ms}`));
  await clock.run(() => arrived.length === 27);
  return arrived;
}

/** A connection that takes its time; `heard` is what either end hears, in the order of time, with the end of it. */
function connection(seed: number) {
  const clock = new FastClock();
  clock.turns = () => 1;
  const heard: string[] = [];
  const listen = (name: string, end: Duplex): void => {
    end.on("data", (bytes: Buffer) => heard.push(`${name} ${bytes.toString()}`));
    end.once("end", () => heard.push(`${name} end`));
    end.once("close", () => heard.push(`${name} close`));
  };
  let far: Duplex | undefined;
  const ms = anyLatency("network", new Dice(mixed(seed, 2)).random);
  const near = memoryConnection((peer) => listen("far", (far = peer)), { clock, ms });
  listen("near", near);
  const of = (name: string): readonly string[] => heard.filter((one) => one.startsWith(name));
  const reached = (): Promise<Duplex> => clock.run(() => far !== undefined).then(() => far ?? near);
  return { clock, near, reached, heard, of };
}

describe("Latencies of the campaign", () => {
  it("keep the order of a line and of a disk, whatever each chunk takes", async () => {
    for (const seed of SEEDS) {
      const arrived = await orderOf(seed);
      for (const pace of ["line", "disk"])
        assert.deepEqual(
          arrived.filter((one) => one.startsWith(pace)),
          Array.from({ length: 9 }, (_none, chunk) => `${pace} ${chunk}`),
        );
    }
  });

  it("let line, disk and timers overtake each other in any way, the same way for the same seed", async () => {
    const orders = await Promise.all(SEEDS.map((seed) => orderOf(seed)));
    assert.deepEqual(await Promise.all(SEEDS.map((seed) => orderOf(seed))), orders);
    assert(new Set(orders.map((order) => order.join())).size > SEEDS.length / 2);
    const firsts = new Set(orders.map(([first = ""]) => first.split(" ", 1)[0]));
    for (const kind of ["disk", "line", "timer"]) assert(firsts.has(kind), kind);
  });

  it("bring a command to the module and its answer back, and the end of the line behind it", async () => {
    for (const seed of SEEDS) {
      const clock = new FastClock();
      const module = new SimulatedModem({ clock });
      const lineMs = anyLatency("line", new Dice(seed).random);
      const path = { clock, witness: new WireWitness(), pause: new ProcessPause(clock), lineMs };
      const line = new ProcessLines(path).through(simulatorTransport(module))();
      const heard: string[] = [];
      line.on("data", (bytes) => heard.push(bytes.toString("latin1")));
      line.on("closed", () => heard.push("closed"));
      await clock.until(line.open(), 60_000);
      const begun = clock.now();
      await clock.until(line.write(Buffer.from("AT\r")), 60_000);
      await clock.run(() => heard.join("").includes("OK\r\n"), 60_000);
      assert(clock.now() > begun, `seed ${seed}`);
      await clock.until(line.write(Buffer.from("ATI\r")), 60_000);
      await clock.until(line.close(), 60_000);
      assert.equal(heard.at(-1), "closed", `seed ${seed}`);
    }
  });

  it("keep the order of each direction of a connection, its end or a reset behind all that was sent", async () => {
    for (const seed of SEEDS) {
      const { clock, near, reached, of } = connection(seed);
      const far = await reached();
      assert(clock.now() > 0, `seed ${seed}`);
      for (const end of [near, far]) for (let chunk = 0; chunk < 5; chunk++) end.write(`${chunk}`);
      near.end();
      // What has not left its end when that is reset is lost with it.
      await clock.run(() => of("near 4").length === 1 && of("far end").length === 1);
      assert.deepEqual(
        of("far"),
        [0, 1, 2, 3, 4, "end"].map((one) => `far ${one}`),
      );
      far.write("5", () => far.destroy());
      await clock.run(() => of("near close").length === 1);
      assert.deepEqual(
        of("near"),
        [0, 1, 2, 3, 4, 5, "close"].map((one) => `near ${one}`),
      );
    }
  });

  it("let the directions of a connection overtake each other, the same way for the same seed", async () => {
    const orderOfBoth = async (seed: number): Promise<string> => {
      const { clock, near, reached, heard } = connection(seed);
      const far = await reached();
      for (const end of [near, far]) for (let chunk = 0; chunk < 5; chunk++) end.write(`${chunk}`);
      await clock.run(() => heard.length === 10);
      return `${heard.join()} at ${clock.now()}`;
    };
    const orders = await Promise.all(SEEDS.map(orderOfBoth));
    assert.deepEqual(await Promise.all(SEEDS.map(orderOfBoth)), orders);
    assert(new Set(orders.map((order) => order.split(" at ", 1)[0])).size > SEEDS.length / 2);
  });

  it("lose what was on its way to a module that is gone, and let a server have what that had sent", async () => {
    for (const seed of SEEDS) {
      const { clock, near, reached, of } = connection(seed);
      const far = await reached();
      near.write("the final dot");
      near.destroy();
      far.write("250 queued");
      await clock.run(() => of("far close").length === 1);
      assert.deepEqual(of("far"), ["far the final dot", "far close"], `seed ${seed}`);
      assert.deepEqual(of("near"), ["near close"], `seed ${seed}`);
    }
  });
});
