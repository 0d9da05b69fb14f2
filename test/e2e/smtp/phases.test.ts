/** Mails over a socket of the module to a real server: what is out after which phase, and what an outcome says. */
import assert from "node:assert/strict";
import { recipientsOf } from "../../../lib/mailer/outgoing";
import type { Prepared, Transaction } from "../../../lib/mailer/mailer";
import { MailServer, type MailServerOptions, type Stage } from "../../support/mail-server";
import { outgoing, transaction } from "../../support/memory-mailer";
import {
  socketHost,
  type SocketHost,
  type SocketMailer,
  type SocketMailerOptions,
} from "../../support/socket-mailer";
import { waitFor } from "../../support/wait-for";

const forever = (): AbortSignal => new AbortController().signal;

describe("A mail in two phases over a socket", function () {
  this.timeout(30_000);
  let server: MailServer;
  let host: SocketHost;
  let rig: SocketMailer;

  async function open(how: MailServerOptions = {}, options: SocketMailerOptions = {}): Promise<void> {
    server = await MailServer.start(how);
    rig = host.mailer({ ...options, smtp: { port: server.port, ...options.smtp } });
  }
  async function prepared(...how: Parameters<SocketMailer["prepare"]>): Promise<Prepared> {
    const one = await rig.prepare(...how);
    assert.ok(one.kind === "prepared", JSON.stringify(one));
    return one;
  }

  before(async () => {
    host = socketHost();
    await host.ready;
  });
  after(() => host.close());
  afterEach(async () => {
    rig.mailer.close();
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    await server.stop();
  });

  it("is out after the second phase, not after the first", async () => {
    await open();
    const one = await prepared(transaction());
    assert.equal(host.modem.lock.held, true);
    assert.equal(server.received.length, 0);
    const outcome = await one.commit(forever());
    assert.ok(outcome.kind === "ended");
    assert.deepEqual(outcome.recipients, [{ address: "duty@example.com", state: "accepted" }]);
    assert.equal(outcome.error, undefined);
    assert.equal(outcome.open, false);
    assert.equal(outcome.bytes, 15);
    assert.ok((outcome.sendMs ?? -1) >= 0);
    assert.equal(server.received.length, 1);
    await waitFor("the end of the session", () => !host.modem.lock.held);
    assert.ok(host.module.log.lines().some((line) => line === "AT+QICLOSE=0,1"));
  });

  it("that is abandoned was not sent and leaves the module to the next one", async () => {
    await open();
    // Longer than what is withheld, so most of it has left.
    const one = await prepared(transaction({ text: "Level too high.\r\n".repeat(2_000) }));
    await one.abandon();
    await rig.send(transaction({ id: "mail-2", subject: "second" }));
    assert.deepEqual(
      server.received.map(({ parsed }) => parsed.subject),
      ["second"],
    );
  });

  it("waits for the one before it", async () => {
    await open();
    const first = await prepared(transaction());
    const second = rig.prepare(transaction({ id: "mail-2" }));
    let isThere = false;
    void second.then(() => (isThere = true));
    await first.commit(forever());
    assert.equal(isThere, false);
    const next = await second;
    assert.ok(next.kind === "prepared");
    await next.commit(forever());
    assert.equal(server.received.length, 2);
  });

  it("has a mark of less than a kilobyte that tells nothing of addresses or account", async () => {
    await open();
    const to = Array.from({ length: 20 }, (_, index) => `person-${index}@example.com`);
    const one = await prepared(transaction({ to }));
    const { mark } = one;
    const text = JSON.stringify(mark);
    assert.deepEqual(JSON.parse(text), mark);
    assert.ok(text.length < 1024 && !text.includes("example.com"));
    await one.abandon();
  });

  it("called off in the first phase was not sent, wherever it was", async () => {
    await open(
      { auth: { user: "pump7", password: "secret" } },
      { smtp: { user: "pump7", password: "secret" } },
    );
    for (const stage of ["connect", "auth", "mail", "rcpt"] as const satisfies readonly Stage[]) {
      const stop = new AbortController();
      const release = server.hold(stage);
      const reached = server.waitForStage(stage);
      const outcome = rig.prepare(transaction(), { signal: stop.signal });
      await reached;
      stop.abort();
      const ended = await outcome;
      release();
      assert.ok(ended.kind === "ended", stage);
      assert.equal(ended.error?.code, "MODEM_ABORTED", stage);
      assert.equal(ended.retry.kind, "whenAvailable");
      assert.equal(ended.open, false);
    }
    await rig.send();
    assert.equal(server.received.length, 1);
  });

  it("left alone by its caller in the second phase is of unknown outcome, and nobody can be asked", async () => {
    await open();
    const one = await prepared(transaction());
    const stop = new AbortController();
    const release = server.hold("data");
    const reached = server.waitForStage("data");
    const outcome = one.commit(stop.signal);
    await reached;
    stop.abort();
    const unknown = await outcome;
    release();
    assert.ok(unknown.kind === "unknown");
    assert.equal(unknown.recoverable, false);
    assert.deepEqual(unknown.recipients, [{ address: "duty@example.com", state: "unknown" }]);
    const later = await rig.mailer.recover(transaction(), one.mark);
    assert.deepEqual([later.kind, later.kind === "unknown" && later.recoverable], ["unknown", false]);
  });

  it("goes to those whom the server accepts, and names the others with its words", async () => {
    await open({ refuse: { rcpt: { "gone@example.com": 550, "slow@example.com": 450 } } });
    const to = ["duty@example.com", "gone@example.com", "slow@example.com"];
    const one = await prepared(transaction({ to }));
    assert.deepEqual(
      one.settled.map(({ address, state }) => [address, state]),
      [
        ["gone@example.com", "refused"],
        ["slow@example.com", "deferred"],
      ],
    );
    const outcome = await one.commit(forever());
    assert.ok(outcome.kind === "ended");
    assert.deepEqual(
      outcome.recipients.map(({ address, state, smtpCode }) => [address, state, smtpCode]),
      [
        ["duty@example.com", "accepted", undefined],
        ["gone@example.com", "refused", 550],
        ["slow@example.com", "deferred", 450],
      ],
    );
    assert.equal(outcome.error?.class, "transient");
    assert.equal(outcome.error?.modemCode, undefined);
    assert.match(outcome.recipients[1]?.response ?? "", /^550 /);
    assert.deepEqual(server.received[0]?.to, ["duty@example.com"]);
    // All whom the mail names are shown to everybody.
    assert.match(server.received[0]?.raw.toString() ?? "", /gone@example\.com/);
  });

  it("that nobody may have was not sent", async () => {
    await open({ refuse: { rcpt: 550 } });
    const outcome = await rig.send(transaction({ to: ["one@example.com", "two@example.com"] }));
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.code, "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(outcome.error?.class, "message");
    assert.deepEqual(
      outcome.recipients.map(({ state }) => state),
      ["refused", "refused"],
    );
    assert.equal(server.received.length, 0);
  });

  it("to more than the server takes at a time goes to the rest at once", async () => {
    await open();
    server.refuse = { rcpt: { "three@example.com": 452, "four@example.com": 452 } };
    const mail = outgoing({
      to: ["one@example.com"],
      cc: ["two@example.com", "three@example.com"],
      bcc: ["four@example.com"],
    });
    const first = await rig.send({ mail, envelope: { to: mail.to, cc: mail.cc, bcc: mail.bcc } });
    assert.ok(first.kind === "ended");
    assert.deepEqual(first.split, [{ to: [], cc: ["three@example.com"], bcc: ["four@example.com"] }]);
    server.refuse = {};
    const [rest] = first.split ?? [];
    assert.ok(rest !== undefined);
    await rig.send({ mail, envelope: rest });
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [
        ["one@example.com", "two@example.com"],
        ["three@example.com", "four@example.com"],
      ],
    );
    const [one, two] = server.received.map(({ parsed }) => parsed);
    assert.equal(one?.messageId, two?.messageId);
    assert.deepEqual(one?.cc, two?.cc);
  });

  it("shows a Bcc recipient to nobody, and is one transaction", async () => {
    await open();
    const mail = outgoing({ to: ["duty@example.com"], bcc: ["boss@example.com", "legal@example.com"] });
    const envelopes = rig.mailer.plan(mail);
    assert.equal(envelopes.length, 1);
    for (const envelope of envelopes) await rig.send({ mail, envelope });
    const [received] = server.received;
    assert.deepEqual(received?.to, recipientsOf(mail));
    assert.doesNotMatch(received?.raw.toString() ?? "", /boss|legal|bcc/i);
    const hidden = outgoing({ id: "mail-2", to: [], bcc: ["boss@example.com"] });
    await rig.send({ mail: hidden, envelope: { to: [], cc: [], bcc: hidden.bcc } } satisfies Transaction);
    assert.match(server.received[1]?.raw.toString() ?? "", /^To: "?undisclosed-recipients"?:;\r$/m);
  });

  it("that the server does not take in the end was not sent", async () => {
    await open();
    for (const [code, kind] of [
      [451, "transient"],
      [554, "message"],
    ] as const) {
      server.refuse = { data: code };
      const outcome = await rig.send();
      assert.ok(outcome.kind === "ended");
      assert.deepEqual([outcome.error?.smtpCode, outcome.error?.class], [code, kind]);
      assert.equal(outcome.recipients[0]?.state, kind === "message" ? "refused" : "deferred");
      assert.equal(outcome.open, false);
    }
    assert.equal(server.received.length, 0);
  });

  it("is repeated with the same Message-ID, and the second copy says what it is", async () => {
    await open();
    await rig.send();
    await rig.send(transaction(), { possibleDuplicate: true, ageMs: 900_000 });
    const [first, second] = server.received.map(({ parsed }) => parsed);
    assert.equal(first?.messageId, "<0123456789abcdef0123456789abcdef@example.com>");
    assert.equal(second?.messageId, first?.messageId);
    assert.match(second?.text ?? "", /^Possible duplicate, id mail-1\.\n\nLevel too high\./);
  });
});
