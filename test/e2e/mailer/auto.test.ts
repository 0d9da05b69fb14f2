/** Two ways out of one module: which mail takes which, when the other follows, and when it never does. */
import assert from "node:assert/strict";
import type { Ended, Outcome, OutgoingMail, Prepared, Transaction } from "../../../lib/mailer/mailer";
import { ReadableCodings } from "../../../lib/mailer/qsmtp/readable-codings";
import { internet, storageSizes } from "../../../lib/simulator";
import { wrongParameter } from "../../../lib/simulator/commands/smtp-guard";
import { integerIn } from "../../../lib/simulator/device/parameters";
import type { DeliveryResult } from "../../../lib/simulator/delivery/smtp-codes";
import type { FaultRule } from "../../../lib/simulator/faults/faults";
import { AutoMailer } from "../../../lib/mailer/auto/auto-mailer";
import type { Modem } from "../../../lib/quectel/connection/modem";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { delay } from "../../../lib/clock";
import { ModemError } from "../../../lib/errors";
import { certificate } from "../../support/certificates";
import { attachment, transaction } from "../../support/memory-mailer";
import { CLOSE, MemorySmtp, type MemorySmtpOptions, SILENCE } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailerOptions } from "../../support/socket-mailer";
import { FakeMailer, type Fate } from "../../support/fake-mailer";
import { FastClock } from "../../support/fast-clock";
import { ACCOUNT } from "../../support/memory-rig";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";

const HOUR_MS = 3_600_000;
const OK: DeliveryResult = { err: 0, protocolError: 0 };
const REFUSED = { kind: "result", result: { kind: "error" } } as const;
const forever = (): AbortSignal => new AbortController().signal;

/** A mail that only a socket carries whole. */
const foreign = (id: string): Transaction => transaction({ id, text: "Füllstand 过高" });
const plain = (id: string): Transaction => transaction({ id });

