/** The initialisation with a fault after every single byte, in both directions: it always ends in ready. */
import assert from "node:assert/strict";
import type { FaultRule } from "../../../lib/simulator";
import { simulatedRig, type Rig } from "../../support/simulated-rig";

type Fault = Extract<FaultRule, { at: { direction: string } }>["fault"];

interface Disturbance {
  readonly fault: Fault;
  /** Distance of the bytes tried. */
  readonly step: number;
  /** What a person does meanwhile. */
  readonly help?: (rig: Rig) => Promise<void>;
  /** A byte lost in a name leaves another name, and nobody can notice. */
  readonly spoilsNames?: true;
}

const DISTURBANCES: Readonly<Record<string, Disturbance>> = {
  "the module restarts": { fault: { kind: "restart" }, step: 1 },
  "the module loses power": { fault: { kind: "powerLoss" }, step: 3 },
  "the module is silent for a while": { fault: { kind: "delay", ms: 20_000 }, step: 1 },
  "the cable is pulled and put in again": {
    fault: { kind: "unplug" },
    step: 1,
    help: async (rig) => {
      await rig.clock.advance(5_000);
      rig.module.plug();
    },
  },
  "a byte is lost": { fault: { kind: "drop", count: 1 }, step: 3, spoilsNames: true },
  "a byte comes twice": { fault: { kind: "duplicate", count: 1 }, step: 3, spoilsNames: true },
  "a byte is garbled": { fault: { kind: "corrupt", count: 1, mask: 0x5a }, step: 3, spoilsNames: true },
};

async function bytesOfStart(): Promise<Readonly<Record<"host" | "modem", number>>> {
  const rig = simulatedRig();
  await rig.ready();
  const { log } = rig.module;
  const bytes = { host: log.bytes("received", "usbat").length, modem: log.bytes("sent", "usbat").length };
  await rig.modem.close();
  return bytes;
}

describe("initialisation with a fault after every byte", function () {
  this.timeout(120_000);
  for (const [what, { fault, step, help, spoilsNames }] of Object.entries(DISTURBANCES)) {
    it(`ends in ready although ${what}`, async () => {
      const bytes = await bytesOfStart();
      for (const direction of ["host", "modem"] as const) {
        for (let byte = 1; byte <= bytes[direction]; byte += step) {
          const rig = simulatedRig({ module: { faults: [{ at: { direction, byte }, fault }] } });
          rig.modem.acquire();
          await help?.(rig);
          await rig.clock.run(() => rig.modem.state.name === "ready", 10 * 60_000);
          if (spoilsNames !== true)
            assert.equal(rig.modem.identity?.model, "EC25", `${direction} byte ${byte}`);
          await rig.modem.close();
        }
      }
    });
  }
});
