/** Mails that log in by a token, which is fetched through the module from an HTTPS server on loopback. */
import assert from "node:assert/strict";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { connect } from "node:net";
import type { ModemError } from "../../../lib/errors";
import type { Outcome } from "../../../lib/mailer/mailer";
import { ServerCheck } from "../../../lib/mailer/smtp/server-check";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { SmtpSettings, TokenLogin } from "../../../lib/quectel/settings";
import { internet } from "../../../lib/simulator";
import { certificate, type CertificateName } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { transaction } from "../../support/memory-mailer";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";
import { jsonAnswer as json, TokenServer, type TokenAnswer } from "../../support/token-server";
import { VirtualClock } from "../../support/virtual-clock";
import { waitFor } from "../../support/wait-for";

const USER = "pump7@example.com";
const SECRET = "a canary+client/secret~81";
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

const LOGINS = {
  microsoft: {
    kind: "microsoft",
    tenant: "example.onmicrosoft.com",
    clientId: "app-1",
    clientSecret: SECRET,
  },
  google: { kind: "google", email: "robot@plant.iam.gserviceaccount.com", privateKey: KEY },
} as const satisfies Record<string, TokenLogin>;

describe("A mail that logs in by a token", function () {
  this.timeout(60_000);
  let tokens: TokenServer;
  let server: MailServer;
  let host: SocketHost;
  let rig: SocketMailer;

  async function open(
    login: TokenLogin | "oauth2" = LOGINS.microsoft,
    how: {
      readonly endpoint?: CertificateName;
      /** Name or address of the endpoint that is nobody's in particular. */
      readonly at?: string;
      readonly server?: MailServerOptions;
      readonly smtp?: Partial<SmtpSettings>;
    } = {},
  ): Promise<void> {
    tokens = await TokenServer.start(how.endpoint);
    server = await MailServer.start({
      tls: "starttls",
      auth: { user: USER, password: "no password logs in here", token: () => tokens.newest },
      authMethods: ["PLAIN", "XOAUTH2"],
      ...how.server,
    });
    host = socketHost();
    const { port } = tokens;
    // The servers of Microsoft and Google, on this computer.
    host.module.state(internet).tcpServer = (name, to) =>
      to === 443 && /microsoftonline|googleapis/.test(name) ? connect(port, "127.0.0.1") : undefined;
    await host.ready;
    rig = host.mailer({
      smtp: {
        user: USER,
        security: "starttls",
        port: server.port,
        tls: { verify: true, root: { from: "pem", pem: certificate("ca").cert }, contextId: 1 },
        tokens:
          login === "oauth2"
            ? {
                kind: "oauth2",
                tokenUrl: `https://${how.at ?? "localhost"}:${port}/token?for=mail`,
                clientId: "app-2",
                clientSecret: SECRET,
                scope: "mail.send",
              }
            : login,
        ...how.smtp,
      },
    });
  }
  const send = async (id = "one"): Promise<Outcome> => {
    const outcome = await rig.send(transaction({ id }));
    await waitFor("the end of the session", () => !host.modem.lock.held);
    return outcome;
  };
  const accepted = async (id?: string): Promise<void> => {
    const outcome = await send(id);
    assert.equal(outcome.recipients[0]?.state, "accepted", JSON.stringify(outcome));
  };
  const failed = async (): Promise<ModemError> => {
    const outcome = await send();
    assert.ok(outcome.kind === "ended" && outcome.error !== undefined, JSON.stringify(outcome));
    assert.equal(server.received.length, 0);
    return outcome.error;
  };

  afterEach(async () => {
    const told = JSON.stringify([host.log.lines, host.trace.entries]);
    assert.doesNotMatch(told, /canary|BEGIN PRIVATE/);
    rig.mailer.close();
    await waitFor("the lock to be given back", () => !host.modem.lock.held);
    await host.close();
    await Promise.all([server.stop(), tokens.stop()]);
  });

  it("of Microsoft 365 asks by client credentials, and once for many mails", async () => {
    await open();
    await accepted("one");
    await accepted("two");
    assert.equal(tokens.asked.length, 1);
    const [{ url, host: name, form } = { url: "", host: "", form: new URLSearchParams() }] = tokens.asked;
    assert.equal(url, "/example.onmicrosoft.com/oauth2/v2.0/token");
    assert.equal(name, "login.microsoftonline.com");
    assert.deepEqual(Object.fromEntries(form), {
      grant_type: "client_credentials",
      client_id: "app-1",
      client_secret: SECRET,
      scope: "https://outlook.office365.com/.default",
    });
    assert.equal(server.received.length, 2);
    assert.equal(server.received[0]?.secure, true);
    assert.equal(server.received[0]?.user, USER);
    assert.equal(server.received[0]?.authMethod, "XOAUTH2");
  });

  it("of Google Workspace asks with a signed assertion for the mailbox", async () => {
    await open(LOGINS.google);
    await accepted();
    const form = tokens.asked[0]?.form;
    assert.equal(form?.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [header = "", claims = "", signature = ""] = (form?.get("assertion") ?? "").split(".");
    assert.ok(
      createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(publicKey, signature, "base64url"),
    );
    const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
    assert.deepEqual(read(header), { alg: "RS256", typ: "JWT" });
    const { iat, exp, ...said } = read(claims);
    assert.deepEqual(said, {
      iss: "robot@plant.iam.gserviceaccount.com",
      sub: USER,
      scope: "https://mail.google.com/",
      aud: "https://oauth2.googleapis.com/token",
    });
    assert.equal(exp - iat, 3600);
    assert.ok(Math.abs(iat - Date.now() / 1000) < 120);
    // The network's time is asked for, because the host's may be wrong.
    assert.ok(host.module.log.lines().some((line) => line.startsWith("AT+QLTS")));
  });

  it("of any endpoint asks at its address, with its scope", async () => {
    await open("oauth2");
    await accepted();
    assert.equal(tokens.asked[0]?.url, "/token?for=mail");
    assert.equal(tokens.asked[0]?.form.get("scope"), "mail.send");
  });

  it("asks again for a token that ends within a minute, or of which no end is told", async () => {
    await open();
    for (const expiresIn of [60, "soon"]) {
      tokens.expiresIn = expiresIn;
      const { length } = tokens.asked;
      await accepted(`a-${String(expiresIn)}`);
      await accepted(`b-${String(expiresIn)}`);
      assert.equal(tokens.asked.length, length + 2, String(expiresIn));
    }
  });

  it("needs no token over a connection that is kept for it", async () => {
    await open();
    tokens.expiresIn = 60;
    const stages: string[] = [];
    for (const isNextDue of [true, false]) {
      const outcome = await rig.send(transaction({ id: String(isNextDue) }), {
        isNextDue: () => isNextDue,
        onProgress: ({ stage }) => stages.push(stage),
      });
      assert.equal(outcome.recipients[0]?.state, "accepted", JSON.stringify(outcome));
    }
    assert.equal(tokens.asked.length, 1);
    assert.deepEqual(
      stages.filter((stage) => stage === "token"),
      ["token"],
    );
    assert.equal(server.connections, 1);
  });

  it("gets one fresh token when the server does not take the one that was kept", async () => {
    await open();
    await accepted("one");
    tokens.newest = "revoked";
    await accepted("two");
    assert.equal(tokens.asked.length, 2);
  });

  it("is a matter of the settings when the server does not take a fresh token", async () => {
    for (const login of [LOGINS.microsoft, LOGINS.google]) {
      await open(login, { server: { auth: { user: USER, password: "x", token: () => "another" } } });
      const error = await failed();
      assert.deepEqual([error.code, error.class, error.stage], ["SMTP_AUTH_FAILED", "setup", "login"]);
      assert.match(error.hint, login.kind === "google" ? /^Google issued the token/ : /SMTP\.SendAsApp/);
      assert.equal(tokens.asked.length, 1);
      if (login.kind === "microsoft") {
        rig.mailer.close();
        await host.close();
        await Promise.all([server.stop(), tokens.stop()]);
      }
    }
  });

  it("is shown by the diagnosis, which sends none", async () => {
    await open();
    const { modem, pdp, sockets } = host;
    const settings = rig.settings;
    const moduleClock = new ModuleClock(modem, 1);
    await pdp.ensure(new AbortController().signal);
    const tried = async (): Promise<boolean> => {
      const check = new ServerCheck({ modem, moduleClock, sockets, settings });
      const { signal } = new AbortController();
      try {
        assert.match(await check.encrypt(signal), /TLSv1\.3/);
        return await check.login(signal);
      } finally {
        await check.end();
      }
    };
    assert.equal(await tried(), true);
    tokens.answer = json(400, { error: "invalid_client", error_description: "expired" });
    await assert.rejects(tried(), { code: "SMTP_TOKEN_REFUSED", stage: "token" });
    assert.equal(server.received.length, 0);
    await waitFor("the sockets", () => {
      const lines = host.module.log.lines();
      const count = (name: string): number => lines.filter((line) => line.startsWith(name)).length;
      return count("AT+QIOPEN") === 4 && count("AT+QICLOSE") === 4;
    });
  });

  it("sends no token to a server that offers no login by token", async () => {
    await open(undefined, { server: { authMethods: ["PLAIN", "LOGIN"] } });
    const error = await failed();
    assert.equal(error.code, "SMTP_AUTH_UNSUPPORTED");
    assert.match(error.hint, /XOAUTH2/);
  });

  it("and finds none at the server gives nothing of the token away", async () => {
    await open();
    const strict = await ScriptedSmtp.start(wellBehavedBut({ EHLO: "250-test\r\n250 AUTH PLAIN LOGIN" }));
    const one = host.mailer({ smtp: { ...rig.settings, port: strict.port, security: "none" } });
    const outcome = await one.send();
    one.mailer.close();
    await waitFor("the end of the session", () => !host.modem.lock.held);
    await strict.stop();
    assert.equal(outcome.error?.code, "SMTP_AUTH_UNSUPPORTED");
    assert.doesNotMatch(strict.lines.join("\n"), /AUTH|MAIL|canary/);
  });

  it("hears why a token is refused, which the server tells after an empty line, and shows the token in no form", async () => {
    await open();
    let sent = "";
    const usual = wellBehavedBut({ EHLO: "250-test\r\n250 AUTH XOAUTH2" });
    const strict = await ScriptedSmtp.start((line) => {
      if (line?.startsWith("AUTH") === true) {
        sent = line.split(" ").at(-1) ?? "";
        return `334 ${Buffer.from("{}").toString("base64")}`;
      }
      return line === "" ? `535 5.7.3 not ${tokens.newest} nor ${sent}` : usual(line);
    });
    const one = host.mailer({ smtp: { ...rig.settings, port: strict.port, security: "none" } });
    const stages: string[] = [];
    const outcome = await one.send(transaction(), { onProgress: ({ stage }) => stages.push(stage) });
    one.mailer.close();
    await waitFor("the end of the session", () => !host.modem.lock.held);
    await strict.stop();
    assert.deepEqual([outcome.error?.code, outcome.error?.smtpCode], ["SMTP_AUTH_FAILED", 535]);
    assert.match(outcome.error?.message ?? "", /535 5\.7\.3 not .+ nor /);
    assert.doesNotMatch(
      JSON.stringify([outcome, outcome.error?.message]),
      new RegExp(`canary|${sent.slice(0, 40)}`),
    );
    assert.deepEqual(stages, ["token", "connect", "login"]);
    assert.equal(
      Buffer.from(sent, "base64").toString(),
      `user=${USER}\u0001auth=Bearer ${tokens.newest}\u0001\u0001`,
    );
  });

  it("is due at once with a fresh token where the server refused the one that was kept and is gone", async () => {
    await open();
    const usual = wellBehavedBut({ EHLO: "250-test\r\n250 AUTH XOAUTH2" });
    const stale: string[] = [];
    const strict = await ScriptedSmtp.start((line) => {
      if (line?.startsWith("AUTH") !== true) return usual(line);
      return stale.includes(line) ? "535 5.7.3 expired\r\n(close)" : "235 welcome";
    });
    const one = host.mailer({ smtp: { ...rig.settings, port: strict.port, security: "none" } });
    const next = async (id: string): Promise<Outcome> => {
      const outcome = await one.send(transaction({ id }));
      await waitFor("the end of the session", () => !host.modem.lock.held);
      return outcome;
    };
    assert.equal((await next("one")).recipients[0]?.state, "accepted");
    stale.push(...strict.lines.filter((line) => line.startsWith("AUTH")));
    host.module.log.clear();
    // The endpoint takes its time, and the module hears meanwhile that the mail server is gone.
    tokens.answer = (request, form, response) =>
      void waitFor("the end of the connection", () =>
        host.module.log.bytes("sent", "usbat").includes('+QIURC: "closed"'),
      ).then(() => json(200, { expires_in: 3600, access_token: "canary-second" })(request, form, response));
    const outcome = await next("two");
    assert.ok(outcome.kind === "ended" && outcome.retry.kind === "atOnce", JSON.stringify(outcome));
    assert.deepEqual([outcome.error?.code, outcome.error?.stage], ["SMTP_CLOSED_BY_SERVER", "login"]);
    assert.match(outcome.error?.message ?? "", /rejected a cached token/);
    assert.equal((await next("two")).recipients[0]?.state, "accepted");
    assert.equal(tokens.asked.length, 2);
    one.mailer.close();
    await strict.stop();
  });

  it("says what the endpoint refuses, in its words but without the secret", async () => {
    await open();
    const asPosted = new URLSearchParams({ client_secret: SECRET }).toString();
    const description = `AADSTS7000215: Invalid client secret ${SECRET} in ${asPosted}\r\n${"long ".repeat(200)}`;
    tokens.answer = json(401, { error: "invalid_client", error_description: description });
    const error = await failed();
    assert.deepEqual([error.code, error.class, error.stage], ["SMTP_TOKEN_REFUSED", "setup", "token"]);
    assert.match(error.message, /login\.microsoftonline\.com said "invalid_client: AADSTS7000215/);
    assert.ok(error.message.length < 500);
    assert.doesNotMatch(error.message, /canary|[\r\n]/);
  });

  it("takes nothing for a token that is none, and reads no more than it needs", async () => {
    await open();
    const cases: readonly [string, TokenAnswer, "SMTP_TOKEN_FAILED" | "SMTP_TOKEN_REFUSED"][] = [
      ["an error of the endpoint", json(503, "busy"), "SMTP_TOKEN_FAILED"],
      ["an answer without end", json(200, `"${"a".repeat(300_000)}"`), "SMTP_TOKEN_FAILED"],
      [
        "headers without end",
        (_request, _form, response) =>
          void response.writeHead(200, { "X-Long": "a".repeat(40_000) }).end("{}"),
        "SMTP_TOKEN_FAILED",
      ],
      ["a closed connection", (request) => void request.socket.destroy(), "SMTP_TOKEN_FAILED"],
      [
        "another address",
        (_request, _form, response) =>
          void response.writeHead(302, { Location: "https://example.com/" }).end(),
        "SMTP_TOKEN_REFUSED",
      ],
    ];
    for (const [what, answer, code] of cases) {
      tokens.answer = answer;
      const error = await failed();
      assert.equal(error.code, code, `${what}: ${error.message}`);
      assert.equal(error.stage, "token", what);
    }
    assert.equal(server.connections, 0);
  });

  it("asks no endpoint whose certificate is not that of its name, whatever is checked of the mail server", async () => {
    for (const [name, code] of [
      ["server", "SMTP_TLS_FAILED"],
      ["expired", "SMTP_TLS_CLOCK"],
    ] as const) {
      const pem = certificate("ca").cert;
      await open(LOGINS.microsoft, {
        endpoint: name,
        smtp: { tls: { verify: false, root: { from: "pem", pem }, contextId: 1 } },
      });
      const error = await failed();
      assert.equal(error.code, code);
      assert.match(error.message, /token endpoint login\.microsoftonline\.com/);
      assert.equal(tokens.asked.length, 0);
      if (name === "server") {
        rig.mailer.close();
        await host.close();
        await Promise.all([server.stop(), tokens.stop()]);
      }
    }
  });

  it("asks an endpoint at an address only where the certificate is that of the address", async () => {
    for (const name of ["tokens", "server"] as const) {
      await open("oauth2", { endpoint: name, at: "127.0.0.1" });
      if (name === "server") return accepted();
      const error = await failed();
      assert.equal(error.code, "SMTP_TLS_FAILED");
      assert.match(error.message, /token endpoint 127\.0\.0\.1: ERR_TLS_CERT_ALTNAME_INVALID/);
      assert.equal(tokens.asked.length, 0);
      rig.mailer.close();
      await host.close();
      await Promise.all([server.stop(), tokens.stop()]);
    }
  });
});

describe("A token endpoint that says nothing", () => {
  it("is waited for two minutes, and the mail is due again", async () => {
    const clock = new VirtualClock(Date.UTC(2026, 5, 1));
    const host = socketHost({
      module: { clock, busy: (work) => clock.busy(work) },
      serve: (peer) => void peer.on("error", () => undefined),
    });
    await clock.until(host.ready);
    const { mailer, send } = host.mailer({
      smtp: { host: "mail.example.com", security: "tls", user: USER, tokens: LOGINS.microsoft },
    });
    const begun = clock.now();
    const outcome = await clock.until(send(), 3_600_000);
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.code, "SMTP_TOKEN_FAILED");
    assert.equal(outcome.error?.class, "transient");
    const waited = clock.now() - begun;
    assert.ok(waited >= 120_000 && waited < 180_000, String(waited));
    mailer.close();
    await clock.until(host.close());
  });
});
