/** Two config nodes on two ports of one module: each mail goes to its own recipients, in its own name, or is not sent. */
import assert from "node:assert/strict";
import { delay } from "../../../lib/clock";
import type { Outcome, Transaction } from "../../../lib/mailer/mailer";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { ModuleRecovery } from "../../../lib/quectel/recovery/module-recovery";
import { ERROR, type FaultRule } from "../../../lib/simulator";
import { attachment, memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";
import type { MemoryRigOptions } from "../../support/memory-rig";
import { MemorySmtp } from "../../support/memory-smtp";
import { socketHost } from "../../support/socket-mailer";

const MAILS = 30;

const usbat: MemoryRigOptions = {
  modem: { urcPort: async () => "usbat" },
  module: { timing: { airMs: 3_000 } },
  smtp: { senderAddress: "pump7@example.com", user: "pump7@example.com" },
};
const usbmodem: MemoryRigOptions = {
  port: "usbmodem",
  modem: { urcPort: async () => "usbmodem" },
  smtp: { senderAddress: "boiler@example.com", user: "boiler@example.com", senderName: "Boiler" },
};

/** One mail of `who`, with an attachment of the same name as those of the others. */
function mailOf(who: string, number: number): Transaction {
  return transaction({
    id: `${who}-${number}`,
    to: [`${who}-${number}@example.com`],
    subject: `${who} ${number}`,
    text: `text of ${who} ${number}`,
    attachments: [attachment("log.csv", Buffer.from(`${who} ${number}`))],
  });
}

/** One mail of `who` without attachment, after which the module has nothing to be tidied. */
function plainOf(who: string, number: number): Transaction {
  return transaction({
    id: `${who}-${number}`,
    to: [`${who}-${number}@example.com`],
    subject: `${who} ${number}`,
  });
}

/** Command lines that each of these mails takes, one after the other. */
async function linesOf(mails: readonly (readonly [MemoryMailer, Transaction])[]): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const [rig, mail] of mails) {
    const from = rig.lines().length;
    assert.equal((await rig.send(mail)).recipients[0]?.state, "accepted");
    counts.push(rig.lines(from).length);
  }
  return counts;
}

/** The mail is accepted, and the server has it once. */
async function sendOn(rig: MemoryMailer, who: string, number: number, make = mailOf): Promise<void> {
  const { received } = rig.server;
  const before = received.length;
  const outcome = await rig.send(make(who, number));
  assert.deepEqual([outcome.recipients[0]?.state, outcome.error?.code], ["accepted", undefined]);
  assert.equal(received.length, before + 1);
}

/** The second mail of the pump, `begun` while another port took the results, is not sent, but then is; so is the boiler's first. */
async function goesOutWithNextTry(
  begun: ReturnType<MemoryMailer["mailer"]["prepare"]> | undefined,
  pump: MemoryMailer,
  boiler: MemoryMailer,
): Promise<void> {
  assert.ok(begun !== undefined);
  const prepared = await pump.clock.until(begun);
  const { error } = prepared.kind === "prepared" ? await pump.commit(prepared) : prepared;
  assert.deepEqual([error?.code, pump.server.received.length], ["MODEM_RESET", 1]);
  await sendOn(pump, "pump7", 1);
  await sendOn(boiler, "boiler", 0);
}

/** All mails of one side, one after the other, each until it is accepted. */
async function sendAll(rig: MemoryMailer, who: string): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const signal = new AbortController().signal;
  for (let number = 0; number < MAILS; number++) {
    const one = mailOf(who, number);
    const prepared = await rig.mailer.prepare(one, { signal, ageMs: 0, possibleDuplicate: false });
    outcomes.push(prepared.kind === "prepared" ? await prepared.commit(signal) : prepared);
  }
  return outcomes;
}