describe("A mail that takes the way that fits it", function () {
  this.timeout(30_000);
  let clock: VirtualClock;
  let host: SocketHost;
  let server: MemorySmtp;
  let rig: ReturnType<SocketHost["autoMailer"]>;
  /** Mails that the module's own client has delivered, and what becomes of the next. */
  let delivered: number;
  let result: DeliveryResult;

  async function open(
    smtp: SocketMailerOptions["smtp"] = {},
    how: {
      readonly variants?: Readonly<Record<string, string>>;
      readonly server?: MemorySmtpOptions;
      readonly text?: SocketMailerOptions["text"];
    } = {},
  ): Promise<void> {
    clock = new VirtualClock(Date.UTC(2026, 5, 1));
    server = new MemorySmtp(how.server);
    host = socketHost({
      module: {
        clock,
        busy: (work) => clock.busy(work),
        ...(how.variants !== undefined && { variants: how.variants }),
      },
      serve: server.serve,
    });
    delivered = 0;
    result = OK;
    host.module.state(internet).mailServer = async () => {
      if (result === OK) delivered++;
      return result;
    };
    rig = host.autoMailer({ smtp, ...(how.text !== undefined && { text: how.text }) });
    await clock.until(host.ready);
  }
  const faults = (...rules: readonly FaultRule[]): void => host.module.faults.set(rules);
  const send = (one: Transaction, ...how: [Parameters<typeof rig.send>[1]?]): Promise<Outcome> =>
    clock.until(rig.send(one, ...how), 10 * HOUR_MS);
  const failed = async (one: Transaction): Promise<Ended> => {
    const outcome = await send(one);
    assert.ok(outcome.kind === "ended" && outcome.error !== undefined, JSON.stringify(outcome));
    assert.equal(outcome.open, false);
    return outcome;
  };
  /** How many mails each way has delivered. */
  const ways = (): { module: number; socket: number } => ({
    module: delivered,
    socket: server.received.length,
  });
  async function prepared(one: Transaction): Promise<Prepared> {
    const ready = await clock.until(rig.prepare(one));
    assert.ok(ready.kind === "prepared", JSON.stringify(ready));
    return ready;
  }

  afterEach(async () => {
    rig.mailer.close();
    await clock.until(host.close());
  });

  describe("is chosen", () => {
    it("for the module's client where it carries the mail whole, else for a socket", async () => {
      await open();
      const cases: readonly [string, Parameters<typeof transaction>[0], "module" | "socket"][] = [
        ["plain ASCII", {}, "module"],
        ["a text of 3072 bytes", { text: "x".repeat(3072) }, "module"],
        ["a text of 3073 bytes", { text: "x".repeat(3073) }, "socket"],
        ["a text beyond ASCII", { text: "Füllstand" }, "socket"],
        ["a subject of 99 bytes", { subject: "x".repeat(99) }, "module"],
        ["a subject of 100 bytes", { subject: "x".repeat(100) }, "socket"],
        ["a subject beyond ASCII", { subject: "过高" }, "socket"],
        ["a subject with quotation marks", { subject: 'Pump "7"' }, "socket"],
        ["an attachment", { attachments: [attachment("a.csv", Buffer.from("1;2"))] }, "module"],
        [
          "an attachment whose name the module cannot be given",
          { attachments: [attachment("größe.csv", Buffer.from("1;2"))] },
          "socket",
        ],
        ["an empty attachment", { attachments: [attachment("a.csv", Buffer.alloc(0))] }, "socket"],
        ["a Reply-To", { replyTo: [{ name: "", address: "desk@example.com" }] }, "socket"],
        ["an address of 51 bytes", { to: [`${"x".repeat(39)}@example.com`] }, "socket"],
        ["a sender's name beyond ASCII", { from: { name: "泵站", address: "pump@example.com" } }, "socket"],
      ];
      for (const [what, parts, way] of cases) {
        const before = ways();
        const outcome = await send(transaction({ id: what.replaceAll(/\W/g, "-"), ...parts }));
        assert.equal(outcome.recipients[0]?.state, "accepted", what);
        assert.deepEqual(outcome.warnings, [], what);
        assert.equal(ways()[way], before[way] + 1, what);
      }
    });

    it("for a socket where a note makes the text too long", async () => {
      await open({}, { text: { lateNote: 10 } });
      const one = transaction({ text: "x".repeat(3060) });
      await send(one, { ageMs: 11 * 60_000 });
      assert.deepEqual(ways(), { module: 0, socket: 1 });
    });

    it("for a socket where the settings are none of the module's client", async () => {
      const auth = (password: string): string => Buffer.from(`\0pump7\0${password}`).toString("base64");
      const cases = [
        [{ user: "pump7", password: "x".repeat(50) }, "module"],
        [{ user: "pump7", password: "x".repeat(51) }, "socket"],
        [{ user: "pump7", password: 'quo"te' }, "socket"],
        [{ user: "pump7", password: "€" }, "socket"],
      ] as const;
      for (const [smtp, way] of cases) {
        await open(smtp, { server: { auth: auth(smtp.password) } });
        await send(plain("one"));
        assert.equal(ways()[way], 1, smtp.password);
        rig.mailer.close();
        await clock.until(host.close());
      }
      await open(
        {
          security: "starttls",
          tls: { verify: true, root: { from: "pem", pem: certificate("ca").cert }, contextId: 1 },
        },
        { server: { tls: "starttls" } },
      );
      await send(plain("one"));
      assert.deepEqual(ways(), { module: 0, socket: 1 });
      assert.equal(server.received[0]?.secure, true);
    });
  });

  describe("beyond ASCII goes by the module's client in the coding that a person has read", () => {
    /** What a person says of a mail that the module's client has written now. */
    async function judged(isReadable: boolean): Promise<void> {
      const { module } = rig.ways;
      const signal = forever();
      const how = { signal, ageMs: 0, possibleDuplicate: false };
      const test = foreign(`test-${delivered}`);
      const ready = await clock.until(module.prepare(test, how));
      assert.ok(ready.kind === "prepared");
      await clock.until(ready.commit(signal));
      const coding = await module.codingOf(test.mail);
      assert.ok(coding !== undefined);
      await new ReadableCodings(host.store).judge(coding, isReadable);
    }
    /** Another mailer on the same module and disk. */
    function restart(options: SocketMailerOptions = {}): void {
      rig.mailer.close();
      rig = host.autoMailer(options);
    }
    let count = 0;
    const wayOf = async (parts: Partial<OutgoingMail> = {}): Promise<string> => {
      const before = ways();
      const outcome = await send(transaction({ id: `one-${count++}`, text: "Füllstand 过高", ...parts }));
      assert.equal(outcome.recipients[0]?.state, "accepted", JSON.stringify(outcome));
      assert.deepEqual(outcome.warnings, []);
      return ways().module > before.module ? "module" : "socket";
    };

    it("as long as it fits, also after a restart, until the person says otherwise", async () => {
      await open();
      assert.equal(await wayOf(), "socket");
      await judged(true);
      assert.equal(await wayOf(), "module");
      assert.equal(await wayOf({ subject: "过高", text: "ä" }), "module");
      for (const parts of [
        { text: "过".repeat(1025) },
        { subject: "过".repeat(34) },
        { from: { name: "泵站", address: "pump@example.com" } },
        { attachments: [attachment("größe.csv", Buffer.from("1;2"))] },
      ]) {
        assert.equal(await wayOf(parts), "socket", JSON.stringify(parts));
      }
      restart();
      assert.equal(await wayOf(), "module");
      await judged(false);
      assert.equal(await wayOf(), "socket");
    });

    it("and not for another firmware, encoding or charset, nor where the module takes text in another way now", async () => {
      await open();
      await judged(true);
      const { modem, store } = host;
      for (const change of [{ text: { charset: "gb2312" } }, { smtp: { encoding: "hex" } }] as const) {
        restart(change);
        assert.equal(await wayOf(), "socket", JSON.stringify(change));
      }
      restart();
      assert.equal(await wayOf(), "module");
      const found = (await store.read("text-coding")) ?? "";
      await store.write("text-coding", found.replace('"subject":"hex"', '"subject":"raw"'));
      restart();
      assert.equal(await wayOf(), "socket", "as the module says now");
      await store.write("text-coding", found);
      const kept = (await store.read("readable-codings")) ?? "";
      const { firmware = "" } = modem.identity ?? {};
      for (const wrong of [
        kept.replace(firmware, `${firmware}_OTHER`),
        "{",
        '[{"charset":"utf-8"}]',
        "[null]",
      ]) {
        await store.write("readable-codings", wrong);
        assert.equal(await wayOf(), "socket", wrong);
      }
      await store.write("readable-codings", kept);
      restart();
      assert.equal(await wayOf(), "module");
    });
  });

  describe("goes by the other way", () => {
    it("when the module has no mail client, and is not held up by it for an hour", async () => {
      await open();
      faults({ at: { command: "+QSMTPCLR", nth: "every" }, fault: REFUSED });
      await send(plain("one"));
      assert.deepEqual(ways(), { module: 0, socket: 1 });
      host.module.log.clear();
      await send(plain("two"));
      assert.deepEqual(ways(), { module: 0, socket: 2 });
      assert.doesNotMatch(host.module.log.lines().join(), /QSMTP/);
    });

    it("when the module has no place for its attachment", async () => {
      await open();
      faults({
        at: { command: "+QFUPL", nth: "every" },
        fault: { kind: "result", result: { kind: "cme", code: 403 } },
      });
      const one = transaction({ attachments: [attachment("a.csv", Buffer.alloc(2_000, "1;2\n"))] });
      await send(one);
      assert.deepEqual(ways(), { module: 0, socket: 1 });
    });

    it("when it is beyond a limit of the module, which takes the next mail again", async () => {
      await open();
      Object.assign(host.module.state(storageSizes), { RAM: 1_000, UFS: 1_000 });
      const large = [attachment("a.csv", Buffer.alloc(2_000, "1;2\n"))];
      await send(transaction({ id: "one", attachments: large }));
      assert.deepEqual(ways(), { module: 0, socket: 1 });
      await send(plain("two"));
      assert.deepEqual(ways(), { module: 1, socket: 1 });
      server.options = { answer: (line) => (line === undefined ? "421 later" : undefined) };
      const { error } = await failed(transaction({ id: "three", attachments: large }));
      assert.equal(error?.smtpCode, 421);
    });

    it("with all its attachments when the module takes one only", async () => {
      await open();
      host.module.define((context, next) =>
        context.name === "+QSMTPATT" && integerIn(context.parameters[1], 1, 9) === 2
          ? wrongParameter
          : next(),
      );
      const attachments = ["a.csv", "b.csv"].map((name) => attachment(name, Buffer.from("1;2\n")));
      await send(transaction({ id: "one", attachments }));
      assert.deepEqual(ways(), { module: 0, socket: 1 });
      assert.equal(server.received.at(-1)?.text.match(/filename=/g)?.length, 2);
    });

    it("and back with fewer attachments when the module takes one only and has no sockets", async () => {
      await open({}, { variants: { "socket-commands": "absent", "attachment-limit": "1" } });
      const attachments = ["a.csv", "b.csv"].map((name) => attachment(name, Buffer.from("1;2\n")));
      const mail = transaction({ id: "one", attachments });
      let outcome = await send(mail);
      if (outcome.kind === "ended" && outcome.retry.kind === "atOnce") outcome = await send(mail);
      assert.equal(outcome.recipients[0]?.state, "accepted");
      assert.deepEqual(ways(), { module: 1, socket: 0 });
      assert.match(outcome.warnings.join(), /"b\.csv" was left out/);
    });

    it("when the module's client knows no login of the server", async () => {
      await open();
      result = { err: 655, protocolError: 0 };
      const first = await failed(plain("one"));
      assert.equal(first.error?.code, "SMTP_AUTH_UNSUPPORTED");
      assert.equal(first.error?.class, "transient");
      assert.deepEqual(first.retry, { kind: "atOnce" });
      await send(plain("one"));
      assert.deepEqual(ways(), { module: 0, socket: 1 });
    });

    it("when the module has no sockets, as far as there is no encryption", async () => {
      for (const error of [undefined, 552, 554, 555, 572] as const) {
        await open({}, error === undefined ? { variants: { "socket-commands": "absent" } } : {});
        if (error !== undefined)
          faults({ at: { socket: "open", nth: "every" }, fault: { kind: "openError", error } });
        let outcome = await send(foreign("one"));
        // A line may have damaged a byte, so the same way has a second chance.
        if (outcome.kind === "ended" && outcome.retry.kind === "atOnce") outcome = await send(foreign("one"));
        assert.equal(outcome.recipients[0]?.state, "accepted", String(error));
        assert.deepEqual(ways(), { module: 1, socket: 0 }, String(error));
        rig.mailer.close();
        await clock.until(host.close());
      }
    });
  });

  describe("stays with its way", () => {
    it("when both would fail alike: name, connection, silence, context", async () => {
      for (const error of [565, 566, 569, 561] as const) {
        await open();
        faults({ at: { socket: "open", nth: "every" }, fault: { kind: "openError", error } });
        for (let tries = 0; tries < 4; tries++) await failed(foreign("one"));
        assert.deepEqual(ways(), { module: 0, socket: 0 }, String(error));
        rig.mailer.close();
        await clock.until(host.close());
      }
      await open();
      for (const err of [653, 654, 658]) {
        result = { err, protocolError: 0 };
        const outcome = await send(plain(`mail-${err}`));
        assert.notEqual(outcome.recipients[0]?.state, "accepted");
      }
      assert.deepEqual(ways(), { module: 0, socket: 0 });
    });

    it("when the login was refused, by either way", async () => {
      await open({ user: "pump7", password: "wrong" }, { server: { auth: "other" } });
      result = { err: 677, protocolError: 535 };
      for (const one of [plain("one"), foreign("two")]) {
        const outcome = await failed(one);
        assert.equal(outcome.error?.code, "SMTP_AUTH_FAILED");
      }
      assert.deepEqual(ways(), { module: 0, socket: 0 });
      assert.equal(server.sessions, 1);
    });

    it("when a certificate or the clock is wrong, by either way", async () => {
      const pem = certificate("ca").cert;
      const trust = { verify: true, root: { from: "pem", pem }, contextId: 1 } as const;
      for (const name of ["other-name", "expired"] as const) {
        await open(
          { security: "tls", port: 465, tls: trust },
          { server: { tls: "implicit", certificate: certificate(name) } },
        );
        result = { err: 665, protocolError: 0 };
        const bySocket = await failed(foreign("one"));
        assert.match(
          bySocket.error?.code ?? "",
          name === "expired" ? /^SMTP_TLS_CLOCK$/ : /^SMTP_TLS_FAILED$/,
        );
        const { sessions } = server;
        const byModule = await failed(plain("two"));
        assert.match(byModule.error?.code ?? "", /TLS|INVALID_CONFIG/);
        assert.equal(server.sessions, sessions);
        assert.deepEqual(ways(), { module: 0, socket: 0 });
        rig.mailer.close();
        await clock.until(host.close());
      }
    });

    it("and waits when a module without sockets would have to encrypt with its own client", async () => {
      for (const security of ["tls", "starttls"] as const) {
        await open({ security, port: 465 }, { variants: { "socket-commands": "absent" } });
        for (let tries = 0; tries < 4; tries++) await failed(foreign("one"));
        assert.deepEqual(ways(), { module: 0, socket: 0 });
        assert.doesNotMatch(host.module.log.lines().join(), /QSMTPPUT/);
        rig.mailer.close();
        await clock.until(host.close());
      }
    });

    it("and does not hold the mails that the module's client carries", async () => {
      for (const [security, kind] of [
        ["tls", "transient"],
        ["starttls", "setup"],
      ] as const) {
        await open({ security, port: 465 });
        faults({ at: { socket: "open", nth: "every" }, fault: { kind: "openError", error: 555 } });
        let outcome = await failed(foreign("one"));
        while (outcome.retry.kind === "atOnce") outcome = await failed(foreign("one"));
        assert.equal(outcome.error?.code, "SOCKET_UNSUPPORTED");
        assert.equal(outcome.error.class, kind, security);
        rig.mailer.close();
        await clock.until(host.close());
      }
    });

    it("when the server takes no STARTTLS: never in clear text, never by the module", async () => {
      await open({ security: "starttls", port: 587 });
      for (let tries = 0; tries < 3; tries++) {
        const outcome = await failed(plain("one"));
        assert.equal(outcome.error?.code, "SMTP_TLS_FAILED");
      }
      assert.deepEqual(ways(), { module: 0, socket: 0 });
      assert.doesNotMatch(server.lines.join(), /MAIL/);
      assert.doesNotMatch(host.module.log.lines().join(), /QSMTPPUT/);
    });

    it("behind the mark, whatever becomes of it", async () => {
      await open();
      for (const reply of [SILENCE, CLOSE]) {
        server.options = { answer: (line) => (line === "." ? reply : undefined) };
        const outcome = await send(foreign(`socket-${reply}`));
        assert.equal(outcome.kind, "unknown");
        assert.equal(delivered, 0);
      }
      server.options = {};
      const { sessions } = server;
      const one = await prepared(plain("lost"));
      host.module.state(internet).mailServer = async () => {
        host.module.restart("powerLoss");
        return OK;
      };
      const outcome = await clock.until(one.commit(forever()), 10 * HOUR_MS);
      assert.equal(outcome.open, true);
      assert.equal(server.sessions, sessions);
    });
  });

  it("is left to the way that was chosen first with what it says, when neither works", async () => {
    await open({}, { variants: { "socket-commands": "absent" } });
    faults({ at: { command: "+QSMTPCLR", nth: "every" }, fault: REFUSED });
    const outcome = await failed(plain("one"));
    assert.equal(outcome.error?.code, "MODEM_ERROR");
    assert.match(outcome.error?.command ?? "", /QSMTPCLR/);
    assert.equal(outcome.error?.class, "transient");
  });

  it("is due when the module is back, where that went away during the second way", async () => {
    await open({}, { server: { answer: (line) => (line === undefined ? SILENCE : undefined) } });
    faults({ at: { command: "+QSMTPCLR", nth: "every" }, fault: REFUSED });
    const trying = rig.prepare(plain("one"));
    await clock.run(() => server.sessions === 1, HOUR_MS);
    host.module.restart("powerLoss");
    const outcome = await clock.until(trying, HOUR_MS);
    assert.ok(outcome.kind === "ended");
    assert.deepEqual(outcome.retry, { kind: "whenAvailable" });
  });

  it("is called off during the second way as during the first", async () => {
    await open({}, { server: { answer: (line) => (line === undefined ? SILENCE : undefined) } });
    faults({ at: { command: "+QSMTPCLR", nth: "every" }, fault: REFUSED });
    const stop = new AbortController();
    const trying = rig.prepare(plain("one"), { signal: stop.signal });
    await clock.run(() => server.sessions === 1, HOUR_MS);
    stop.abort();
    const outcome = await clock.until(trying, HOUR_MS);
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.code, "MODEM_ABORTED");
    assert.deepEqual(outcome.retry, { kind: "whenAvailable" });
  });

  it("is looked for by the way that has sent it", async () => {
    await open();
    const asked = async (one: Transaction): Promise<string> => {
      const ready = await prepared(one);
      const { mark } = ready;
      await ready.abandon();
      host.module.log.clear();
      const outcome = await clock.until(
        rig.mailer.recover(one, mark, { signal: forever(), limitMs: 60_000 }),
        HOUR_MS,
      );
      assert.equal(outcome.kind, "unknown");
      return `${mark.via} ${host.module.log.lines().some((line) => line.includes("QSMTP"))}`;
    };
    assert.equal(await asked(plain("one")), "module true");
    assert.equal(await asked(foreign("two")), "socket false");
  });
});

