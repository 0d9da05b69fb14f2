/** The PDP context with a simulated module. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { NetworkSettings } from "../../../lib/quectel/settings";
import { cell, change, ERROR, OK, simulatorTransport } from "../../../lib/simulator";
import type { Transport } from "../../../lib/serial/transport";
import { activate, activeContext, definitions } from "../../../lib/simulator/module/pdp-contexts";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type RigOptions } from "../../support/simulated-rig";

async function readyRig(settings: Partial<NetworkSettings> = {}, module: RigOptions["module"] = {}) {
  let line: Transport | undefined;
  const rig = simulatedRig({
    settings,
    module,
    transport: (simulated) => () => (line = simulatorTransport(simulated)()),
  });
  const pdp = new PdpContext(rig.modem, { ...NETWORK, ...settings });
  await rig.ready();
  rig.commands();
  return {
    ...rig,
    pdp,
    /** The connection breaks; the module goes on. */
    loseLine: () => line?.emit("closed", new ModemError("PORT_UNPLUGGED")),
    until: <T>(work: Promise<T>) => rig.clock.until(work),
    /** Only the commands about contexts. */
    pdpCommands: () => rig.commands().filter((line) => line.startsWith("AT+QI")),
    close: async () => {
      pdp.close();
      await rig.modem.close();
      assert.equal(rig.clock.timers, 0);
    },
  };
}