describe("Two users of one module on two of its ports", () => {
  it("never get in each other's way", async () => {
    const pump = await memoryMailer(usbat);
    const boiler = await memoryMailer(usbmodem, pump);
    const both = Promise.all([sendAll(pump, "pump7"), sendAll(boiler, "boiler")]);
    const [ofPump, ofBoiler] = await pump.clock.until(both, 24 * 3600_000);
    for (const outcome of [...ofPump, ...ofBoiler]) {
      assert.equal(outcome.recipients[0]?.state, "accepted", outcome.error?.message);
    }
    const { received } = pump.server;
    assert.equal(received.length, 2 * MAILS);
    for (const { recipients, sender, user, text } of received) {
      const [recipient = ""] = recipients;
      const who = recipient.slice(0, recipient.indexOf("-"));
      assert.equal(recipients.length, 1);
      assert.equal(sender, `${who}@example.com`);
      assert.equal(user, `${who}@example.com`);
      const [, number] = /-(\d+)@/.exec(recipient) ?? [];
      assert.ok(text.includes(Buffer.from(`${who} ${number}`).toString("base64")), "its own attachment");
    }
    await boiler.close();
    await pump.close();
  });

  it("leave the mail of the other alone from its first command to its result", async () => {
    const pump = await memoryMailer({ ...usbat, module: { timing: { airMs: 60_000 } } });
    const boiler = await memoryMailer(usbmodem, pump);
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const from = pump.lines().length;
    const signal = new AbortController().signal;
    const other = boiler.mailer.prepare(mailOf("boiler", 0), { signal, ageMs: 0, possibleDuplicate: false });
    void boiler.pdp.reset().catch(() => undefined);
    await pump.clock.advance(30_000);
    const meanwhile = pump.lines(from).filter((line) => /QSMTP|QFUPL|QIDEACT|CFUN/.test(line));
    assert.deepEqual(meanwhile, []);
    const outcome = await pump.commit(one);
    assert.equal(outcome.recipients[0]?.state, "accepted");
    const next = await pump.clock.until(other);
    assert.ok(next.kind === "prepared");
    await pump.commit(next);
    await boiler.close();
    await pump.close();
  });

  it("are one only where the module is: two modules work side by side", async () => {
    const pump = await memoryMailer(usbat);
    const other = await memoryMailer();
    assert.notEqual(pump.modem.identity?.imei, other.modem.identity?.imei);
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    assert.equal((await other.send()).recipients[0]?.state, "accepted");
    await pump.clock.until(one.abandon());
    await other.close();
    await pump.close();
  });

  it("keep each other out although the line has spoilt a digit of the module's number on one port", async () => {
    const pump = await memoryMailer(usbat);
    const spoil: FaultRule = {
      at: { direction: "modem", port: "usbmodem", byte: 10 },
      fault: { kind: "corrupt", count: 1, mask: 1 },
    };
    pump.module.faults.set([
      { at: { command: "+CGSN" }, fault: { kind: "run", run: ({ faults }) => faults.set([spoil]) } },
    ]);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.ok(pump.module.log.entries.some((entry) => entry.kind === "event" && /corrupt/.test(entry.text)));
    assert.equal(boiler.modem.identity?.imei, pump.modem.identity?.imei);
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const signal = new AbortController().signal;
    const other = boiler.mailer.prepare(mailOf("boiler", 0), { signal, ageMs: 0, possibleDuplicate: false });
    assert.equal((await pump.commit(one)).recipients[0]?.state, "accepted");
    const next = await pump.clock.until(other);
    assert.ok(next.kind === "prepared");
    await pump.commit(next);
    assert.deepEqual(
      pump.server.received.map(({ sender, recipients }) => [sender, ...recipients]),
      [
        ["pump7@example.com", "pump7-0@example.com"],
        ["boiler@example.com", "boiler-0@example.com"],
      ],
    );
    await boiler.close();
    await pump.close();
  });

  it("have one lock each where the module tells no IMEI", async () => {
    const silent = { module: { imei: "" } } as const;
    const pump = await memoryMailer(silent);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.equal(pump.modem.identity?.imei, undefined);
    const lease = await pump.modem.lock.acquire();
    const other = await boiler.clock.until(boiler.modem.lock.acquire());
    other.release();
    lease.release();
    await boiler.close();
    await pump.close();
  });
});

