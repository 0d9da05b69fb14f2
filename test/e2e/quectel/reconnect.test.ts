/** The supervisor over hours and days: what a person sees while a module is away, hangs, or is restarted again and again. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { signalQuality } from "../../../lib/quectel/commands/network";
import { cell, change, simulatorTransport } from "../../../lib/simulator";
import { KeptLog } from "../../support/module-replies";
import { simulatedRig } from "../../support/simulated-rig";
import { VirtualClock } from "../../support/virtual-clock";

const MINUTE = 60_000;

describe("reconnecting", () => {
  it("leaves no listener behind when the module is restarted again and again on one connection", async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on("warning", onWarning);
    const rig = simulatedRig({ module: { timing: { bootMs: 2000 } } });
    await rig.ready();
    for (let restart = 0; restart < 12; restart++) {
      await rig.clock.until(rig.modem.restart(), 2 * MINUTE);
      // CFUN is served by the processor that starts late.
      await rig.clock.advance(10_000);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
    await rig.modem.close();
  });

  it("goes on when a node that shows the state fails", async () => {
    const log = new KeptLog();
    const rig = simulatedRig({ modem: { log } });
    for (const event of ["state", "unsolicited"] as const) {
      rig.modem.on(event, () => {
        throw new Error("no such node");
      });
    }
    await rig.ready();
    rig.module.raiseUrc("+QUSIM: 1");
    await rig.clock.advance(MINUTE);
    assert.equal(rig.modem.state.name, "ready");
    assert.ok(log.lines.some((line) => /^error .*no such node/.test(line)));
    await rig.modem.close();
  });

  it("notices a lost network although a node asks for the signal every 10 s", async () => {
    const rig = simulatedRig();
    await rig.ready();
    change(rig.module, cell, { registration: 2 });
    for (let second = 0; second < 150; second += 10) {
      await rig.clock.until(rig.modem.execute(signalQuality()));
      await rig.clock.advance(10_000);
    }
    assert.equal(rig.modem.notReady()?.code, "NETWORK_NOT_REGISTERED");
    await rig.modem.close();
  });

  it("shows no lost port while a module boots that was told to restart", async () => {
    const rig = simulatedRig({
      module: { variants: { "restart-port": "vanishes" }, timing: { bootMs: 15_000 } },
    });
    await rig.ready();
    rig.states.length = 0;
    await rig.clock.until(rig.modem.restart(), 2 * MINUTE);
    assert.ok(!rig.states.some(({ name }) => name === "offline"));
    // A port that goes by itself is shown.
    rig.module.unplug();
    await rig.clock.run(() => rig.modem.notReady()?.code === "PORT_UNPLUGGED", 5_000);
    await rig.modem.close();
  });

  it("shows a lost port when the module does not come back within a minute of its restart", async () => {
    const rig = simulatedRig({
      module: { variants: { "restart-port": "vanishes" }, timing: { bootMs: 60 * MINUTE } },
    });
    await rig.ready();
    rig.modem.restart().catch(() => undefined);
    await rig.clock.run(() => rig.modem.notReady()?.code === "PORT_NOT_FOUND", 3 * MINUTE);
    await rig.modem.close();
  });

  it("ends a restart that is waited for when the modem is closed", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 60 * MINUTE } } });
    await rig.ready();
    const restarting = rig.modem.restart();
    restarting.catch(() => undefined);
    await rig.clock.advance(5_000);
    await rig.clock.until(rig.modem.close());
    await assert.rejects(rig.clock.until(restarting, 10_000), { code: "PORT_CLOSED" });
  });

  it("tells the log once, not every minute, why the modem is away", async () => {
    const log = new KeptLog();
    const rig = simulatedRig({ modem: { log } });
    await rig.ready();
    rig.module.unplug();
    await rig.clock.advance(6 * 60 * MINUTE);
    assert.deepEqual(
      log.lines.filter((line) => !line.startsWith("debug")).map((line) => line.split(";")[0]),
      ["info The port has disappeared", "info The serial port does not exist: simulator"],
    );
    await rig.modem.close();
  });
});

describe("a module that needs its power switched", () => {
  it("is taken back within two minutes after that, also after a night", async () => {
    const rig = simulatedRig();
    await rig.ready();
    rig.module.hang();
    await rig.clock.advance(8 * 60 * MINUTE);
    assert.equal(rig.modem.state.name, "needsPowerCycle");
    rig.module.restart("powerLoss");
    await rig.clock.until(rig.modem.whenReady(), 2 * MINUTE);
    await rig.modem.close();
  });

  it("is no longer called so when its port goes, and comes back as any other", async () => {
    const rig = simulatedRig();
    await rig.ready();
    rig.module.hang();
    await rig.clock.run(() => rig.modem.state.name === "needsPowerCycle", 30 * MINUTE);
    rig.module.unplug();
    await rig.clock.run(() => rig.modem.state.name === "offline", 2 * MINUTE);
    assert.match(rig.modem.notReady()?.code ?? "", /^PORT_/);
    rig.module.plug();
    await rig.clock.until(rig.modem.whenReady(), 2 * MINUTE);
    await rig.modem.close();
  });

  it("may be another device when it has never answered, and the hint says so", async () => {
    for (const worked of [true, false]) {
      const rig = simulatedRig();
      if (worked) await rig.ready();
      rig.module.hang();
      rig.modem.acquire();
      await rig.clock.run(() => rig.modem.state.name === "needsPowerCycle", 30 * MINUTE);
      assert.equal(/baud rate/.test(rig.modem.notReady()?.hint ?? ""), !worked);
      await rig.modem.close();
    }
  });

  it("is recognised also where it holds the line by flow control", async () => {
    const rig = simulatedRig({
      transport: (module) => () => {
        const transport = simulatorTransport(module)();
        transport.drain = () => new Promise(() => undefined);
        return transport;
      },
    });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "needsPowerCycle", 30 * MINUTE);
    await rig.modem.close();
  });
});

describe("a wrong line rate", () => {
  it("is said to be out of step, for the line is full of noise", async () => {
    const rig = simulatedRig({ transport: (module) => simulatorTransport(module, { hostRate: 9600 }) });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "offline", MINUTE);
    assert.equal(rig.modem.notReady()?.code, "MODEM_OUT_OF_SYNC");
    await rig.modem.close();
  });
});

describe("a port that does not open", () => {
  for (const code of ["PORT_NOT_FOUND", "PORT_BUSY", "PORT_DENIED", "PORT_REFUSED", "PORT_FAILED"] as const) {
    it(`for ${code} is tried again every 15 s at the latest, which can be counted down, and at once when told to`, async () => {
      const clock = new VirtualClock();
      const tries: number[] = [];
      const { modem } = simulatedRig({
        modem: {
          clock,
          transport: () => {
            tries.push(clock.now());
            throw new ModemError(code);
          },
        },
      });
      modem.acquire();
      for (let second = 0; second < 300; second++) {
        await clock.advance(1000);
        const left = modem.nextTryInMs ?? Infinity;
        assert.ok(left >= 0 && left <= 15_000, `${left} ms`);
        // It comes when it was said.
        if (second % 60 === 0 && left > 2) {
          const count = tries.length;
          await clock.advance(left - 1);
          assert.equal(tries.length, count);
          await clock.advance(1);
          assert.equal(tries.length, count + 1);
        }
      }
      const gaps = tries.slice(1).map((time, index) => time - (tries[index] ?? 0));
      assert.ok(gaps.length > 15 && Math.max(...gaps) <= 15_000, gaps.join());
      const count = tries.length;
      modem.tryNow();
      await clock.advance(0);
      assert.equal(tries.length, count + 1);
      await modem.close();
      assert.equal(modem.nextTryInMs, undefined);
    });
  }
});
