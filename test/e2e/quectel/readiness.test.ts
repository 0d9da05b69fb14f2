/** What keeps a module that answers from being ready: a radio that is off, mail commands that are missing, SMS only. */
import assert from "node:assert/strict";
import { NetworkSearch } from "../../../lib/quectel/network/network-search";
import { cell, change, ERROR, OK, type SimulatedModem } from "../../../lib/simulator";
import {
  functionality,
  setFunctionality,
  startRegistration,
  type Functionality,
} from "../../../lib/simulator/module/registration";
import { simulatedRig, type Rig, type RigOptions } from "../../support/simulated-rig";

async function registering(options: RigOptions, prepare: (rig: Rig) => void): Promise<Rig> {
  const rig = simulatedRig(options);
  prepare(rig);
  rig.modem.acquire();
  await rig.clock.run(() => rig.modem.state.name === "registering");
  return rig;
}

/** What another program does by AT+CFUN. */
function switchRadio(module: SimulatedModem, level: Functionality): void {
  setFunctionality(module, level);
  startRegistration(module);
}

describe("a module whose radio another program has switched off", () => {
  for (const level of [4, 0] as const satisfies readonly Functionality[]) {
    it(`is switched on and becomes ready (CFUN ${level})`, async () => {
      const rig = await registering({}, ({ module }) => switchRadio(module, level));
      const said = rig.states.map((state) => ("error" in state ? state.error?.message : undefined)).join();
      assert.match(said, new RegExp(`radio was off \\(CFUN ${level}\\)`));
      await rig.clock.until(rig.modem.whenReady(), 60_000);
      assert.ok(!rig.commands().includes("AT+CFUN=1,1"));
      await rig.modem.close();
    });
  }

  it("is left off when it is switched off once more, and says so instead of blaming the antenna", async () => {
    const rig = await registering({}, ({ module }) => switchRadio(module, 4));
    await rig.clock.until(rig.modem.whenReady(), 60_000);
    switchRadio(rig.module, 4);
    await rig.clock.advance(120_000);
    assert.equal(functionality(rig.module), 4);
    assert.match(rig.modem.notReady()?.message ?? "", /its radio is off/);
    assert.match(rig.modem.notReady()?.hint ?? "", /ModemManager/);
    await rig.modem.close();
  });

  it("is never touched while it serves the host's own data link", async () => {
    const rig = await registering({ settings: { shared: true } }, ({ module }) => switchRadio(module, 4));
    await rig.clock.advance(60_000);
    assert.ok(!rig.commands().some((line) => line.startsWith("AT+CFUN=")));
    assert.match(rig.modem.notReady()?.message ?? "", /its radio is off/);
    await rig.modem.close();
  });

  it("is not asked about while it searches", async () => {
    const rig = await registering({}, ({ module }) => change(module, cell, { registration: 2 }));
    await rig.clock.advance(10_000);
    assert.ok(!rig.commands().includes("AT+CFUN?"));
    await rig.modem.close();
  });
});

describe("a module that has stopped to look for a network", () => {
  it("is restarted after half an hour and goes on", async () => {
    const rig = simulatedRig();
    const search = new NetworkSearch(rig.modem);
    change(rig.module, cell, { registration: 2 });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "registering");
    rig.modem.on("started", () => change(rig.module, cell, { registration: 1 }));
    await rig.clock.until(rig.modem.whenReady(), 40 * 60_000);
    assert.ok(rig.commands().includes("AT+CFUN=1,1"));
    search.close();
    await rig.modem.close();
  });
});

describe("a module without mail commands", () => {
  it("is said to lack them after two minutes, with what to do", async () => {
    const rig = await registering({}, ({ module }) =>
      module.define(({ name }, next) => (name === "+QSMTPCFG" ? ERROR : next())),
    );
    assert.match(rig.modem.notReady()?.message ?? "", /not available yet/);
    await rig.clock.advance(130_000);
    assert.match(rig.modem.notReady()?.message ?? "", /rejects its mail commands/);
    assert.match(rig.modem.notReady()?.hint ?? "", /firmware/);
    await rig.modem.close();
  });
});

describe("a registration for SMS only", () => {
  it("is not taken for a network that carries mails", async () => {
    const rig = await registering({}, ({ module }) =>
      module.define(({ name, form, info }, next) => {
        if (!/^\+C(E|G)?REG$/.test(name) || form !== "read") return next();
        info(`${name}: 0,6`);
        return OK;
      }),
    );
    assert.equal(rig.modem.notReady()?.code, "NETWORK_DENIED");
    await rig.modem.close();
  });
});
