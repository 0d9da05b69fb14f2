/** What real modules and networks did to their users, and what the modem makes of it. */
import assert from "node:assert/strict";
import type { ModemState } from "../../../lib/quectel/connection/modem";
import { networkSnapshot } from "../../../lib/quectel/registration/registration";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { cell, change, cme, ERROR, simCard, subscription, type FinalResult } from "../../../lib/simulator";
import { memoryMailer } from "../../support/memory-mailer";
import { NETWORK } from "../../support/module-replies";
import { simulatedRig, type Rig } from "../../support/simulated-rig";

const codesOf = (states: readonly ModemState[]): readonly (string | undefined)[] =>
  states.map((state) => ("error" in state ? state.error?.code : undefined));

describe("A module that is not sure of its card at its start", () => {
  it("has no missing card, where the card is there half a second later", async () => {
    const rig = simulatedRig({ module: { variants: { "card-start": "unsure" } } });
    await rig.ready();
    rig.module.restart();
    await rig.clock.run(() => rig.modem.state.name !== "ready");
    await rig.clock.until(rig.modem.whenReady());
    assert.ok(!codesOf(rig.states).includes("SIM_MISSING"), codesOf(rig.states).join());
    await rig.modem.close();
  });

  it("has a missing card, where none is seen for ten seconds", async () => {
    const rig = simulatedRig();
    change(rig.module, simCard, { inserted: false });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "registering");
    assert.equal(rig.modem.notReady()?.code, "SIM_BUSY");
    await rig.clock.run(() => rig.modem.notReady()?.code === "SIM_MISSING", 15_000);
    await rig.modem.close();
  });
});

/** Refuses each command once at each of its first `times`, of those whose line `matches`. */
function refusing(rig: Rig, matches: RegExp, result: FinalResult, times = 1): void {
  const left = new Map<string, number>();
  rig.module.define((context, next) => {
    const line = `AT${context.name}${context.form === "read" ? "?" : ""}=${context.argumentText}`;
    if (!matches.test(line)) return next();
    const more = left.get(line) ?? times;
    left.set(line, more - 1);
    return more > 0 ? result : next();
  });
}

describe("A module that refuses something once right after its start", () => {
  for (const [what, matches, asked] of [
    ["numbers for errors", /^AT\+CMEE=[12]$/, "AT+CMEE=1"],
    ["the port of results", /QURCCFG/, 'AT+QURCCFG="urcport"'],
  ] as const) {
    for (const result of [ERROR, cme(14)]) {
      it(`is asked again for ${what} before the first mail (${result.kind})`, async () => {
        const rig = simulatedRig({ modem: { urcPort: () => Promise.resolve("usbat") } });
        refusing(rig, matches, result);
        await rig.ready();
        const lines = rig.module.log.lines().filter((line) => line === asked);
        // The probe of the line has CMEE too, but as a question.
        assert.equal(lines.length, 2, rig.module.log.lines().join("|"));
        await rig.clock.advance(10 * 60_000);
        assert.equal(rig.module.log.lines().filter((line) => line === asked).length, 2);
        await rig.modem.close();
      });
    }
  }

  it("is known by its name and firmware before the first mail, without a start that never was", async () => {
    const rig = simulatedRig();
    refusing(rig, /^AT\+(?:CGMM|QGMR|CGMR)=$/, cme(14));
    await rig.ready();
    assert.equal(rig.modem.identity?.model, "EC25");
    assert.match(rig.modem.identity?.firmware ?? "", /^EC25/);
    assert.equal(rig.modem.epoch, 1);
    await rig.modem.close();
  });

  it("is not asked for ever for what it lacks", async () => {
    const rig = simulatedRig({ modem: { urcPort: () => Promise.resolve("usbat") } });
    refusing(rig, /QURCCFG/, ERROR, Number.POSITIVE_INFINITY);
    await rig.ready();
    await rig.clock.advance(60 * 60_000);
    assert.equal(rig.module.log.lines().filter((line) => line.startsWith("AT+QURCCFG")).length, 4);
    await rig.modem.close();
  });

  it("does not take a word of its start for its name", async () => {
    const rig = simulatedRig();
    let said = false;
    rig.module.define((context, next) => {
      if (context.name === "+CGMM" && !said) {
        said = true;
        for (const word of ["SMS DONE", "PB DONE", "Call Ready"]) rig.module.raiseUrc(word);
      }
      return next();
    });
    await rig.ready();
    assert.equal(rig.modem.identity?.model, "EC25");
    await rig.modem.close();
  });
});

