/** Whom a mail over a socket trusts, and what it never does: less than it was told, or telling a secret. */
import assert from "node:assert/strict";
import { SPECIAL_HINTS } from "../../../lib/errors";
import type { Ended } from "../../../lib/mailer/mailer";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { certificate, type CertificateName } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { waitFor } from "../../support/wait-for";

const OUR_ROOT: SmtpSettings["tls"] = {
  verify: true,
  root: { from: "pem", pem: certificate("ca").cert },
  contextId: 1,
};
const PUBLIC_ROOTS: SmtpSettings["tls"] = { ...OUR_ROOT, root: { from: "auto" } };
/** Longer than the module's client takes, and with a character of each kind that is coded somewhere. */
const PASSWORD = "long-Paßwort=".repeat(6);
const LOGIN = { user: "pump7@example.com", password: PASSWORD } as const;

describe("A mail over a socket", function () {
  this.timeout(30_000);
  let host: SocketHost;
  let server: MailServer | undefined;
  let scripted: ScriptedSmtp | undefined;
  let rig: SocketMailer | undefined;

  async function open(how: MailServerOptions, smtp: Partial<SmtpSettings>): Promise<SocketMailer> {
    server = await MailServer.start(how);
    rig = host.mailer({ smtp: { port: server.port, tls: OUR_ROOT, ...smtp } });
    return rig;
  }
  async function failure(...how: Parameters<typeof open>): Promise<NonNullable<Ended["error"]>> {
    const outcome = await (await open(...how)).send();
    assert.ok(outcome.kind === "ended");
    assert.ok(outcome.error !== undefined);
    assert.equal(server?.received.length, 0);
    return outcome.error;
  }

  before(async () => {
    host = socketHost();
    await host.ready;
  });
  after(() => host.close());
  afterEach(async () => {
    rig?.mailer.close();
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    await server?.stop();
    await scripted?.stop();
    server = undefined;
    scripted = undefined;
  });

  for (const [tls, security] of [
    ["implicit", "tls"],
    ["starttls", "starttls"],
  ] as const) {
    it(`goes by ${security} with a login to a server that a pasted root vouches for`, async () => {
      const outcome = await (await open({ tls, auth: LOGIN }, { security, ...LOGIN })).send();
      assert.deepEqual(outcome.passage, {
        via: "socket",
        messageId: "<0123456789abcdef0123456789abcdef@example.com>",
        response: "250 OK: message queued",
        tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
      });
      const [mail] = server?.received ?? [];
      assert.equal(mail?.secure, true);
      assert.equal(mail?.user, LOGIN.user);
    });

    it(`is not sent by ${security} to a server whose certificate the host does not trust`, async () => {
      const wrong: readonly [CertificateName, SmtpSettings["tls"], string, string][] = [
        ["server", PUBLIC_ROOTS, "SMTP_TLS_FAILED", SPECIAL_HINTS.serverNotTrusted],
        ["other-ca", OUR_ROOT, "SMTP_TLS_FAILED", SPECIAL_HINTS.serverNotTrusted],
        ["other-name", OUR_ROOT, "SMTP_TLS_FAILED", SPECIAL_HINTS.otherServerName],
      ];
      for (const [name, trusted, code, hint] of wrong) {
        const error = await failure(
          { tls, auth: LOGIN, certificate: certificate(name) },
          { security, tls: trusted, ...LOGIN },
        );
        assert.deepEqual([error.code, error.hint, error.class, error.stage], [code, hint, "setup", "tls"]);
        assert.equal(error.modemCode, undefined);
        await server?.stop();
      }
    });
  }

  it("tells its encryption although the server ended the session", async () => {
    const { send } = await open({ tls: "implicit" }, { security: "tls" });
    const release = server?.hold("data");
    const reached = server?.waitForStage("data");
    const sending = send();
    await reached;
    await server?.stop();
    release?.();
    const { passage } = await sending;
    assert.deepEqual(passage?.tls, { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" });
  });

  it("goes to whoever answers where the check was switched off", async () => {
    const tls = { ...PUBLIC_ROOTS, verify: false };
    const { send } = await open(
      { tls: "implicit", certificate: certificate("other-ca") },
      { security: "tls", tls },
    );
    await send();
    assert.equal(server?.received[0]?.secure, true);
  });

  it("waits while the dates of a certificate do not fit the host's clock, and names both clocks", async () => {
    for (const [name, detail] of [
      ["expired", "CERT_HAS_EXPIRED"],
      ["not-yet-valid", "CERT_NOT_YET_VALID"],
    ] as const) {
      const how = { tls: "implicit", certificate: certificate(name) } as const;
      const error = await failure(how, { security: "tls" });
      assert.equal(error.code, "SMTP_TLS_CLOCK");
      assert.equal(error.class, "transient");
      assert.match(
        error.message,
        new RegExp(`${detail}, the host's clock shows 2\\d\\d\\d-.*network's 2\\d\\d\\d-`),
      );
      await server?.stop();
    }
  });

  it("goes to a relay in clear with none, although the relay has a certificate of its own", async () => {
    const { send } = await open(
      { tls: "starttls", certificate: certificate("other-ca") },
      { security: "none", tls: PUBLIC_ROOTS },
    );
    await send();
    assert.equal(server?.received[0]?.secure, false);
  });

  it("never goes in clear, nor does its password, to a server that does not encrypt", async () => {
    for (const reply of ["500 5.5.1 unknown", "454 4.7.0 not now", "502 no"]) {
      scripted = await ScriptedSmtp.start(
        wellBehavedBut({ STARTTLS: reply, EHLO: "250-test\r\n250 AUTH PLAIN LOGIN" }),
      );
      rig = host.mailer({ smtp: { port: scripted.port, security: "starttls", tls: OUR_ROOT, ...LOGIN } });
      const outcome = await rig.send();
      assert.ok(outcome.kind === "ended");
      assert.equal(outcome.error?.code, "SMTP_TLS_FAILED");
      assert.equal(outcome.error?.class, reply.startsWith("5") ? "setup" : "transient");
      assert.deepEqual(scripted.lines, ["EHLO [127.0.0.1]", "STARTTLS"]);
      await scripted.stop();
    }
  });

  it("with a wrong password holds all, and the password is not sent to a server that offers no login", async () => {
    const refused = await failure({ auth: { ...LOGIN, password: "other" } }, LOGIN);
    assert.deepEqual([refused.code, refused.class, refused.smtpCode], ["SMTP_AUTH_FAILED", "setup", 535]);
    await server?.stop();
    scripted = await ScriptedSmtp.start(wellBehavedBut({}));
    rig = host.mailer({ smtp: { port: scripted.port, ...LOGIN } });
    const outcome = await rig.send();
    assert.equal(outcome.error?.code, "SMTP_AUTH_UNSUPPORTED");
    assert.ok(!scripted.lines.some((line) => line.startsWith("AUTH")));
  });

  it("puts its password into no log, trace or error, though the server repeats it", async () => {
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    const plain = base64(`\u0000${LOGIN.user}\u0000${PASSWORD}`);
    const seen: string[] = [];
    for (const EHLO of ["250-test\r\n250 AUTH PLAIN", "250-test\r\n250 AUTH LOGIN"]) {
      let user = true;
      scripted = await ScriptedSmtp.start((line) => {
        if (line === undefined) return "220 test";
        if (line.startsWith("EHLO")) return EHLO;
        if (line.startsWith("AUTH PLAIN"))
          return `535 no: ${line} ${PASSWORD} ${line.slice(0, 80)} ${PASSWORD.slice(0, 30)}`;
        if (line.startsWith("AUTH LOGIN")) return "334 VXNlcm5hbWU6";
        if (user) return ((user = false), "334 UGFzc3dvcmQ6");
        return `535 no: ${line}`;
      });
      rig = host.mailer({ smtp: { port: scripted.port, ...LOGIN } });
      const outcome = await rig.send();
      assert.equal(outcome.error?.code, "SMTP_AUTH_FAILED");
      assert.match(
        scripted.lines.join("\n"),
        new RegExp(EHLO.endsWith("PLAIN") ? "^AUTH PLAIN" : "^AUTH LOGIN", "m"),
      );
      seen.push(JSON.stringify(outcome), String(outcome.error), outcome.error?.message ?? "");
      await scripted.stop();
    }
    for (const end of [`250 ok ${PASSWORD} ${"x".repeat(2_000)}\r\n`, `451 ${PASSWORD}`]) {
      scripted = await ScriptedSmtp.start(
        wellBehavedBut({ EHLO: "250-test\r\n250 AUTH PLAIN", AUTH: "235 come in", ".": end.trim() }),
      );
      rig = host.mailer({ smtp: { port: scripted.port, ...LOGIN } });
      const { passage } = await rig.send();
      assert.match(passage?.response ?? "", /^(?:250 ok|451) /);
      assert.ok((passage?.response ?? "").length <= 500);
      seen.push(JSON.stringify(passage));
      await scripted.stop();
    }
    seen.push(...host.log.lines, ...host.trace.entries.map(({ text }) => text));
    const text = seen.join("\n");
    for (const secret of [PASSWORD, base64(PASSWORD), plain, plain.slice(0, 40), "Paßwort"]) {
      assert.ok(!text.includes(secret), secret);
      assert.ok(!text.includes(Buffer.from(secret).toString("latin1")), secret);
    }
  });
});