describe("A module that starts while another one has a mail in flight", () => {
  it("has its results sent to its own port all the same", async () => {
    const busy = await memoryMailer({ ...usbat, module: { timing: { airMs: 60_000 } } });
    const one = await busy.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const other = await memoryMailer(usbmodem);
    assert.ok(other.lines().includes('AT+QURCCFG="urcport","usbmodem"'));
    assert.equal((await other.send()).recipients[0]?.state, "accepted");
    await busy.clock.until(one.abandon());
    await other.close();
    await busy.close();
  });

  it("leaves the results of the same module to the port that waits for one", async () => {
    const pump = await memoryMailer({ ...usbat, module: { timing: { airMs: 60_000 } } });
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const signal = new AbortController().signal;
    const committed = one.commit(signal);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.ok(!pump.lines().includes('AT+QURCCFG="urcport","usbmodem"'));
    const outcome = await pump.clock.until(committed);
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.equal((await boiler.send(mailOf("boiler", 0))).recipients[0]?.state, "accepted");
    await boiler.close();
    await pump.close();
  });
});

/** The module does not tell its IMEI when a modem first asks, nor when it asks again. */
const NO_IMEI_AT_FIRST: readonly FaultRule[] = [1, 2].map((nth) => ({
  at: { command: "+CGSN", nth },
  fault: { kind: "result", result: ERROR },
}));

