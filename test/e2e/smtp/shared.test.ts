/** Mails over a socket that are due together share a connection, and encryption is resumed: what that saves, and what it never does. */
import assert from "node:assert/strict";
import tls from "node:tls";
import type { Outcome } from "../../../lib/mailer/mailer";
import { certificate } from "../../support/certificates";
import { transaction } from "../../support/memory-mailer";
import { CLOSE, MemorySmtp, type MemorySmtpOptions } from "../../support/memory-smtp";
import { MailServer } from "../../support/mail-server";
import {
  socketHost,
  type SocketHost,
  type SocketMailer,
  type SocketMailerOptions,
} from "../../support/socket-mailer";
import { VirtualClock } from "../../support/virtual-clock";
import { waitFor } from "../../support/wait-for";

const USER = "pump7@example.com";
const PASSWORD = "a-password";
const AUTH = Buffer.from(`\0${USER}\0${PASSWORD}`).toString("base64");

describe("Mails over a socket that are due together", function () {
  this.timeout(30_000);
  let clock: VirtualClock;
  let server: MemorySmtp;
  let host: SocketHost;
  let rig: SocketMailer;

  async function open(options: MemorySmtpOptions = {}): Promise<void> {
    clock = new VirtualClock(Date.UTC(2026, 5, 1));
    server = new MemorySmtp({ auth: AUTH, ...options });
    host = socketHost({
      module: { clock, busy: (work) => clock.busy(work) },
      serve: (peer) => server.serve(peer),
    });
    const root = { from: "pem", pem: certificate("ca").cert } as const;
    rig = host.mailer({
      smtp: {
        host: "mail.example.com",
        security: options.tls === "implicit" ? "tls" : "none",
        user: USER,
        password: PASSWORD,
        tls: { verify: true, root, contextId: 1 },
      },
    });
    await clock.until(host.ready);
  }
  const send = (id: string, isNextDue: boolean, to = ["duty@example.com"]): Promise<Outcome> =>
    clock.until(
      rig.send(transaction({ id, unique: id.padEnd(32, "0"), subject: id, to }), {
        isNextDue: () => isNextDue,
      }),
      600_000,
    );
  const accepted = async (id: string, isNextDue: boolean): Promise<void> => {
    const { recipients } = await send(id, isNextDue);
    assert.deepEqual(recipients, [{ address: "duty@example.com", state: "accepted" }]);
  };
  const subjects = (): readonly (string | undefined)[] =>
    server.received.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]?.trim());

  afterEach(async () => {
    rig.mailer.close();
    await clock.run(() => !host.modem.lock.held, 600_000);
    await clock.until(host.close());
    await clock.advance(60_000);
    assert.equal(clock.timers, 0, "timers are left");
  });

  it("make the authorities be read once, which takes long, however often a connection is opened", async () => {
    const { createSecureContext } = tls;
    let read = 0;
    Object.assign(tls, {
      createSecureContext: (options: tls.SecureContextOptions) => {
        if (Array.isArray(options.ca) && options.ca.length > 20) read++;
        return createSecureContext(options);
      },
    });
    try {
      await open({ tls: "implicit" });
      for (const id of ["one", "two", "three"]) {
        await accepted(id, false);
        await clock.run(() => !host.modem.lock.held, 10_000);
      }
      assert.equal(server.sessions, 3);
      // Another mailer of this process may have read them before.
      assert.ok(read <= 1, `read ${read} times`);
    } finally {
      Object.assign(tls, { createSecureContext });
    }
  });

  it("go over one connection with one login, which ends with the last of them", async () => {
    await open({ tls: "implicit" });
    await accepted("one", true);
    assert.equal(host.modem.lock.held, true);
    await accepted("two", true);
    await accepted("three", false);
    assert.deepEqual(subjects(), ["one", "two", "three"]);
    assert.equal(server.sessions, 1);
    assert.ok(server.received.every(({ secure }) => secure));
    await clock.run(() => !host.modem.lock.held, 10_000);
    const verbs = server.lines.map((line) => line.split(/[ :]/, 1)[0]);
    const mail = ["MAIL", "RCPT", "DATA"];
    assert.deepEqual(verbs, ["EHLO", "AUTH", ...mail, ...mail, ...mail, "QUIT"]);
    const ids = server.received.map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]);
    assert.equal(new Set(ids).size, 3);
  });

  it("keep the module for each other no longer than two seconds", async () => {
    await open();
    await accepted("one", true);
    const since = clock.now();
    await clock.run(() => !host.modem.lock.held, 10_000);
    assert.ok(clock.now() - since <= 2_000, String(clock.now() - since));
    assert.equal(server.lines.at(-1), "QUIT");
    await accepted("two", false);
    assert.equal(server.sessions, 2);
  });

  it("let others have the module in between", async () => {
    await open();
    await accepted("one", true);
    const other = host.modem.lock.acquire();
    await accepted("two", true);
    const lease = await clock.until(other);
    assert.equal(server.lines.at(-1), "QUIT");
    lease.release();
    await accepted("three", false);
    assert.equal(server.sessions, 2);
  });

  for (const [what, reply] of [
    ["refuses another mail", "421 4.7.0 too many mails for one connection"],
    ["refuses another mail for good", "550 5.7.1 one mail for each connection"],
    ["closes the connection at another mail", CLOSE],
  ] as const) {
    it(`go over a connection of their own where the server ${what}`, async () => {
      let mails = 0;
      await open({
        answer: (line) => {
          if (line?.startsWith("EHLO")) mails = 0;
          return line?.startsWith("MAIL") && ++mails > 1 ? reply : undefined;
        },
      });
      await accepted("one", true);
      await accepted("two", true);
      await accepted("three", false);
      assert.deepEqual(subjects(), ["one", "two", "three"]);
      assert.equal(server.sessions, 3);
    });
  }

  it("go over a new connection where the server, the cable or the module ended the one that was kept", async () => {
    await open();
    await accepted("one", true);
    host.module.restart("powerLoss");
    await clock.run(() => host.modem.state.name !== "ready", 60_000);
    await clock.run(() => rig.mailer.available, 600_000);
    await accepted("two", false);
    assert.deepEqual(subjects(), ["one", "two"]);
    assert.equal(server.sessions, 2);
  });

  it("tell each of its own recipients", async () => {
    await open({ answer: (line) => (line?.includes("gone@") ? "550 5.1.1 no such user" : undefined) });
    await accepted("one", true);
    const none = await send("two", true, ["gone@example.com"]);
    assert.deepEqual(
      none.recipients.map(({ state, smtpCode }) => [state, smtpCode]),
      [["refused", 550]],
    );
    const some = await send("three", true, ["gone@example.com", "duty@example.com"]);
    assert.deepEqual(
      some.recipients.map(({ state }) => state),
      ["refused", "accepted"],
    );
    await accepted("four", false);
    assert.deepEqual(subjects(), ["one", "three", "four"]);
  });

  it("that are called off take the connection with them, and nothing of them is out", async () => {
    await open();
    await accepted("one", true);
    const stop = new AbortController();
    stop.abort();
    const outcome = await clock.until(rig.prepare(transaction({ id: "two" }), { signal: stop.signal }));
    assert.ok(outcome.kind === "ended" && outcome.error?.code === "MODEM_ABORTED");
    await clock.run(() => !host.modem.lock.held, 60_000);
    await accepted("three", false);
    assert.deepEqual(subjects(), ["one", "three"]);
  });

  it("leave the module alone when the mailer ends meanwhile", async () => {
    await open();
    await accepted("one", true);
    rig.mailer.close();
    await clock.run(() => !host.modem.lock.held, 60_000);
    assert.equal(server.received.length, 1);
  });
});