describe("A network that refuses data", () => {
  it("is told so, although it grants calls, and nothing is restarted", async () => {
    const rig = simulatedRig();
    change(rig.module, cell, { dataRegistration: 3 });
    rig.modem.acquire();
    await rig.clock.run(() => rig.modem.state.name === "registering");
    assert.equal(rig.modem.notReady()?.code, "NETWORK_DENIED");
    await rig.clock.advance(20 * 60_000);
    assert.ok(!rig.commands().includes("AT+CFUN=1,1"));
    change(rig.module, cell, { dataRegistration: 1 });
    await rig.clock.until(rig.modem.whenReady(), 60_000);
    await rig.modem.close();
  });

  it("is told so by a mail that finds out, without a restart", async () => {
    const rig = await memoryMailer();
    change(rig.module, cell, { dataRegistration: 3 });
    const from = rig.lines().length;
    const outcome = await rig.send();
    assert.equal(outcome.error?.code, "NETWORK_DENIED");
    assert.ok(!rig.lines(from).includes("AT+CFUN=1,1"));
    await rig.close();
  });

  it("counts nothing where it lets the module search for LTE and grants GPRS", async () => {
    const rig = simulatedRig();
    rig.module.define((context, next) => {
      if (context.name !== "+CEREG" || context.form !== "read") return next();
      context.info("+CEREG: 0,3");
      return { kind: "ok" };
    });
    await rig.ready();
    await rig.modem.close();
  });
});

describe("A card that has one data connection only", () => {
  it("is named with the context that holds it, and nothing is restarted", async () => {
    const rig = simulatedRig();
    rig.module.state(subscription).mostContexts = 1;
    await rig.ready();
    const other = new PdpContext(rig.modem, { ...NETWORK, contextId: 2, apn: "other" });
    await rig.clock.until(other.activate());
    const pdp = new PdpContext(rig.modem, { ...NETWORK, contextId: 1 });
    await assert.rejects(
      rig.clock.until(pdp.activate()),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, "PDP_TAKEN");
        assert.match(error.message, /active are 2$/);
        assert.match(error.hint ?? "", /Deactivate the other context/);
        return true;
      },
    );
    assert.ok(!rig.commands().includes("AT+CFUN=1,1"));
    pdp.close();
    other.close();
    await rig.modem.close();
  });
});

describe("A module that writes names as UCS2 digits whatever its character set is", () => {
  it("is understood", async () => {
    const rig = simulatedRig({ module: { variants: { "operator-coding": "ucs2" } } });
    await rig.ready();
    const { operator } = await rig.clock.until(networkSnapshot((command) => rig.modem.execute(command)));
    assert.equal(operator, "Example Mobile");
    await rig.modem.close();
  });

  for (const name of ["26201", "00101", "DEADBEEF", "Vodafone"]) {
    it(`and ${name} is left as it is`, async () => {
      const rig = simulatedRig();
      change(rig.module, cell, { operator: name });
      await rig.ready();
      const { operator } = await rig.clock.until(networkSnapshot((command) => rig.modem.execute(command)));
      assert.equal(operator, name);
      await rig.modem.close();
    });
  }
});

describe("A port that another program puts into multiplexing mode in the middle of a mail", () => {
  for (const command of ["+QSMTPCLR", "+QSMTPCFG", "+QSMTPDST", "+QSMTPSUB", "+QSMTPBODY", "+QSMTPPUT"]) {
    it(`at ${command} is freed, and the mail is neither lost nor taken for sent when it was not`, async () => {
      const rig = await memoryMailer({
        module: { faults: [{ at: { command }, fault: { kind: "multiplexed", port: "usbat" } }] },
      });
      let outcome = await rig.send();
      for (let tries = 0; tries < 3 && outcome.recipients[0]?.state !== "accepted"; tries++) {
        if (outcome.kind === "unknown") break;
        await rig.clock.advance(60_000);
        outcome = await rig.send();
      }
      const { state } = outcome.recipients[0] ?? {};
      const isSent = rig.server.received.length;
      // The result line of a mail may come while the port is deaf: then nobody can know.
      if (command === "+QSMTPPUT") assert.ok(state === "accepted" || state === "unknown", state);
      else assert.deepEqual([state, isSent], ["accepted", 1]);
      assert.ok(!rig.lines().includes("AT+CFUN=1,1"));
      await rig.close();
    });
  }
});