describe("A module of which one port learns late that it is that of another port, too", () => {
  /** A modem on the second port, which does not know yet whose it is, and what it is told at the first look at the context. */
  async function lateRig(pump: MemoryMailer) {
    const { clock, module } = pump;
    clock.turns = () => 3;
    const server = new MemorySmtp();
    module.faults.set(NO_IMEI_AT_FIRST);
    const host = socketHost({
      former: { module, store: memoryStore() },
      module: { clock },
      portName: "usbmodem",
      serve: (peer) => server.serve(peer),
    });
    await clock.until(host.ready);
    assert.deepEqual([typeof host.modem.identity, host.modem.identity?.imei], ["object", undefined]);
    return { host, server, told: () => void (host.modem.identity = pump.modem.identity) };
  }

  it("opens no connection beside a mail of the other port, and sends after it", async () => {
    const pump = await memoryMailer({ ...usbat, module: { timing: { airMs: 60_000 } } });
    const { host, server, told } = await lateRig(pump);
    const { clock } = pump;
    const rig = host.mailer({ smtp: { host: "mail.example.com" } });
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const committed = one.commit(new AbortController().signal);
    const from = pump.lines().length;
    pump.module.faults.set([{ at: { command: "+QIACT" }, fault: { kind: "run", run: told } }]);
    const first = await clock.until(rig.send(mailOf("boiler", 0)));
    assert.deepEqual([first.kind, first.error?.code], ["ended", "MODEM_RESET"]);
    const second = rig.send(mailOf("boiler", 0));
    assert.equal((await clock.until(committed)).recipients[0]?.state, "accepted");
    const meanwhile = pump.lines(from).filter((line) => /QIOPEN|QIDEACT|CFUN/.test(line));
    assert.deepEqual([meanwhile, server.sessions], [[], 0]);
    assert.equal((await clock.until(second)).recipients[0]?.state, "accepted");
    assert.deepEqual([server.sessions, pump.server.received.length], [1, 1]);
    rig.mailer.close();
    await clock.until(host.close());
    await pump.close();
  });

  it("puts no mail that another port may have replaced meanwhile, and sends it by the next try", async () => {
    const pump = await memoryMailer(usbat);
    const { clock } = pump;
    pump.module.faults.set(NO_IMEI_AT_FIRST);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.deepEqual([typeof boiler.modem.identity, boiler.modem.identity?.imei], ["object", undefined]);
    const mail = mailOf("boiler", 0);
    const standing = await boiler.prepare(mail);
    assert.ok(standing.kind === "prepared");
    boiler.modem.identity = pump.modem.identity;
    const others = await pump.prepare(mailOf("pump7", 0));
    assert.ok(others.kind === "prepared");
    const from = pump.lines().length;
    const { kind, error, open, recipients } = await boiler.commit(standing);
    assert.deepEqual(
      [kind, error?.code, error?.class, open, recipients[0]?.state],
      ["ended", "MODEM_RESET", "transient", false, "deferred"],
    );
    assert.deepEqual(
      pump.lines(from).filter((line) => line.startsWith("AT+QSMTPPUT")),
      [],
    );
    await clock.until(others.abandon());
    assert.equal((await boiler.send(mail)).recipients[0]?.state, "accepted");
    assert.deepEqual(
      pump.server.received.map(({ sender, recipients: [to] }) => [sender, to]),
      [["boiler@example.com", "boiler-0@example.com"]],
    );
    await boiler.close();
    await pump.close();
  });

  it("neither restarts the module nor gives its context up under the lock of its port alone", async () => {
    const pump = await memoryMailer(usbat);
    const { host, told } = await lateRig(pump);
    const { modem, pdp, store } = host;
    const { clock } = pump;
    const recovery = new ModuleRecovery({ modem, pdp, store, host: "mail.example.com", settings: "some" });
    const { signal } = new AbortController();
    const lease = await clock.until(modem.lock.acquire());
    told();
    const from = pump.lines().length;
    for (const step of [recovery.restart(signal), recovery.renewContext(lease, signal)])
      await assert.rejects(clock.until(step), { code: "MODEM_RESET" });
    assert.deepEqual(
      pump.lines(from).filter((line) => /QIDEACT|CFUN/.test(line)),
      [],
    );
    lease.release();
    await clock.until(host.close());
    await pump.close();
  });
});

describe("Two ports of one module, one of which does not learn which module it is", () => {
  /** No port of the module is told its IMEI any more. */
  const hideImei = ({ module }: MemoryMailer): void =>
    void module.define((context, next) => (context.name === "+CGSN" ? ERROR : next()));

  it("both hear of each of their mails that it was accepted", async () => {
    const pump = await memoryMailer(usbat);
    await sendOn(pump, "pump7", 0);
    hideImei(pump);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.equal(boiler.modem.identity?.imei, undefined);
    for (const number of [1, 2]) {
      await sendOn(pump, "pump7", number);
      await sendOn(boiler, "boiler", number);
    }
    await boiler.close();
    await pump.close();
  });

  it("both hear of their mails where neither learns it", async () => {
    const pump = await memoryMailer({ ...usbat, module: { imei: "" } });
    const boiler = await memoryMailer(usbmodem, pump);
    for (const number of [1, 2]) {
      await sendOn(pump, "pump7", number);
      await sendOn(boiler, "boiler", number);
    }
    await boiler.close();
    await pump.close();
  });

  it("both hear of their mails where one that does not know starts while the other has a mail in flight", async () => {
    const pump = await memoryMailer({ ...usbat, module: { timing: { airMs: 60_000 } } });
    const one = await pump.prepare(mailOf("pump7", 0));
    assert.ok(one.kind === "prepared");
    const committed = one.commit(new AbortController().signal);
    hideImei(pump);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.equal(boiler.modem.identity?.imei, undefined);
    assert.equal((await pump.clock.until(committed)).recipients[0]?.state, "accepted");
    // Meanwhile the first port deletes what it had uploaded.
    const plain = transaction({ id: "boiler-0", to: ["boiler-0@example.com"] });
    assert.equal((await boiler.send(plain)).recipients[0]?.state, "accepted");
    await sendOn(pump, "pump7", 1);
    await boiler.close();
    await pump.close();
  });

  it("send in their own names while a port of another module that is not known either has a mail in flight", async () => {
    const third = await memoryMailer({ module: { imei: "" } });
    const lease = await third.modem.lock.acquire();
    const pump = await memoryMailer(usbat);
    const boiler = await memoryMailer(usbmodem, pump);
    for (const number of [1, 2]) {
      await sendOn(pump, "pump7", number);
      await sendOn(boiler, "boiler", number);
    }
    assert.deepEqual(
      pump.server.received.map(({ sender }) => sender),
      ["pump7@example.com", "boiler@example.com", "pump7@example.com", "boiler@example.com"],
    );
    lease.release();
    await boiler.close();
    await pump.close();
    await third.close();
  });

  it("leave the mails of another module as they were: nothing of it is set anew", async () => {
    const other = await memoryMailer();
    await other.send();
    const plain = other.lines().length;
    await other.send();
    const lines = other.lines().length - plain;
    const pump = await memoryMailer(usbat);
    const from = other.lines().length;
    await other.send();
    assert.equal(other.lines().length - from, lines);
    await other.close();
    await pump.close();
  });
});

