/** The supervisor with a simulated module: start, restarts, losses, silence, close. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { signalQuality } from "../../../lib/quectel/commands/network";
import { cell, change, OK, simCard, simulatorTransport } from "../../../lib/simulator";
import { simulatedRig, type Rig } from "../../support/simulated-rig";

const names = (rig: Rig) => rig.states.map((state) => state.name);

describe("supervisor with a module", () => {
  it("reaches ready and never stores anything in the module", async () => {
    const rig = simulatedRig();
    await rig.ready();
    assert.deepEqual(names(rig), ["connecting", "ready"]);
    assert.equal(rig.modem.identity?.model, "EC25");
    const lines = rig.commands();
    assert.ok(lines.includes("AT+CPIN?"));
    assert.deepEqual(
      lines.filter((line) => /&W|QFDEL|QURCCFG="urcport",|CFUN=/.test(line)),
      [],
    );
    await rig.modem.close();
  });

  it("names our port for unsolicited lines only when it is known and differs", async () => {
    const rig = simulatedRig({ modem: { urcPort: async () => "usbmodem" } });
    await rig.ready();
    assert.ok(rig.commands().includes('AT+QURCCFG="urcport","usbmodem"'));
    rig.module.restart();
    await rig.clock.run(() => rig.modem.epoch === 2);
    const lines = rig.commands();
    assert.ok(lines.includes('AT+QURCCFG="urcport"'));
    assert.ok(!lines.includes('AT+QURCCFG="urcport","usbmodem"'));
    await rig.modem.close();
  });

  it("leaves the port for unsolicited lines alone where it cannot be found out or all ports get them", async () => {
    for (const urcPort of [
      async () => undefined,
      () => Promise.reject(new Error("no /sys")),
      async () => "usbmodem" as const,
    ]) {
      const rig = simulatedRig({ modem: { urcPort } });
      rig.module.define(({ name, form, info }, next) => {
        if (name !== "+QURCCFG" || form !== "write") return next();
        info('+QURCCFG: "urcport","all"');
        return OK;
      });
      await rig.ready();
      assert.ok(!rig.commands().some((line) => line.startsWith('AT+QURCCFG="urcport",')));
      await rig.modem.close();
    }
  });

  it("waits for the application processor before it is ready", async () => {
    const rig = simulatedRig({ module: { variants: { "application-start": "mail" } } });
    rig.module.restart();
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "registering");
    assert.deepEqual(
      rig.modem.state.name === "registering" && [rig.modem.state.waitingFor, rig.modem.state.error?.code],
      ["application", "MODEM_NOT_READY"],
    );
    await rig.clock.until(rig.modem.whenReady());
    assert.ok(rig.clock.now() >= 4_000);
    await rig.modem.close();
  });

  it("asks for the SIM card in step again after a stray ERROR was taken for the answer", async () => {
    const rig = simulatedRig({ module: { timing: { thinkingMs: 15, line: 115_200 } } });
    await rig.ready();
    let isStray = true;
    rig.module.log.follow((entry) => {
      if (!isStray || entry.kind !== "line" || entry.text !== "AT+CPIN?") return;
      isStray = false;
      rig.module.raiseUrc("ERROR");
    });
    rig.commands();
    await rig.clock.run(() => !isStray, 120_000);
    await rig.clock.until(rig.modem.whenReady(), 10_000);
    await rig.clock.advance(10_000);
    assert.equal(rig.modem.state.name, "ready");
    const asked = rig.commands().filter((line) => line === "AT+CPIN?").length;
    assert(asked <= 3, `asked ${asked} times`);
    await rig.modem.close();
  });

  for (const port of ["stays", "vanishes"] as const) {
    for (const urc of ["present", "missed"] as const) {
      it(`begins anew after a restart whose port ${port} and whose RDY is ${urc}`, async () => {
        const rig = simulatedRig({
          module: { variants: { "restart-port": port, "ready-urc": urc }, timing: { bootMs: 4000 } },
        });
        await rig.ready();
        let started = 0;
        rig.modem.on("started", () => started++);
        rig.module.restart();
        await rig.clock.run(() => started === 1 && rig.modem.state.name === "ready", 120_000);
        assert.equal(rig.modem.epoch, 2);
        await rig.modem.close();
      });
    }
  }

  it("restarts the module on request and is ready afterwards", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 5000 } } });
    await rig.ready();
    await rig.clock.until(rig.modem.restart(), 120_000);
    assert.equal(rig.modem.epoch, 2);
    assert.equal(rig.modem.state.name, "ready");
    assert.ok(rig.commands().includes("AT+CFUN=1,1"));
    await rig.modem.close();
  });

  it("never restarts a module whose context serves another data link", async () => {
    const rig = simulatedRig({ settings: { shared: true } });
    await rig.ready();
    await assert.rejects(rig.modem.restart(), { code: "INVALID_ACTION" });
    assert.ok(!rig.commands().includes("AT+CFUN=1,1"));
    await rig.modem.close();
  });

  it("comes back after the cable was pulled and put in again", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 3000 } } });
    await rig.ready();
    rig.module.unplug();
    await rig.clock.run(() => rig.modem.state.name === "offline");
    assert.equal(rig.modem.notReady()?.code, "PORT_UNPLUGGED");
    await rig.clock.advance(300_000);
    assert.equal(rig.modem.notReady()?.code, "PORT_NOT_FOUND");
    rig.module.plug();
    await rig.clock.until(rig.modem.whenReady(), 120_000);
    assert.equal(rig.modem.epoch, 2);
    await rig.modem.close();
  });

  it("says registering while there is no network, and ready as soon as there is", async () => {
    const rig = simulatedRig();
    change(rig.module, cell, { registration: 2 });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "registering");
    assert.equal(rig.modem.notReady()?.code, "NETWORK_NOT_REGISTERED");
    change(rig.module, cell, { registration: 3 });
    await rig.clock.run(() => rig.modem.notReady()?.code === "NETWORK_DENIED");
    change(rig.module, cell, { registration: 5 });
    await rig.clock.until(rig.modem.whenReady(), 10_000);
    await rig.modem.close();
  });

  it("notices a lost network by its probe", async () => {
    const rig = simulatedRig();
    await rig.ready();
    change(rig.module, cell, { registration: 2 });
    await rig.clock.run(() => rig.modem.state.name === "registering", 40_000);
    await rig.modem.close();
  });

  it("probes an idle module every 30 s, and a busy one less often", async () => {
    const rig = simulatedRig();
    await rig.ready();
    rig.commands();
    await rig.clock.advance(61_000);
    assert.equal(rig.commands().filter((line) => line === "AT+CPIN?").length, 2);
    for (let second = 0; second < 60; second += 10) {
      await rig.clock.until(rig.modem.execute(signalQuality()));
      await rig.clock.advance(10_000);
    }
    assert.equal(rig.commands().filter((line) => line === "AT+CPIN?").length, 0);
    await rig.modem.close();
  });

  it("goes on without a new start after a moment of silence", async () => {
    const rig = simulatedRig({
      module: { faults: [{ at: { command: "+CSQ" }, fault: { kind: "delay", ms: 12_000 } }] },
    });
    await rig.ready();
    await assert.rejects(rig.clock.until(rig.modem.execute(signalQuality())), { code: "MODEM_TIMEOUT" });
    assert.equal(rig.modem.state.name, "connecting");
    await rig.clock.until(rig.modem.whenReady());
    assert.equal(rig.modem.epoch, 1);
    await rig.modem.close();
  });

  it("tells a silent module to restart twice and then wants its power switched", async () => {
    const rig = simulatedRig();
    await rig.ready();
    rig.module.hang();
    rig.commands();
    await rig.clock.run(() => rig.modem.state.name === "needsPowerCycle", 15 * 60_000);
    assert.equal(rig.modem.notReady()?.code, "MODEM_DEAD");
    const received = rig.module.log.bytes("received", "usbat").toString("latin1");
    assert.equal(received.split("AT+CFUN=1,1\r").length - 1, 2);
    // It goes on trying, and a module whose power was switched is taken back.
    await rig.clock.advance(30 * 60_000);
    assert.equal(rig.modem.state.name, "needsPowerCycle");
    rig.module.restart("powerLoss");
    await rig.clock.until(rig.modem.whenReady(), 20 * 60_000);
    await rig.modem.close();
  });

  it("only waits for a silent module that it may not restart", async () => {
    const rig = simulatedRig({ settings: { allowReset: false } });
    await rig.ready();
    rig.module.hang();
    await rig.clock.advance(20 * 60_000);
    assert.equal(rig.modem.notReady()?.code, "MODEM_SILENT");
    assert.doesNotMatch(rig.module.log.bytes("received", "usbat").toString("latin1"), /CFUN=/);
    await rig.modem.close();
  });

  for (const [when, leave] of [
    ["before the first connection", (rig: Rig) => Promise.resolve(rig.module.multiplex())],
    [
      "while it is used",
      async (rig: Rig) => {
        await rig.ready();
        rig.module.multiplex("usbat");
      },
    ],
  ] as const) {
    it(`takes a module out of multiplexing mode in which another program has left it ${when}`, async () => {
      const rig = simulatedRig();
      const warnings: string[] = [];
      rig.modem.on("warning", (error) => warnings.push(error.code));
      await leave(rig);
      rig.modem.acquire();
      await rig.clock.run(() => warnings.length > 0, 5 * 60_000);
      await rig.clock.until(rig.modem.whenReady());
      assert.deepEqual(warnings, ["PORT_MULTIPLEXED"]);
      assert.equal(rig.modem.portRemark?.code, "PORT_MULTIPLEXED");
      assert.doesNotMatch(rig.module.log.bytes("received", "usbat").toString("latin1"), /CFUN=/);
      await rig.modem.close();
      assert.equal(rig.modem.portRemark, undefined);
    });
  }

  it("recognises a second program on the port", async () => {
    const rig = simulatedRig();
    await rig.ready();
    const warnings: string[] = [];
    rig.modem.on("warning", (error) => warnings.push(error.code));
    for (let answer = 0; answer < 5; answer++) rig.module.raiseUrc("OK");
    await rig.clock.advance(1);
    assert.deepEqual(warnings, ["PORT_SHARED"]);
    await rig.modem.close();
  });

  describe("close", () => {
    const situations: Record<string, (rig: Rig) => Promise<void>> = {
      offline: async (rig) => {
        rig.module.unplug();
        rig.modem.acquire();
        await rig.clock.run(() => rig.modem.state.name === "offline");
      },
      "connecting to a module that hangs": async (rig) => {
        rig.module.hang();
        rig.modem.acquire();
        await rig.clock.advance(2_000);
        assert.equal(rig.modem.state.name, "connecting");
      },
      registering: async (rig) => {
        change(rig.module, simCard, { inserted: false });
        rig.modem.acquire();
        await rig.clock.run(() => rig.modem.state.name === "registering");
      },
      ready: (rig) => rig.ready(),
      "in the middle of a command": async (rig) => {
        rig.module.faults.set([{ at: { command: "+CSQ" }, fault: { kind: "delay", ms: 60_000 } }]);
        await rig.ready();
        rig.modem.execute(signalQuality()).catch(() => undefined);
        await rig.clock.advance(1_000);
      },
      needsPowerCycle: async (rig) => {
        rig.module.hang();
        rig.modem.acquire();
        await rig.clock.run(() => rig.modem.state.name === "needsPowerCycle");
      },
    };
    for (const [name, enter] of Object.entries(situations)) {
      it(`frees the port within 5 s: ${name}`, async () => {
        const rig = simulatedRig();
        await enter(rig);
        const before = rig.clock.now();
        await rig.clock.until(rig.modem.close());
        assert.ok(rig.clock.now() - before <= 5_000);
        assert.equal(rig.modem.state.name, "offline");
        await rig.clock.advance(1);
        if (name !== "offline") await simulatorTransport(rig.module)().open();
      });
    }

    it("does not wait for a transport that does not open", async () => {
      const rig = simulatedRig({
        transport: (module) => () => {
          const transport = simulatorTransport(module)();
          transport.open = () => new Promise(() => undefined);
          return transport;
        },
      });
      rig.modem.acquire();
      await rig.clock.advance(10);
      await rig.clock.until(rig.modem.close(), 5_000);
      assert.equal(rig.modem.state.name, "offline");
    });
  });

  it("opens again after it was closed", async () => {
    const rig = simulatedRig();
    await rig.ready();
    await rig.modem.close();
    await rig.ready();
    assert.equal(rig.modem.epoch, 2);
    await rig.modem.close();
  });

  it("gives the reason of an abort to whoever waits for ready", async () => {
    const rig = simulatedRig();
    const reason = new ModemError("MODEM_ABORTED");
    const abort = new AbortController();
    const waiting = rig.modem.whenReady(abort.signal);
    abort.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