describe("The encryption with a server that is known", function () {
  this.timeout(30_000);
  // Resuming is between the two ends, so they are real ones.
  let host: SocketHost;
  let rig: SocketMailer | undefined;
  let server: MailServer | undefined;

  before(async () => {
    host = socketHost();
    await host.ready;
  });
  after(() => host.close());
  afterEach(async () => {
    rig?.mailer.close();
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    await server?.stop();
  });

  /** Bytes that came from the server for one mail. */
  async function costOf(id: string): Promise<number> {
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    host.module.log.clear();
    const outcome = await rig?.send(transaction({ id }));
    assert.equal(outcome?.recipients[0]?.state, "accepted", JSON.stringify(outcome));
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    return host.module.log.bytes("sent", "usbat").length;
  }
  const settings = (port: number, security: "tls" | "starttls"): SocketMailerOptions => ({
    smtp: {
      port,
      security,
      tls: { verify: true, root: { from: "pem", pem: certificate("ca").cert }, contextId: 1 },
    },
  });

  for (const [security, tls] of [
    ["tls", "implicit"],
    ["starttls", "starttls"],
  ] as const) {
    it(`by ${security} is resumed, which saves the server its certificates`, async () => {
      server = await MailServer.start({ tls });
      rig = host.mailer(settings(server.port, security));
      const first = await costOf("one");
      const second = await costOf("two");
      assert.ok(second < first - 500, `${second} after ${first}`);
      assert.equal(server.connections, 2);
    });
  }

  it("is none with another server in its place, whose certificate is looked at", async () => {
    server = await MailServer.start({ tls: "implicit" });
    const { port } = server;
    rig = host.mailer(settings(port, "tls"));
    await costOf("one");
    await server.stop();
    server = await MailServer.start({ tls: "implicit", port, certificate: certificate("other-ca") });
    const outcome = await rig.send(transaction({ id: "two" }));
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.code, "SMTP_TLS_FAILED");
    assert.equal(server.received.length, 0);
  });
});