describe("Two ports of one module, one of which starts while the other one works", () => {
  it("both hear of their mails where a mail begins before the new port knows which module it is", async () => {
    const pump = await memoryMailer(usbat);
    const { clock, module } = pump;
    const { signal } = new AbortController();
    const mail = mailOf("pump7", 1);
    await pump.send(mailOf("pump7", 0));
    let begun: ReturnType<typeof pump.mailer.prepare> | undefined;
    const run = (): void => {
      begun = pump.mailer.prepare(mail, { signal, ageMs: 0, possibleDuplicate: false });
    };
    module.faults.set([{ at: { command: "+CGSN" }, fault: { kind: "run", run } }]);
    const boiler = await memoryMailer(usbmodem, pump);
    assert.ok(begun !== undefined);
    const prepared = await clock.until(begun);
    assert.ok(prepared.kind === "prepared");
    assert.equal((await pump.commit(prepared)).recipients[0]?.state, "accepted");
    assert.equal((await boiler.send(mailOf("boiler", 0))).recipients[0]?.state, "accepted");
    await boiler.close();
    await pump.close();
  });

  it("both hear of their mails where the new port has to repeat a setting that was refused", async () => {
    const pump = await memoryMailer(usbat);
    // At its start, when it is ready, and at the look after that; each time in two forms.
    const MOST_REFUSALS = 6;
    let refusals = 0;
    pump.module.define((context, next) => {
      if (context.name !== "+CMEE" || context.form !== "write" || refusals === MOST_REFUSALS) return next();
      refusals++;
      return ERROR;
    });
    const boiler = await memoryMailer(usbmodem, pump);
    assert.ok(refusals < MOST_REFUSALS, `${refusals}`);
    assert.equal((await pump.send(mailOf("pump7", 0))).recipients[0]?.state, "accepted");
    await pump.clock.advance(100_000);
    assert.equal(refusals, MOST_REFUSALS);
    assert.equal((await boiler.send(mailOf("boiler", 0))).recipients[0]?.state, "accepted");
    assert.equal((await pump.send(mailOf("pump7", 1))).recipients[0]?.state, "accepted");
    await boiler.close();
    await pump.close();
  });
});

