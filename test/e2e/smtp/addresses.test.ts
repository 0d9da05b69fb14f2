/** Addresses with letters beyond ASCII before the @ (RFC 6531), to servers that take them and to others. */
import assert from "node:assert/strict";
import type { Ended, Outcome, OutgoingMail } from "../../../lib/mailer/mailer";
import { MailServer } from "../../support/mail-server";
import { transaction } from "../../support/memory-mailer";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";

const JUERGEN = "jürgen@example.com";
const ZHANG = "张伟@xn--bcher-kva.example";
const PLAIN = "duty@example.com";

describe("Addresses with letters beyond ASCII", function () {
  this.timeout(60_000);
  let host: SocketHost;
  let server: MailServer | undefined;
  let rig: SocketMailer | undefined;

  before(async () => {
    host = socketHost();
    await host.ready;
  });
  after(() => host.close());
  afterEach(async () => {
    rig?.mailer.close();
    await server?.stop();
  });

  async function open(
    utf8: boolean,
    senderAddress = "pump7@example.com",
  ): Promise<Required<{ rig: SocketMailer; server: MailServer }>> {
    server = await MailServer.start({ utf8 });
    rig = host.mailer({ smtp: { port: server.port, senderAddress } });
    return { rig, server };
  }
  /** All transactions of a mail, in their order. */
  async function sent(parts: Partial<OutgoingMail>): Promise<readonly Outcome[]> {
    assert.ok(rig);
    const { mail } = transaction(parts);
    const outcomes: Outcome[] = [];
    for (const envelope of rig.mailer.plan(mail)) outcomes.push(await rig.send({ mail, envelope }));
    return outcomes;
  }
  const states = (outcomes: readonly Outcome[]): readonly string[] =>
    outcomes.flatMap(({ recipients }) => recipients.map(({ address, state }) => `${address} ${state}`));
  const onlyError = (outcome: Outcome | undefined): Ended["error"] => {
    assert.ok(outcome?.kind === "ended");
    return outcome.error;
  };
  /** A field of the head, without folding. */
  const field = (raw: Buffer, name: string): string =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, "im").exec(raw.toString())?.[1]?.replace(/\r\n\s+/g, " ") ??
    "";

  it("get the mail where the server takes them, in a transaction of their own", async () => {
    const { server } = await open(true);
    const outcomes = await sent({ to: [JUERGEN, PLAIN], cc: [ZHANG], bcc: ["müller@example.com"] });
    assert.deepEqual(states(outcomes), [
      `${PLAIN} accepted`,
      `${JUERGEN} accepted`,
      `${ZHANG} accepted`,
      "müller@example.com accepted",
    ]);
    const [ascii, letters] = server.received;
    assert.deepEqual([ascii?.to, ascii?.utf8], [[PLAIN], false]);
    assert.deepEqual(
      [letters?.to, letters?.utf8],
      [[JUERGEN, "张伟@bücher.example", "müller@example.com"], true],
    );
    assert.ok(ascii && letters);
    // A server that knows no such letters is given none, and its reader sees all the same who has the mail.
    assert.doesNotMatch(ascii.raw.toString("latin1"), /[^\t\r\n\x20-\x7e]/);
    assert.deepEqual(
      [ascii.parsed.to, ascii.parsed.cc]
        .flat()
        .flatMap((list) => list?.value ?? [])
        .map(({ name, address, group }) => address || `${name} ${group?.length}`),
      [`${JUERGEN} 0`, PLAIN, `${ZHANG} 0`],
    );
    assert.match(field(letters.raw, "To"), /jürgen@example\.com/);
    assert.match(field(letters.raw, "Cc"), /张伟@bücher\.example/);
    for (const { raw } of [ascii, letters]) assert.doesNotMatch(raw.toString(), /müller/);
    assert.equal(ascii.parsed.messageId, letters.parsed.messageId);
  });

  it("are refused alone where the server does not take them, and the others have the mail", async () => {
    const { server } = await open(false);
    const outcomes = await sent({ to: [JUERGEN, PLAIN], bcc: ["boss@example.com"] });
    assert.deepEqual(states(outcomes).slice(0, 2), [`${PLAIN} accepted`, "boss@example.com accepted"]);
    const error = onlyError(outcomes[1]);
    assert.deepEqual([error?.code, error?.class], ["SMTP_UTF8_UNSUPPORTED", "message"]);
    assert.match(error?.hint ?? "", /without such letters, or a mail server that supports SMTPUTF8/);
    assert.equal(server.received.length, 1);
    assert.doesNotMatch(server.received[0]?.raw.toString("latin1") ?? "", /[^\t\r\n\x20-\x7e]/);
  });

  it("are refused without another connection in a session that was kept", async () => {
    const { server, rig } = await open(false);
    const { mail } = transaction({ to: [PLAIN, JUERGEN] });
    const [ascii, letters] = rig.mailer.plan(mail);
    assert.ok(ascii && letters);
    await rig.send({ mail, envelope: ascii }, { isNextDue: () => true });
    const outcome = await rig.send({ mail, envelope: letters });
    assert.equal(onlyError(outcome)?.code, "SMTP_UTF8_UNSUPPORTED");
    assert.equal(server.connections, 1);
  });

  it("may be that of the sender, where the server takes it", async () => {
    const { server } = await open(true, "pumpe-süd@example.com");
    assert.deepEqual(states(await sent({ to: [PLAIN] })), [`${PLAIN} accepted`]);
    assert.deepEqual([server.received[0]?.from, server.received[0]?.utf8], ["pumpe-süd@example.com", true]);
    assert.match(field(server.received[0]?.raw ?? Buffer.of(), "From"), /pumpe-süd@example\.com/);
  });

  it("of a sender that the message has named gives way to the modem's own where the server does not take it", async () => {
    const { server } = await open(false);
    const from = { name: "Pumpe Süd", address: "pumpe-süd@example.com" };
    const [outcome] = await sent({ from, to: [PLAIN] });
    assert.deepEqual(outcome?.recipients, [{ address: PLAIN, state: "accepted" }]);
    assert.match(outcome?.warnings.join() ?? "", /sent from the modem's own address/);
    const [mail] = server.received;
    assert.equal(mail?.from, "pump7@example.com");
    assert.deepEqual(mail?.parsed.from?.value[0], { name: "Pumpe Süd", address: "pump7@example.com" });
    assert.doesNotMatch(mail?.raw.toString("latin1") ?? "", /[^\t\r\n\x20-\x7e]/);
  });

  it("of the modem's sender hold all mails where the server does not take them, until the setting is another", async () => {
    const { server } = await open(false, "pumpe-süd@example.com");
    const [outcome] = await sent({ to: [PLAIN] });
    const error = onlyError(outcome);
    assert.deepEqual([error?.code, error?.class], ["SMTP_UTF8_UNSUPPORTED", "setup"]);
    assert.equal(outcome?.open, false);
    assert.equal(server.received.length, 0);
  });

  it("are not given to the module's client, whichever way the mail was to take", async () => {
    const {
      server: { port },
    } = await open(true);
    const auto = host.autoMailer({ smtp: { host: "127.0.0.1", port } });
    try {
      const outcome = await auto.send(transaction({ id: "auto", to: [JUERGEN] }));
      assert.deepEqual(states([outcome]), [`${JUERGEN} accepted`]);
      assert.equal(outcome.kind === "ended" && outcome.passage?.via, "socket");
      assert.deepEqual(auto.mailer.plan(transaction({ to: [PLAIN, JUERGEN] }).mail), [
        { to: [PLAIN], cc: [], bcc: [] },
        { to: [JUERGEN], cc: [], bcc: [] },
      ]);
      const { module } = auto.ways;
      for (const [parts, code] of [
        [{ id: "queued-1", to: [JUERGEN] }, "INVALID_RECIPIENT"],
        [{ id: "queued-2", from: { name: "", address: ZHANG } }, "INVALID_SENDER"],
      ] as const) {
        const refused = await module.prepare(transaction(parts), {
          signal: new AbortController().signal,
          ageMs: 0,
          possibleDuplicate: false,
        });
        assert.ok(refused.kind === "ended");
        assert.deepEqual([refused.error?.code, refused.error?.class], [code, "message"]);
        assert.match(refused.error?.message ?? "", /takes no letters beyond ASCII before the @/);
      }
    } finally {
      auto.mailer.close();
    }
  });
});
