/** Latencies of the campaign's lines and disks: each keeps its order, and no two keep that of each other. */
import assert from "node:assert/strict";
import { SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { FastClock } from "../../support/fast-clock";
import { Dice, mixed } from "../../campaign/fault/dice";
import { anyLatency, Latencies } from "../../campaign/fault/latencies";
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
});