describe("Two ports of one module, of which one cannot claim the results at once", () => {
  /** The module refuses so many commands that send its results to a port. */
  function refuseClaims({ module }: MemoryMailer, most: number): void {
    let count = 0;
    module.define((context, next) =>
      context.name === "+QURCCFG" && context.form === "write" && count++ < most ? ERROR : next(),
    );
  }

  /** After one mail of each. All are plain: files that are deleted later would claim the results again beside them. */
  async function bothAfterAMail() {
    const pump = await memoryMailer(usbat);
    const boiler = await memoryMailer(usbmodem, pump);
    await sendOn(pump, "pump7", 0, plainOf);
    await sendOn(boiler, "boiler", 0, plainOf);
    return { pump, boiler };
  }

  it("repeats no mail because one claim was refused", async () => {
    const { pump, boiler } = await bothAfterAMail();
    refuseClaims(pump, 1);
    for (const number of [1, 2]) await sendOn(pump, "pump7", number, plainOf);
    await boiler.close();
    await pump.close();
  });

  it("hears of the next mail after the module has refused the claim for one", async () => {
    const { pump, boiler } = await bothAfterAMail();
    refuseClaims(pump, 2);
    assert.equal((await pump.send(plainOf("pump7", 1))).error?.code, "MODEM_RESULT_UNKNOWN");
    for (const number of [2, 3]) await sendOn(pump, "pump7", number, plainOf);
    await boiler.close();
    await pump.close();
  });

  it("does not set everything anew for every mail where the module refuses the claim for good", async () => {
    const variants = { "put-urc-port": "issuing" } as const;
    const pump = await memoryMailer({ ...usbat, module: { variants } });
    const boiler = await memoryMailer(usbmodem, pump);
    // Each port gets its own results, and there is no setting for them.
    pump.module.define((context, next) => (context.name === "+QURCCFG" ? ERROR : next()));
    await boiler.send(plainOf("boiler", 0));
    const counts = await linesOf([1, 2, 3, 4, 5].map((number) => [pump, plainOf("pump7", number)]));
    assert.deepEqual(counts.slice(3), [5, 5]);
    // Which may be of this module for all that is known.
    const third = await memoryMailer({ module: { imei: "" } });
    assert.deepEqual(await linesOf([[pump, plainOf("pump7", 6)]]), [5]);
    await third.close();
    await boiler.close();
    await pump.close();
  });

  it("repeats no mail whose turn came while the line was out of step", async () => {
    const pump = await memoryMailer(usbat);
    const { clock, modem, module } = pump;
    const boiler = await memoryMailer(usbmodem, pump);
    await sendOn(pump, "pump7", 0);
    await clock.advance(20_000);
    const { signal } = new AbortController();
    const others = await boiler.prepare(mailOf("boiler", 0));
    assert.ok(others.kind === "prepared");
    const waiting = pump.mailer.prepare(mailOf("pump7", 1), { signal, ageMs: 0, possibleDuplicate: false });
    const committed = others.commit(signal);
    let isLate = true;
    module.define(async (context, next) => {
      if (context.name === "+QIGETERROR" && isLate) {
        isLate = false;
        await delay(clock, 3_000);
      }
      return next();
    });
    await clock.advance(2_000);
    const command = { line: "AT+QIGETERROR", headers: [], timeoutMs: 500, parse: () => undefined };
    const unanswered = assert.rejects(modem.execute(command));
    const first = await clock.until(waiting);
    assert.deepEqual([first.kind, first.kind === "ended" && first.error?.class], ["ended", "transient"]);
    await unanswered;
    assert.equal((await clock.until(committed)).recipients[0]?.state, "accepted");
    await clock.run(() => modem.state.name === "ready");
    for (const number of [1, 2]) await sendOn(pump, "pump7", number);
    await boiler.close();
    await pump.close();
  });

  it("does not send while another port that has just started takes the results, but with the next try", async () => {
    const pump = await memoryMailer(usbat);
    const { module } = pump;
    const { signal } = new AbortController();
    const mail = mailOf("pump7", 1);
    await sendOn(pump, "pump7", 0);
    let begun: ReturnType<typeof pump.mailer.prepare> | undefined;
    const run = (): void => {
      begun = pump.mailer.prepare(mail, { signal, ageMs: 0, possibleDuplicate: false });
    };
    module.faults.set([{ at: { command: "+QURCCFG" }, fault: { kind: "run", run } }]);
    const boiler = await memoryMailer(usbmodem, pump);
    await goesOutWithNextTry(begun, pump, boiler);
    await boiler.close();
    await pump.close();
  });

  it("does not send while another port repeats its claim, but with the next try", async () => {
    const pump = await memoryMailer(usbat);
    const { clock, module } = pump;
    const { signal } = new AbortController();
    await sendOn(pump, "pump7", 0);
    let claims = 0;
    let begun: ReturnType<typeof pump.mailer.prepare> | undefined;
    module.define((context, next) => {
      if (context.name !== "+QURCCFG") return next();
      claims++;
      // The claim at the start is refused; the mail begins between the question and the command of the next one.
      if (claims === 2) return ERROR;
      if (claims === 3)
        begun = pump.mailer.prepare(mailOf("pump7", 1), { signal, ageMs: 0, possibleDuplicate: false });
      return next();
    });
    const boiler = await memoryMailer(usbmodem, pump);
    await clock.run(() => begun !== undefined);
    await goesOutWithNextTry(begun, pump, boiler);
    await boiler.close();
    await pump.close();
  });
});

