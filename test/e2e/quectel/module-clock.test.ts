/** The module's clock with a simulated module: left alone when right, set from whom knows best when wrong. */
import assert from "node:assert/strict";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { cell, change, moduleTime, OK, setModuleTime } from "../../../lib/simulator";
import { internet } from "../../../lib/simulator/delivery/internet";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig } from "../../support/simulated-rig";

const DAY = 24 * 3600_000;

async function readyRig({ sendsTime = false, timeServers = false } = {}) {
  const rig = simulatedRig();
  change(rig.module, cell, { sendsTime });
  Object.assign(rig.module.state(internet), {
    loopbackOnly: true,
    hosts: timeServers ? { "pool.ntp.org": "127.0.0.1", "time.google.com": "127.0.0.1" } : {},
  });
  await rig.ready();
  const pdp = new PdpContext(rig.modem, NETWORK);
  await rig.clock.until(pdp.ensure());
  const moduleClock = new ModuleClock(rig.modem, 1);
  rig.commands();
  return {
    ...rig,
    moduleClock,
    ensure: () => rig.clock.until(moduleClock.ensure()),
    shown: () => moduleTime(rig.module),
    close: async () => {
      pdp.close();
      await rig.modem.close();
    },
  };
}

describe("module clock", () => {
  it("is left alone when it is right, and not asked again for 12 hours", async () => {
    const rig = await readyRig({ sendsTime: true });
    setModuleTime(rig.module, rig.clock.wall(), 0);
    assert.equal(await rig.ensure(), "module");
    assert.deepEqual(rig.commands(), ["AT+QLTS=2", "AT+CCLK?"]);
    assert.equal(await rig.ensure(), "module");
    assert.deepEqual(rig.commands(), []);
    await rig.close();
  });

  it("is set from the network's time first", async () => {
    const rig = await readyRig({ sendsTime: true, timeServers: true });
    assert.equal(await rig.ensure(), "network");
    assert.ok(Math.abs(rig.shown() - rig.clock.wall()) < 2_000);
    assert.ok(!rig.commands().some((line) => line.startsWith("AT+QNTP")));
    await rig.close();
  });

  it("is set from a time server when the network is silent", async () => {
    const rig = await readyRig({ timeServers: true });
    assert.equal(await rig.ensure(), "timeServer");
    assert.ok(Math.abs(rig.shown() - rig.clock.wall()) < 2_000);
    await rig.close();
  });

  it("is set from the host last", async () => {
    const rig = await readyRig();
    assert.equal(await rig.ensure(), "host");
    assert.ok(Math.abs(rig.shown() - rig.clock.wall()) < 2_000);
    await rig.close();
  });

  it("keeps a mail waiting for one time server only where the network lets no question through", async () => {
    const rig = await readyRig();
    rig.module.define(({ name }, next) => (name === "+QNTP" ? OK : next()));
    const before = rig.clock.now();
    assert.equal(await rig.ensure(), "host");
    assert.ok(rig.clock.now() - before < 130_000);
    await rig.close();
  });

  it("is not set from a host whose own clock is wrong", async () => {
    const rig = await readyRig();
    rig.clock.jumpWall(-10 * 365 * DAY);
    await assert.rejects(rig.ensure(), { code: "NETWORK_CLOCK", message: /host/ });
    await rig.close();
  });

  for (const [what, offset, plausible] of [
    ["a day off the network's time", 2 * DAY, false],
    ["in 1980, which a module writes as 80", Date.UTC(2080, 0, 6) - Date.UTC(2026, 0, 1), false],
    ["hours off, as by a time zone", 14 * 3600_000, true],
  ] as const) {
    it(`counts as ${plausible ? "right" : "wrong"} when it is ${what}`, async () => {
      const rig = await readyRig({ sendsTime: true });
      setModuleTime(rig.module, rig.clock.wall() + offset, 0);
      const status = await rig.clock.until(rig.moduleClock.status());
      assert.equal(status.plausible, plausible);
      await rig.close();
    });
  }

  it("is believed against a host that is behind, and not when it is behind the host", async () => {
    const rig = await readyRig();
    setModuleTime(rig.module, rig.clock.wall() + 30 * DAY, 0);
    assert.equal(await rig.ensure(), "module");
    rig.clock.jumpWall(60 * DAY);
    await rig.clock.advance(13 * 3600_000);
    assert.equal(await rig.ensure(), "host");
    await rig.close();
  });

  it("is looked at again after a restart of the module", async () => {
    const rig = await readyRig({ sendsTime: true });
    await rig.ensure();
    rig.module.restart("powerLoss");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.modem.state.name === "ready");
    assert.equal(await rig.ensure(), "network");
    await rig.close();
  });

  it("keeps a time east and west of Greenwich", async () => {
    const rig = await readyRig({ sendsTime: true });
    for (const timeZone of [-48, 56]) {
      change(rig.module, cell, { timeZone });
      setModuleTime(rig.module, rig.clock.wall(), timeZone);
      const { time } = await rig.clock.until(rig.moduleClock.status());
      assert.ok(time !== undefined && Math.abs(time - rig.clock.wall()) < 2_000);
    }
    await rig.close();
  });
});