describe("PDP context", () => {
  it("is activated before the first mail and shown by QIACT?", async () => {
    const rig = await readyRig();
    assert.equal(rig.pdp.active, undefined);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?", "AT+QIACT=1", "AT+QIACT?"]);
    assert.equal(rig.pdp.active, true);
    await rig.close();
  });

  it("asks nothing while its proof is younger than 60 s, and once after that", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    rig.pdpCommands();
    await rig.clock.advance(59_000);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), []);
    await rig.clock.advance(2_000);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?"]);
    await rig.clock.advance(50_000);
    rig.pdp.used();
    await rig.clock.advance(50_000);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), []);
    await rig.close();
  });

  it("takes a context that is active already as it is and never deactivates it when idle", async () => {
    const rig = await readyRig();
    assert.equal(activate(rig.module, 1), 0);
    await rig.until(rig.pdp.ensure());
    await rig.clock.advance(40 * 60_000);
    assert.deepEqual(
      rig.pdpCommands().filter((line) => line !== "AT+QIACT?"),
      [],
    );
    await rig.close();
  });

  it("writes the definition only when an APN is set and the module holds another", async () => {
    const rig = await readyRig({ apn: "internet", apnUser: "u", apnPassword: "p", apnAuth: "chap" });
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), [
      "AT+QIACT?",
      "AT+QICSGP=1",
      'AT+QICSGP=1,1,"internet","u","p",2',
      "AT+QIACT=1",
      "AT+QIACT?",
    ]);
    await rig.until(rig.pdp.reset());
    assert.ok(!rig.pdpCommands().some((line) => line.startsWith("AT+QICSGP=1,")));
    await rig.close();
  });

  it("deactivates an active context to give it the APN that a person has set", async () => {
    const rig = await readyRig({ apn: "new.example" });
    activate(rig.module, 1);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), [
      "AT+QIACT?",
      "AT+QICSGP=1",
      "AT+QIDEACT=1",
      'AT+QICSGP=1,1,"new.example","","",0',
      "AT+QIACT=1",
      "AT+QIACT?",
    ]);
    await rig.close();
  });

  it("is compared with its settings once for each start, so that a later mail needs QIACT? only", async () => {
    const rig = await readyRig({ apn: "internet" });
    await rig.until(rig.pdp.ensure());
    rig.pdpCommands();
    await rig.clock.advance(120_000);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?"]);
    await rig.close();
  });

  it("is not cut for every mail where the module does not show its definition", async () => {
    const rig = await readyRig({ apn: "internet" });
    rig.module.define(({ name, parameters }, next) =>
      name === "+QICSGP" && parameters.length === 1 ? ERROR : next(),
    );
    await rig.until(rig.pdp.ensure());
    rig.pdpCommands();
    for (let mail = 0; mail < 3; mail++) {
      await rig.clock.advance(120_000);
      await rig.until(rig.pdp.ensure());
    }
    assert.ok(!rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  for (const [what, settings, held] of [
    [
      "whose password the module hides",
      { apnUser: "u", apnPassword: "p", apnAuth: "pap" },
      { user: "u", password: "****", auth: 1 },
    ],
    ["that differs only in how nobody logs in", {}, { user: "", password: "", auth: 3 }],
  ] as const) {
    it(`found active is left alone with a definition ${what}`, async () => {
      const rig = await readyRig({ apn: "internet", ...settings });
      definitions(rig.module).set(1, { type: 1, apn: "INTERNET", ...held });
      activate(rig.module, 1);
      await rig.until(rig.pdp.ensure());
      assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?", "AT+QICSGP=1"]);
      await rig.close();
    });
  }

  it("is not given up for an APN that no command can carry, and that is a matter of the settings", async () => {
    const rig = await readyRig({ apn: 'inter"net' });
    activate(rig.module, 1);
    const refusal = { code: "INVALID_CONFIG", class: "setup" };
    await assert.rejects(rig.until(rig.pdp.ensure()), refusal);
    assert.ok(!rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  it("that cannot be activated for want of a network is no reason for a restart", async () => {
    const rig = await readyRig();
    change(rig.module, cell, { registration: 2 });
    await assert.rejects(rig.until(rig.pdp.ensure()), { code: "NETWORK_NOT_REGISTERED" });
    await rig.close();
  });

  it("stays deactivated for mails when a flow has deactivated it, until it is activated on demand", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    await rig.until(rig.pdp.deactivate());
    rig.pdpCommands();
    const refusal = { code: "MODEM_NOT_READY", message: /a flow has deactivated/ };
    await assert.rejects(rig.until(rig.pdp.ensure()), refusal);
    await assert.rejects(rig.until(rig.pdp.renew({})), refusal);
    assert.deepEqual(rig.pdpCommands(), []);
    await rig.until(rig.pdp.activate());
    await rig.until(rig.pdp.ensure());
    assert.equal(rig.pdp.active, true);
    await rig.close();
  });

  it("serves mails on when it could not be deactivated", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    const restore = rig.module.define(({ name }, next) => (name === "+QIDEACT" ? ERROR : next()));
    await assert.rejects(rig.until(rig.pdp.deactivate()), { code: "PDP_DEACTIVATION_FAILED" });
    restore();
    await rig.clock.advance(120_000);
    await rig.until(rig.pdp.ensure());
    await rig.close();
  });

  it("that is only asked about is not taken for healthy after the network has taken it away", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    // The module shows it active although it has told its loss.
    rig.module.raiseUrc('+QIURC: "pdpdeact",1');
    await rig.clock.advance(1);
    await rig.until(rig.pdp.query());
    assert.equal(rig.pdp.active, false);
    rig.pdpCommands();
    await rig.until(rig.pdp.ensure());
    assert.ok(rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  it("never defines, deactivates or resets a shared context, but activates it", async () => {
    const rig = await readyRig({ shared: true, apn: "other" });
    await rig.until(rig.pdp.ensure());
    await assert.rejects(rig.until(rig.pdp.deactivate()), { code: "PDP_SHARED" });
    await assert.rejects(rig.until(rig.pdp.reset()), { code: "PDP_SHARED" });
    rig.module.emit("contextLost", 1);
    await rig.clock.advance(1);
    await rig.until(rig.pdp.ensure()).catch(() => undefined);
    await rig.clock.advance(60 * 60_000);
    assert.deepEqual(
      rig.pdpCommands().filter((line) => /QICSGP=|QIDEACT/.test(line)),
      [],
    );
    await rig.close();
  });

  it("deactivates and activates a context that the network took away", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    const changes: boolean[] = [];
    rig.pdp.on("changed", (active) => changes.push(active));
    rig.pdpCommands();
    rig.module.emit("contextLost", 1);
    await rig.clock.advance(1);
    assert.equal(rig.pdp.active, false);
    await rig.until(rig.pdp.ensure());
    assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?", "AT+QIDEACT=1", "AT+QIACT=1", "AT+QIACT?"]);
    assert.deepEqual(changes, [false, true]);
    await rig.close();
  });

  it("is reset in the same way after such a loss", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    rig.module.emit("contextLost", 1);
    await rig.clock.advance(1);
    rig.pdpCommands();
    assert.equal((await rig.until(rig.pdp.reset())).active, true);
    assert.deepEqual(rig.pdpCommands(), [
      "AT+QIACT?",
      "AT+QIDEACT=1",
      "AT+QIACT=1",
      "AT+QIACT?",
      "AT+QICSGP=1",
    ]);
    await rig.close();
  });

  it("finds a loss that was not told, and cures it", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    rig.module.raiseUrc = () => undefined;
    rig.module.emit("contextLost", 1);
    await rig.clock.advance(61_000);
    await rig.until(rig.pdp.ensure());
    assert.equal(rig.pdp.active, true);
    assert.ok(rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  it("names the contexts when three others are active", async () => {
    const rig = await readyRig();
    for (const id of [2, 3, 4]) {
      definitions(rig.module).set(id, { type: 1, apn: "x", user: "", password: "", auth: 0 });
      activate(rig.module, id);
    }
    await assert.rejects(rig.until(rig.pdp.ensure()), { code: "PDP_TOO_MANY", message: /2, 3, 4/ });
    await rig.close();
  });

  it("says what the module says when it cannot be activated", async () => {
    const rig = await readyRig();
    change(rig.module, cell, { grantsContext: false });
    await assert.rejects(rig.until(rig.pdp.ensure()), { code: "PDP_ACTIVATION_FAILED", message: /561/ });
    assert.equal(rig.pdp.active, undefined);
    await rig.close();
  });

  it("asks for an APN when the context has no definition", async () => {
    const rig = await readyRig({ contextId: 5 });
    await assert.rejects(rig.until(rig.pdp.ensure()), { code: "PDP_NO_APN" });
    await rig.close();
  });

  it("waits up to 150 s for the activation", async () => {
    const rig = await readyRig({}, { timing: { networkMs: 149_000 } });
    await rig.until(rig.pdp.ensure());
    assert.equal(rig.pdp.active, true);
    await rig.close();
  });

  it("is deactivated after the idle minutes if it was activated here", async () => {
    const rig = await readyRig({ idleMinutes: 10 });
    await rig.until(rig.pdp.ensure());
    await rig.clock.advance(9 * 60_000);
    rig.pdp.used();
    await rig.clock.advance(9 * 60_000);
    assert.ok(!rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.clock.advance(2 * 60_000);
    assert.ok(rig.pdpCommands().includes("AT+QIDEACT=1"));
    assert.equal(rig.pdp.active, false);
    await rig.close();
  });

  it("stays active for ever when the idle minutes are 0", async () => {
    const rig = await readyRig({ idleMinutes: 0 });
    await rig.until(rig.pdp.ensure());
    await rig.clock.advance(3 * 3600_000);
    assert.ok(!rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  it("is not deactivated while a mail holds the lock", async () => {
    const rig = await readyRig({ idleMinutes: 1 });
    await rig.until(rig.pdp.ensure());
    const lease = await rig.modem.lock.acquire();
    await rig.clock.advance(5 * 60_000);
    assert.ok(!rig.pdpCommands().includes("AT+QIDEACT=1"));
    lease.release();
    await rig.clock.advance(2 * 60_000);
    assert.ok(rig.pdpCommands().includes("AT+QIDEACT=1"));
    await rig.close();
  });

  it("forgets everything when the module restarts", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    rig.module.restart();
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.modem.state.name === "ready");
    assert.equal(rig.pdp.active, undefined);
    rig.pdpCommands();
    await rig.until(rig.pdp.ensure());
    assert.ok(rig.pdpCommands().includes("AT+QIACT=1"));
    await rig.close();
  });

  it("is activated, queried and deactivated on demand with address, type and APN", async () => {
    const rig = await readyRig({ apn: "internet", ipType: "ipv4v6", contextId: 3 });
    const active = {
      contextId: 3,
      active: true,
      ip: "10.20.30.42",
      ip6: "2001:db8::2a",
      ipType: "ipv4v6",
      apn: "internet",
    };
    assert.deepEqual(await rig.until(rig.pdp.activate()), active);
    assert.deepEqual(await rig.until(rig.pdp.query()), active);
    const inactive = { contextId: 3, active: false, ipType: "ipv4v6", apn: "internet" };
    assert.deepEqual(await rig.until(rig.pdp.deactivate()), inactive);
    assert.deepEqual(await rig.until(rig.pdp.query()), inactive);
    rig.pdpCommands();
    // What is inactive already needs no QIDEACT.
    assert.deepEqual(await rig.until(rig.pdp.deactivate()), inactive);
    assert.deepEqual(rig.pdpCommands(), ["AT+QIACT?"]);
    await rig.close();
  });

  it("tells the APN that the module holds when none is set", async () => {
    const rig = await readyRig();
    definitions(rig.module).set(1, { type: 1, apn: "operator.example", user: "", password: "", auth: 0 });
    assert.equal((await rig.until(rig.pdp.activate())).apn, "operator.example");
    await rig.close();
  });

  it("waits with deactivating for the mail on the air unless forced", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    const lease = await rig.modem.lock.acquire();
    const waiting = rig.pdp.deactivate();
    await rig.clock.advance(60_000);
    assert.equal(rig.pdp.active, true);
    await rig.until(rig.pdp.deactivate({ force: true }));
    assert.equal(rig.pdp.active, false);
    lease.release();
    await rig.until(waiting);
    await rig.close();
  });

  it("is not left active by a mail that was just asking for it when it was deactivated by force", async () => {
    const rig = await readyRig({ apn: "internet" });
    for (const isActive of [false, true]) {
      const ensured = assert.rejects(rig.pdp.ensure(), { code: "MODEM_NOT_READY" });
      const { active } = await rig.until(rig.pdp.deactivate({ force: true }));
      assert.equal(active, false);
      await rig.until(ensured);
      await rig.clock.advance(1_000);
      assert.equal(activeContext(rig.module, 1), undefined, `active before: ${isActive}`);
      assert.equal(rig.pdp.active, false);
      await rig.until(rig.pdp.activate());
      await rig.clock.advance(90_000);
    }
    await rig.close();
  });

  it("works under the lock that its caller holds", async () => {
    const rig = await readyRig();
    await rig.modem.lock.run(async (borrowed) => {
      await rig.until(rig.pdp.renew({ borrowed }));
    });
    assert.equal(rig.pdp.active, true);
    await rig.close();
  });

  it("reports a context that cannot be deactivated", async () => {
    const rig = await readyRig();
    await rig.until(rig.pdp.ensure());
    rig.module.define(({ name }, next) => (name === "+QIDEACT" ? ERROR : next()));
    await assert.rejects(rig.until(rig.pdp.deactivate()), { code: "PDP_DEACTIVATION_FAILED" });
    await rig.close();
  });

  it("works where a module answers OK to activating an active or lost context", async () => {
    const rig = await readyRig({}, { variants: { "activate-active": "ok", "activate-lost": "ok" } });
    await rig.until(rig.pdp.ensure());
    rig.module.emit("contextLost", 1);
    await rig.clock.advance(1);
    await rig.until(rig.pdp.ensure());
    assert.equal(rig.pdp.active, true);
    await rig.close();
  });

  describe("that was activated here", () => {
    /** A module that goes on while the host is off, seen by one host after the other. */
    async function nextHost(rig: Awaited<ReturnType<typeof readyRig>>, store: KeyValueStore) {
      rig.pdp.close();
      await rig.modem.close();
      const pdp = new PdpContext(rig.modem, { ...NETWORK, idleMinutes: 10 }, store);
      await rig.ready();
      rig.commands();
      return { ...rig, pdp, close: () => (pdp.close(), rig.modem.close()) };
    }
    const isGivenUp = (rig: { pdpCommands: () => string[] }): boolean =>
      rig.pdpCommands().includes("AT+QIDEACT=1");

    async function activated(store: KeyValueStore) {
      const rig = await readyRig();
      rig.pdp.close();
      const pdp = new PdpContext(rig.modem, { ...NETWORK, idleMinutes: 10 }, store);
      await rig.until(pdp.ensure());
      rig.commands();
      return { ...rig, pdp };
    }

    it("is still given up when idle after the connection was lost, without a mail or with one", async () => {
      for (const mails of [0, 1]) {
        const rig = await activated(memoryStore());
        rig.loseLine();
        await rig.clock.run(() => rig.modem.epoch === 2 && rig.modem.state.name === "ready");
        for (let mail = 0; mail < mails; mail++) await rig.until(rig.pdp.ensure());
        assert(!isGivenUp(rig));
        await rig.clock.advance(11 * 60_000);
        assert(isGivenUp(rig));
        rig.pdp.close();
        await rig.modem.close();
        assert.equal(rig.clock.timers, 0);
      }
    });

    it("is still given up when idle after a restart of the host", async () => {
      const store = memoryStore();
      const rig = await nextHost(await activated(store), store);
      await rig.clock.advance(11 * 60_000);
      assert(isGivenUp(rig));
      await rig.close();
    });

    it("is not taken for one that somebody else has activated meanwhile", async () => {
      const store = memoryStore();
      const first = await activated(store);
      first.module.define(({ name, form, info }, next) => {
        if (name !== "+QIACT" || form !== "read") return next();
        info('+QIACT: 1,1,1,"10.20.30.99"');
        return OK;
      });
      const rig = await nextHost(first, store);
      await rig.until(rig.pdp.ensure());
      await rig.clock.advance(30 * 60_000);
      assert(!isGivenUp(rig));
      await rig.close();
    });

    it("is not taken for one of another module", async () => {
      const store = memoryStore();
      const first = await activated(store);
      first.module.define(({ name, info }, next) => {
        if (name !== "+CGSN") return next();
        info("861536030196009");
        return OK;
      });
      const rig = await nextHost(first, store);
      await rig.until(rig.pdp.ensure());
      await rig.clock.advance(30 * 60_000);
      assert(!isGivenUp(rig));
      await rig.close();
    });

    it("and was given up is not remembered, so one found active later is somebody else's", async () => {
      const store = memoryStore();
      const first = await activated(store);
      await first.until(first.pdp.giveUp());
      activate(first.module, 1);
      const rig = await nextHost(first, store);
      await rig.until(rig.pdp.ensure());
      await rig.clock.advance(30 * 60_000);
      assert(!isGivenUp(rig));
      await rig.close();
    });

    it("serves mails although nothing can be noted", async () => {
      const rig = await activated({
        read: () => Promise.reject(new Error("EIO")),
        write: () => Promise.reject(new Error("ENOSPC")),
      });
      assert.equal(rig.pdp.active, true);
      rig.pdp.close();
      await rig.modem.close();
    });
  });
});
