/** A process that died while it uploaded a file, on a line whose DTR ends no data state: the next one finds the module. */
import assert from "node:assert/strict";
import { memoryRig, memorySurroundings } from "../../support/memory-rig";

/** Milliseconds until the module is found: two tries, and `+++` between its guard times. */
const LONGEST = 8_000;

describe("An upload that a killed process left unfinished", () => {
  for (const acknowledged of [0, 1]) {
    it(`is escaped long before it would end by itself, ${acknowledged === 1 ? "with" : "without"} acknowledgements`, async () => {
      const surroundings = memorySurroundings();
      const { clock, module } = surroundings;
      const line = module.open("usbat", { received: () => undefined, vanished: () => undefined });
      assert.ok(typeof line !== "string");
      for (const text of [
        "AT&D0\r",
        `AT+QFUPL="RAM:log.bin",20000,33,${acknowledged}\r`,
        "x".repeat(3_000),
      ]) {
        line.write(Buffer.from(text));
        await clock.advance(100);
      }
      line.close();

      const rig = memoryRig({}, surroundings);
      const start = clock.now();
      rig.modem.acquire();
      await clock.run(() => rig.modem.state.name === "ready", 60_000);
      assert.ok(clock.now() - start < LONGEST, `${clock.now() - start} ms`);
      await rig.close();
    });
  }
});
