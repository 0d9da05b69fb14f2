/** What a caller is told of a mail over a socket: how far it has come, what became of the last one, and what is asked of whom. */
import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { ModemError } from "../../../lib/errors";
import { MOST_ATTACHMENTS } from "../../../lib/mail/message/attachments";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import { ServerCheck } from "../../../lib/mailer/smtp/server-check";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { certificate } from "../../support/certificates";
import { transaction } from "../../support/memory-mailer";
import { CLOSE, MemorySmtp, SILENCE, type MemorySmtpOptions } from "../../support/memory-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";

const HOUR = 3_600_000;
const LOGIN = { user: "pump7@example.com", password: "a-password" };
const AUTH = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString("base64");
const forever = (): AbortSignal => new AbortController().signal;

describe("What is told of a mail over a socket", () => {
  let clock: VirtualClock;
  let host: SocketHost;
  let server: MemorySmtp;
  let serve: (peer: Duplex) => void;
  let rig: SocketMailer;

  /** A host whose module is found, and one of its mailers. */
  function begin(options: MemorySmtpOptions = {}, smtp: Partial<SmtpSettings> = {}): void {
    clock = new VirtualClock(Date.UTC(2026, 5, 1));
    server = new MemorySmtp(options);
    serve = server.serve;
    host = socketHost({ module: { clock, busy: (work) => clock.busy(work) }, serve: (peer) => serve(peer) });
    const root = { from: "pem", pem: certificate("ca").cert } as const;
    rig = host.mailer({
      smtp: { host: "mail.example.com", tls: { verify: true, root, contextId: 1 }, ...smtp },
    });
  }
  async function open(...how: Parameters<typeof begin>): Promise<void> {
    begin(...how);
    await clock.until(host.ready);
  }
  afterEach(async () => {
    rig.mailer.close();
    await clock.run(() => !host.modem.lock.held, HOUR);
    await clock.until(host.close());
  });
  const ended = async (...how: Parameters<SocketMailer["send"]>) => {
    const outcome = await clock.until(rig.send(...how), HOUR);
    assert.ok(outcome.kind === "ended", JSON.stringify(outcome));
    return outcome;
  };
  const isVerb = (line: string | undefined, verb: string): boolean => line?.startsWith(verb) === true;

  for (const [security, kind] of [
    ["tls", "implicit"],
    ["starttls", "starttls"],
    ["none", "none"],
  ] as const) {
    it(`is each of its steps, once and in order, with ${kind} encryption`, async () => {
      await open({ tls: kind, auth: AUTH }, { security, ...LOGIN });
      const told: MailerProgress[] = [];
      const { passage, bytes } = await ended(transaction({ text: "Level.\r\n".repeat(2_000) }), {
        onProgress: (one) => told.push(one),
      });
      const steps = told.filter(({ stage }, at) => stage !== "data" || told[at - 1]?.stage !== "data");
      const before = security === "none" ? [] : ["tls"];
      assert.deepEqual(
        steps.map(({ stage }) => stage),
        ["connect", ...before, "login", "envelope", "data", "commit"],
      );
      assert.ok(steps.every(({ stage, total }) => total > 0 === (stage === "data")));
      const data = told.filter(({ stage }) => stage === "data");
      assert.ok(data.length > 1);
      // What went before it is none of the message.
      assert.ok(data.every(({ done, total }) => done <= total && total >= (bytes ?? 0)));
      assert.equal(passage?.tls?.version, security === "none" ? undefined : "TLSv1.3");
      assert.match(passage?.response ?? "", /^250 /);
    });
  }

  it("is what it can carry, and what became of its last mail", async () => {
    await open();
    const { mailer } = rig;
    assert.deepEqual(
      [mailer.via, mailer.limits.attachments, mailer.limits.subjectBytes, mailer.limits.textBytes],
      ["socket", MOST_ATTACHMENTS, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    );
    assert.equal(mailer.lastMail, undefined);
    await ended();
    assert.deepEqual(mailer.lastMail, { kind: "sent", at: clock.now() });
    for (const [verb, reply, code] of [
      ["MAIL", "451 4.3.0 later", "SMTP_LOCAL_ERROR"],
      [".", CLOSE, "SMTP_CLOSED_BY_SERVER"],
    ] as const) {
      server.options = { answer: (line) => (isVerb(line, verb) ? reply : undefined) };
      await clock.until(rig.send(transaction({ id: code })), HOUR);
      const { lastMail } = mailer;
      assert.ok(lastMail?.kind === "failed", code);
      assert.deepEqual([lastMail.error.code, lastMail.at], [code, clock.now()]);
    }
  });

  it("is a mark that names its Message-ID, how long the server took, and after a restart only the way", async () => {
    await open();
    await clock.advance(HOUR);
    const one = await clock.until(rig.prepare(transaction()));
    assert.ok(one.kind === "prepared");
    const { unique } = transaction().mail;
    assert.deepEqual(one.mark, { via: "socket", data: { messageId: unique } });
    let peer: Duplex | undefined;
    await one.abandon();
    await clock.run(() => !host.modem.lock.held, HOUR);
    serve = (given) => {
      peer = given;
      server.serve(given);
    };
    server.options = {
      answer: (line) => {
        if (line !== ".") return undefined;
        clock.after(40_000, () => peer?.write("250 2.0.0 at last\r\n"));
        return SILENCE;
      },
    };
    const { sendMs = 0, passage } = await ended();
    assert.ok(sendMs >= 40_000 && sendMs < 50_000, String(sendMs));
    assert.equal(passage?.messageId, `<${unique}@example.com>`);
    const later = await rig.mailer.recover(transaction(), one.mark);
    assert.deepEqual(later.passage, { via: "socket" });
    assert.deepEqual([later.error?.code, later.error?.stage], ["MODEM_RESULT_UNKNOWN", "commit"]);
  });

  it("is which limit was exceeded, and that a server may take long over each of many recipients", async () => {
    await open();
    let peer: Duplex | undefined;
    serve = (given) => {
      peer = given;
      server.serve(given);
    };
    // Thirty recipients of 20 s each.
    server.options = {
      extensions: [],
      answer: (line) => {
        if (isVerb(line, "DATA")) return "354 go on";
        if (!isVerb(line, "RCPT")) return undefined;
        clock.after(20_000, () => peer?.write("250 ok\r\n"));
        return SILENCE;
      },
    };
    const to = Array.from({ length: 30 }, (_, index) => `person-${index}@example.com`);
    const slow = await ended(transaction({ to }));
    assert.ok(slow.recipients.length === 30 && slow.recipients.every(({ state }) => state === "accepted"));
    server.options = { answer: (line) => (isVerb(line, "MAIL") ? SILENCE : undefined) };
    const { error } = await ended(transaction({ id: "mail-2" }));
    assert.deepEqual([error?.code, error?.stage], ["SMTP_TIMEOUT", "envelope"]);
    assert.match(error?.message ?? "", /: 330 s/);
  });

  it("is the server's refusal and not that of an unchecked certificate, when it closes the connection later", async () => {
    const tls = { verify: false, root: { from: "auto" }, contextId: 1 } as const;
    await open({ tls: "implicit" }, { security: "tls", tls });
    server.options = { tls: "implicit", answer: (line) => (isVerb(line, "MAIL") ? CLOSE : undefined) };
    const { error } = await ended();
    assert.equal(error?.code, "SMTP_CLOSED_BY_SERVER");
    server.options = { tls: "implicit" };
    assert.equal((await ended()).recipients[0]?.state, "accepted");
  });

  it("is a refused parameter at once, unless reports were asked for that it can do without", async () => {
    const dsn = { notify: ["failure"], isWhole: false } as const;
    const extensions = ["PIPELINING", "DSN"];
    for (const [verb, fields, sessions] of [
      ["MAIL", undefined, 1],
      ["AUTH", { dsn }, 1],
      ["MAIL", { dsn }, 2],
    ] as const) {
      await open(
        { auth: AUTH, extensions, answer: (line) => (isVerb(line, verb) ? "501 5.5.4 no" : undefined) },
        LOGIN,
      );
      const { error } = await ended(transaction(fields === undefined ? {} : { fields }));
      assert.equal(error?.smtpCode, 501);
      assert.equal(server.sessions, sessions, verb);
      assert.equal(server.received.length, 0);
      if (sessions === 2) break;
      rig.mailer.close();
      await clock.run(() => !host.modem.lock.held, HOUR);
      await clock.until(host.close());
    }
  });

  it("is no warning of reports where the server sends them, and none where none were asked for", async () => {
    await open({ extensions: ["DSN"] });
    const fields = { dsn: { notify: ["failure"], isWhole: false } } as const;
    assert.deepEqual((await ended(transaction({ fields }))).warnings, []);
    assert.ok(server.lines.some((line) => /^RCPT .*NOTIFY=FAILURE/.test(line)));
    server.options = {};
    assert.deepEqual((await ended(transaction({ id: "mail-2" }))).warnings, []);
    assert.equal((await ended(transaction({ id: "mail-3", fields }))).warnings.length, 1);
  });

  it("is that a user without a password cannot log in, and nothing is sent without the login", async () => {
    for (const smtp of [{ user: LOGIN.user }, { user: "", password: LOGIN.password }]) {
      await open({ auth: AUTH }, smtp);
      const { error } = await ended();
      assert.equal(error?.stage, "login", JSON.stringify(error));
      assert.ok(!server.lines.some((line) => isVerb(line, "MAIL")));
      if (smtp.user === "") break;
      rig.mailer.close();
      await clock.run(() => !host.modem.lock.held, HOUR);
      await clock.until(host.close());
    }
  });

  it("is certain when its caller had left before its end was sent", async () => {
    await open();
    const one = await clock.until(rig.prepare(transaction()));
    assert.ok(one.kind === "prepared");
    const outcome = await clock.until(one.commit(AbortSignal.abort()), HOUR);
    assert.equal(outcome.kind, "ended");
    assert.equal(outcome.error?.code, "MODEM_ABORTED");
    await clock.run(() => !host.modem.lock.held, HOUR);
    assert.equal(server.received.length, 0);
    assert.equal((await ended()).recipients[0]?.state, "accepted");
  });

  it("waits for a module that is just being connected to, and does not take it for the one it may have been", async () => {
    begin();
    assert.equal(host.modem.state.name, "connecting");
    const { error, open: isOpen } = await ended();
    assert.deepEqual([error?.code, isOpen, host.modem.state.name], ["MODEM_RESET", false, "ready"]);
    assert.equal(server.sessions, 0);
    assert.equal((await ended()).recipients[0]?.state, "accepted");
  });

  it("is why the connection of the module ended, at whatever step that was", async () => {
    for (const verb of ["EHLO", "MAIL", "DATA", "."]) {
      await open();
      server.options = {
        answer: (line) => {
          if (isVerb(line, verb)) host.module.unplug();
          return isVerb(line, verb) ? SILENCE : undefined;
        },
      };
      const outcome = await clock.until(rig.send(), HOUR);
      const error = verb === "." ? outcome.error?.cause : outcome.error;
      assert.ok(error instanceof ModemError, verb);
      assert.equal(error.code, "PORT_UNPLUGGED", verb);
      assert.equal(outcome.kind, verb === "." ? "unknown" : "ended");
      assert.equal(server.received.length, 0);
      if (verb === ".") break;
      rig.mailer.close();
      await clock.until(host.close());
    }
  });

  it("is that all but the last kilobyte is with the module, and nothing of that, before it is committed", async () => {
    await open();
    const lines = Array.from(
      { length: 3_000 },
      (_, index) => `line ${String(index).padStart(5, "0")} of a long text`,
    );
    const text = lines.join("\r\n");
    const one = await clock.until(rig.prepare(transaction({ text })), HOUR);
    assert.ok(one.kind === "prepared");
    const taken = (): string => host.module.log.bytes("received", "usbat").toString("latin1");
    const withheld = Math.ceil(1_024 / "line 00000 of a long text\r\n".length);
    assert.ok(taken().includes(lines.at(-withheld - 2) ?? "-"));
    assert.ok(!taken().includes(lines.at(-withheld + 2) ?? ""));
    const outcome = await clock.until(one.commit(forever()), HOUR);
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.ok(server.received[0]?.text.includes(lines.at(-1) ?? "-"));
  });

  it("ends with the mail: who leaves later does not take the connection of the next one along", async () => {
    await open();
    const stop = new AbortController();
    const one = await clock.until(rig.prepare(transaction(), { isNextDue: () => true, signal: stop.signal }));
    assert.ok(one.kind === "prepared");
    await clock.until(one.commit(stop.signal), HOUR);
    stop.abort();
    assert.equal((await ended(transaction({ id: "mail-2" }))).recipients[0]?.state, "accepted");
    assert.equal(server.sessions, 1);
  });

  it("keeps no connection for the next mail after a failure", async () => {
    await open({ answer: (line) => (line === "." ? "554 5.6.0 no" : undefined) });
    await ended(transaction(), { isNextDue: () => true });
    const since = clock.now();
    await clock.run(() => !host.modem.lock.held, HOUR);
    assert.ok(clock.now() - since < 1_000, `${clock.now() - since} ms`);
    assert.equal(server.lines.at(-1), "QUIT");
  });

  it("hands the module over at once when others wait for it, though another mail is due", async () => {
    await open();
    const one = await clock.until(rig.prepare(transaction(), { isNextDue: () => true }));
    assert.ok(one.kind === "prepared");
    const other = host.modem.lock.acquire();
    await clock.until(one.commit(forever()), HOUR);
    const since = clock.now();
    const lease = await clock.until(other);
    assert.ok(clock.now() - since < 1_000, `${clock.now() - since} ms`);
    lease.release();
  });

  it("is in a diagnosis whether the certificate was checked, and that it was stopped", async () => {
    const tls = { verify: false, root: { from: "auto" }, contextId: 1 } as const;
    await open({ tls: "implicit" }, { security: "tls", tls });
    const { modem, pdp, sockets } = host;
    await clock.until(pdp.ensure(forever()));
    const settings = { ...rig.settings, security: "tls", tls } as const;
    const check = new ServerCheck({ modem, sockets, settings, moduleClock: new ModuleClock(modem, 1) });
    assert.match(await clock.until(check.encrypt(forever())), /TLSv1\.3.*not (?:checked|verified)/);
    await clock.until(check.end());
    serve = (peer) => void peer.on("error", () => undefined);
    const reason = new Error("stopped");
    for (const wait of [0, 10_000]) {
      const stop = new AbortController();
      const running = check.encrypt(stop.signal);
      const since = clock.now();
      if (wait > 0) clock.after(wait, () => stop.abort(reason));
      else void Promise.resolve().then(() => stop.abort(reason));
      await assert.rejects(clock.until(running, HOUR), (error) => error === reason);
      assert.ok(clock.now() - since < wait + 5_000);
      await clock.until(check.end(), HOUR);
    }
  });
});