describe("A module that does not tell its IMEI, beside another module", () => {
  const silent: MemoryRigOptions = { modem: { urcPort: async () => "usbat" }, module: { imei: "" } };
  const turns = (one: MemoryMailer, other: MemoryMailer) =>
    [1, 2, 3].flatMap((number) => [
      [one, plainOf("one", number)] as const,
      [other, plainOf("other", number)] as const,
    ]);

  it("takes five command lines for a plain mail after the first, and so does the other one", async () => {
    const one = await memoryMailer(usbat);
    const other = await memoryMailer(silent);
    const counts = await linesOf(turns(one, other));
    assert.deepEqual(counts.slice(2), [5, 5, 5, 5]);
    await other.close();
    await one.close();
  });

  it("takes one more to ask for the port of its results where the other one does not tell its own either", async () => {
    const one = await memoryMailer(silent);
    const other = await memoryMailer(silent);
    const counts = await linesOf(turns(one, other));
    assert.deepEqual(counts.slice(2), [6, 6, 6, 6]);
    await other.close();
    await one.close();
  });

  it("leaves what was uploaded to the other one before its mail", async () => {
    const one = await memoryMailer(usbat);
    const other = await memoryMailer(silent);
    await sendOn(one, "one", 0);
    await sendOn(other, "other", 0);
    const photo = attachment("cam.jpg", Buffer.alloc(5_000, 1));
    await one.clock.until(one.mailer.preload({ ...photo, name: photo.filename }));
    await sendOn(other, "other", 1);
    const from = one.lines().length;
    const { mail, envelope } = plainOf("one", 1);
    const sent = await one.send({ mail: { ...mail, attachments: [photo] }, envelope });
    assert.equal(sent.recipients[0]?.state, "accepted");
    assert.deepEqual(
      one.lines(from).filter((line) => line.startsWith("AT+QFUPL")),
      [],
    );
    await other.close();
    await one.close();
  });
});

describe("Two ports of one module, neither of which learns which module it is", () => {
  it("send in their own names, one after the other", async () => {
    const pump = await memoryMailer({ ...usbat, module: { imei: "" } });
    const boiler = await memoryMailer(usbmodem, pump);
    for (const number of [1, 2]) {
      await sendOn(pump, "pump7", number);
      await sendOn(boiler, "boiler", number);
    }
    assert.deepEqual(
      pump.server.received.map(({ sender }) => sender),
      ["pump7@example.com", "boiler@example.com", "pump7@example.com", "boiler@example.com"],
    );
    await boiler.close();
    await pump.close();
  });
});