describe("A way out that failed", () => {
  it("is left out for an hour, then two, up to a day, until it works or another firmware came", async () => {
    const clock = new FastClock();
    const ways = { module: new FakeMailer(), socket: new FakeMailer() };
    const modem = { clock, log: new KeptLog(), identity: { firmware: "A1" } as Modem["identity"] };
    const mailer = new AutoMailer({
      modem,
      ways,
      settings: ACCOUNT,
      text: { ...ACCOUNT, charset: "auto", lateNote: 0 },
      store: memoryStore(),
      readableCoding: async () => undefined,
    });
    const works: Fate = { kind: "sent" };
    const missing: Fate = {
      kind: "failed",
      error: new ModemError("MODEM_ERROR", { command: "AT+QSMTPCLR" }),
      beforePut: true,
    };
    ways.module.fate = () => missing;
    const asksModule = async (): Promise<boolean> => {
      const { length } = ways.module.tried;
      const one = await mailer.prepare(plain("one"), {
        signal: forever(),
        ageMs: 0,
        possibleDuplicate: false,
      });
      assert.ok(one.kind === "prepared");
      const outcome = await one.commit(forever());
      assert.equal(outcome.recipients[0]?.state, "accepted");
      return ways.module.tried.length > length;
    };
    const pass = (ms: number): Promise<void> => clock.until(delay(clock, ms), 2 * ms);
    assert.equal(await asksModule(), true);
    for (const hours of [1, 2, 4, 8, 16, 24, 24]) {
      await pass(hours * HOUR_MS - 1);
      assert.equal(await asksModule(), false, `${hours} h`);
      await pass(1);
      assert.equal(await asksModule(), true, `${hours} h`);
    }
    modem.identity = { firmware: "A2" } as Modem["identity"];
    ways.module.fate = () => works;
    assert.equal(await asksModule(), true);
    ways.module.fate = () => missing;
    assert.equal(await asksModule(), true);
    await pass(HOUR_MS);
    assert.equal(await asksModule(), true);
    mailer.close();
  });
});
