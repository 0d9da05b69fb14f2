/** Registration, signal, operator, technology and band with a simulated module. */
import assert from "node:assert/strict";
import type { Execute } from "../../../lib/quectel/execute";
import {
  networkSnapshot,
  registrationStatus,
  signalDbm,
} from "../../../lib/quectel/registration/registration";
import { cell, change, type Cell, type VariantChoice } from "../../../lib/simulator";
import { simulatedRig } from "../../support/simulated-rig";

async function snapshot(variants: VariantChoice, values: Partial<Cell> = {}) {
  const rig = simulatedRig({ module: { variants } });
  await rig.ready();
  change(rig.module, cell, values);
  const execute: Execute = (command) => rig.modem.execute(command);
  const seen = await rig.clock.until(networkSnapshot(execute));
  await rig.modem.close();
  return seen;
}

describe("network snapshot", () => {
  for (const creg of ["registered", "searching", "not-registered"] as const) {
    it(`shows the network on LTE although CREG says ${creg}`, async () => {
      const seen = await snapshot({ "creg-on-lte": creg });
      assert.equal(seen.registration, "home");
      assert.equal(seen.operator, "Example Mobile");
      assert.equal(seen.rssiDbm, -67);
      assert.match(seen.technology ?? "", /LTE/);
      assert.match(seen.band ?? "", /BAND/);
    });
  }

  it("shows the network on GSM", async () => {
    const seen = await snapshot({}, { accessTechnology: 0 });
    assert.equal(seen.registration, "home");
    assert.doesNotMatch(seen.technology ?? "", /LTE/);
  });

  for (const words of ["none", "no-service"] as const) {
    it(`shows a search and no operator without network (${words})`, async () => {
      assert.deepEqual(await snapshot({ "no-network-info": words }, { registration: 2, rssi: 99 }), {
        registration: "searching",
      });
    });
  }

  it("reads an operator without quotes", async () => {
    assert.equal((await snapshot({ "operator-quotes": "absent" })).operator, "Example Mobile");
  });

  it("turns rssi into dBm", () => {
    assert.deepEqual([0, 1, 2, 30, 31, 99, 100, 191, 199].map(signalDbm), [
      -113,
      -111,
      -109,
      -53,
      -51,
      undefined,
      -116,
      -25,
      undefined,
    ]);
  });

  it("names the registration states and takes new ones for unknown", () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5, 11].map(registrationStatus), [
      "notSearching",
      "home",
      "searching",
      "denied",
      "unknown",
      "roaming",
      "unknown",
    ]);
  });
});
