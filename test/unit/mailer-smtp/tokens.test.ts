/** Tokens as the login gets them: from an HTTPS endpoint in memory that may say anything, on a clock that stands still. */
import assert from "node:assert/strict";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { getEventListeners } from "node:events";
import { duplexPair, type Duplex } from "node:stream";
import { createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import { isModemError, ModemError, type ErrorCode } from "../../../lib/errors";
import { TokenSource, type TokenSourceOptions } from "../../../lib/mailer/smtp/oauth/token-source";
import type { TokenLogin } from "../../../lib/quectel/settings";
import { certificate, type CertificateName } from "../../support/certificates";
import { VirtualClock } from "../../support/virtual-clock";

const USER = "pump7@example.com";
const SECRET = "a canary+client/secret~81";
const HOST = "login.microsoftonline.com";
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const MICROSOFT: TokenLogin = {
  kind: "microsoft",
  tenant: "a/tenant",
  clientId: "app-1",
  clientSecret: SECRET,
};
const GOOGLE: TokenLogin = {
  kind: "google",
  email: "robot@plant.iam.gserviceaccount.com",
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
};
const oauth2 = (tokenUrl: string, scope = ""): TokenLogin => ({
  kind: "oauth2",
  tokenUrl,
  clientId: "app-2",
  clientSecret: SECRET,
  scope,
});

/** An answer as it goes over the wire. */
function http(status: number, body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return `HTTP/1.1 ${status} X\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

const contexts = new Map<CertificateName, SecureContext>();

/** Made once for each name, which takes longer than a handshake. */
function contextOf(name: CertificateName): SecureContext {
  const context = contexts.get(name) ?? createSecureContext(certificate(name));
  contexts.set(name, context);
  return context;
}

/** The endpoint, and what it was asked. */
class Endpoint {
  readonly requests: string[] = [];
  readonly opened: { host: string; port: number; near: Duplex; signal: AbortSignal; protocol?: string }[] =
    [];
  certificate: CertificateName = "tokens";
  /** Undefined: the connection is closed. */
  answer: string | undefined = http(200, { access_token: "canary-token", expires_in: 3600 });

  readonly connect = async (host: string, port: number, signal: AbortSignal): Promise<Duplex> => {
    const [near, far] = duplexPair();
    const opened: (typeof this.opened)[number] = { host, port, near, signal };
    this.opened.push(opened);
    const secure = new TLSSocket(far, {
      isServer: true,
      secureContext: contextOf(this.certificate),
      ALPNProtocols: ["other/1", "http/1.1"],
    });
    for (const stream of [near, far, secure]) stream.on("error", () => undefined);
    secure.once("secure", () => (opened.protocol = String(secure.alpnProtocol)));
    let text = "";
    secure.on("data", (piece: Buffer) => {
      text += piece.toString();
      const [head = "", body = ""] = text.split("\r\n\r\n");
      if (body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)) return;
      if (!text.includes("\r\n\r\n")) return;
      this.requests.push(text);
      text = "";
      if (this.answer === undefined) secure.end();
      else secure.write(this.answer);
    });
    return near;
  };

  /** What the newest request posted. */
  form(): URLSearchParams {
    return new URLSearchParams(this.requests.at(-1)?.split("\r\n\r\n")[1] ?? "");
  }
}

describe("A token for the login", () => {
  let clock: VirtualClock;
  let endpoint: Endpoint;
  let signal: AbortController;
  let asked: number;
  beforeEach(() => {
    clock = new VirtualClock(Date.UTC(2026, 0, 1));
    endpoint = new Endpoint();
    signal = new AbortController();
    asked = 0;
  });
  afterEach(() => {
    assert.equal(clock.timers, 0, "timers are left");
    assert.equal(getEventListeners(signal.signal, "abort").length, 0, "listeners are left");
    for (const { near, signal: own } of endpoint.opened) {
      assert.ok(near.destroyed, "a connection is left");
      assert.equal(getEventListeners(own, "abort").length, 0, "listeners are left");
    }
  });

  function source(login: TokenLogin = MICROSOFT, options: Partial<TokenSourceOptions> = {}): TokenSource {
    return new TokenSource({
      clock,
      login,
      user: USER,
      connect: endpoint.connect,
      trust: () => ({ ca: certificate("ca").cert, servername: HOST }),
      networkTime: () => {
        asked++;
        return Promise.resolve(undefined);
      },
      tlsError: () => undefined,
      ...options,
    });
  }

  /** Resolves when the endpoint has the request, and its answer is on its way. */
  async function requested(): Promise<void> {
    while (endpoint.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async function fails(one: TokenSource, code: ErrorCode): Promise<ModemError> {
    let error: unknown;
    await assert.rejects(one.get(signal.signal), (thrown) => {
      error = thrown;
      return true;
    });
    assert.ok(isModemError(error, code), String(error));
    assert.equal(error.stage, "token");
    assert.doesNotMatch(error.message, /canary|[\r\n]/);
    return error;
  }

  describe("is asked for", () => {
    it("by one form, posted over HTTP 1.1 to the port of HTTPS, with nothing that is kept", async () => {
      const token = await source().get(signal.signal);
      assert.deepEqual(token, { value: "canary-token", isFresh: true });
      const [{ host, port, protocol } = { host: "", port: 0, protocol: "" }] = endpoint.opened;
      assert.deepEqual([host, port, protocol], [HOST, 443, "http/1.1"]);
      const [head = "", body = ""] = endpoint.requests[0]?.split("\r\n\r\n") ?? [];
      const [first, ...headers] = head.split("\r\n");
      assert.equal(first, "POST /a%2Ftenant/oauth2/v2.0/token HTTP/1.1");
      assert.deepEqual(headers.map((line) => line.toLowerCase()).toSorted(), [
        "accept: application/json",
        "connection: close",
        `content-length: ${body.length}`,
        "content-type: application/x-www-form-urlencoded",
        `host: ${HOST}`,
      ]);
      assert.deepEqual(Object.fromEntries(endpoint.form()), {
        grant_type: "client_credentials",
        client_id: "app-1",
        client_secret: SECRET,
        scope: "https://outlook.office365.com/.default",
      });
      assert.equal(asked, 0);
    });

    it("without a scope where none is set, at the port of its address", async () => {
      await source(oauth2(`https://${HOST}:8443/token`)).get(signal.signal);
      assert.equal(endpoint.opened[0]?.port, 8443);
      assert.equal(endpoint.form().has("scope"), false);
      await source(oauth2(`https://${HOST}/token`, "mail.send")).get(signal.signal);
      assert.equal(endpoint.form().get("scope"), "mail.send");
    });

    it("at an address of IPv6 without its brackets", async () => {
      const trusted: string[] = [];
      await fails(
        source(oauth2("https://[2001:db8::1]:8443/token"), {
          trust: (host) => {
            trusted.push(host);
            return { ca: certificate("ca").cert };
          },
        }),
        "SMTP_TOKEN_FAILED",
      );
      assert.equal(endpoint.opened[0]?.host, "2001:db8::1");
      assert.deepEqual(trusted, ["2001:db8::1"]);
    });

    for (const [what, network] of [
      ["by the network's time", Date.UTC(2031, 5, 1)],
      ["by the host's time where the network tells none", undefined],
    ] as const) {
      it(`with an assertion of an hour, dated ${what}`, async () => {
        await source(GOOGLE, { networkTime: () => Promise.resolve(network) }).get(signal.signal);
        const [header = "", claims = "", signature = ""] = (endpoint.form().get("assertion") ?? "").split(
          ".",
        );
        const verify = createVerify("RSA-SHA256").update(`${header}.${claims}`);
        assert.ok(verify.verify(publicKey, signature, "base64url"));
        const { iat, exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<
          string,
          number
        >;
        assert.deepEqual(
          [iat, exp],
          [(network ?? clock.wall()) / 1000, (network ?? clock.wall()) / 1000 + 3600],
        );
      });
    }

    it("not with a key that cannot sign, of which nothing is shown", async () => {
      const error = await fails(source({ ...GOOGLE, privateKey: "canary key" }), "INVALID_CONFIG");
      assert.equal(error.class, "setup");
      assert.match(error.message, /the private key of the service account cannot sign/);
      assert.equal(error.cause, undefined);
      assert.equal(endpoint.opened.length, 0);
    });
  });

  describe("is kept", () => {
    const answerFor = (seconds: unknown): void =>
      void (endpoint.answer = http(200, { access_token: "canary-token", expires_in: seconds }));
    const isKept = async (one: TokenSource, seconds: number): Promise<boolean> => {
      await clock.advance(seconds * 1000);
      return !(await one.get(signal.signal)).isFresh;
    };

    it("until a minute before its end", async () => {
      const one = source();
      answerFor(3600);
      await one.get(signal.signal);
      assert.equal(await isKept(one, 3539), true);
      assert.equal(await isKept(one, 1), false);
      assert.equal(endpoint.requests.length, 2);
    });

    it("for a day at most, whatever the endpoint says", async () => {
      const one = source();
      answerFor("1000000000");
      await one.get(signal.signal);
      assert.equal(await isKept(one, 86_339), true);
      assert.equal(await isKept(one, 1), false);
    });

    for (const seconds of ["Infinity", -5, 0, 60, null, "soon", {}]) {
      it(`not at all where it ends in ${JSON.stringify(seconds)} seconds`, async () => {
        const one = source();
        answerFor(seconds);
        await one.get(signal.signal);
        assert.equal(await isKept(one, 0), false);
      });
    }

    it("until the mail server has refused it", async () => {
      const one = source();
      await one.get(signal.signal);
      one.drop();
      assert.equal((await one.get(signal.signal)).isFresh, true);
    });
  });

  describe("is not there", () => {
    const token = { access_token: "canary-token", expires_in: 3600 };
    for (const [status, body, code, said] of [
      [400, { error: "invalid_client" }, "SMTP_TOKEN_REFUSED", 'said "invalid_client"'],
      [400, { error_description: "no such app" }, "SMTP_TOKEN_REFUSED", 'said "no such app"'],
      [401, { error: "a", error_description: "b" }, "SMTP_TOKEN_REFUSED", 'said "a: b"'],
      [401, token, "SMTP_TOKEN_REFUSED", "answered 401 without a token"],
      [404, "", "SMTP_TOKEN_REFUSED", "answered 404 without a token"],
      [400, { error: 17, error_description: ["x"] }, "SMTP_TOKEN_REFUSED", "answered 400 without a token"],
      [400, { error: "temporarily_unavailable" }, "SMTP_TOKEN_FAILED", 'said "temporarily_unavailable"'],
      [400, { error: "server_error" }, "SMTP_TOKEN_FAILED", 'said "server_error"'],
      [400, { error: "slow_down" }, "SMTP_TOKEN_FAILED", 'said "slow_down"'],
      [408, "", "SMTP_TOKEN_FAILED", "answered 408 without a token"],
      [429, "", "SMTP_TOKEN_FAILED", "answered 429 without a token"],
      [500, "", "SMTP_TOKEN_FAILED", "answered 500 without a token"],
      [200, "null", "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, '"text"', "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, "7", "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, [1], "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, "<html>", "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, { access_token: 12345 }, "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, { access_token: "a\r\nRSET" }, "SMTP_TOKEN_FAILED", "answered 200 without a token"],
      [200, { error: "odd" }, "SMTP_TOKEN_FAILED", 'said "odd"'],
    ] as const) {
      it(`where the endpoint answers ${status} and ${JSON.stringify(body)}`, async () => {
        endpoint.answer = http(status, body);
        const error = await fails(source(), code);
        assert.ok(error.message.endsWith(`: ${HOST} ${said}`), error.message);
      });
    }

    it("where the answer is longer than any token, though it is one", async () => {
      endpoint.answer = http(200, `${JSON.stringify(token)}${" ".repeat(64 * 1024)}`);
      const error = await fails(source(), "SMTP_TOKEN_FAILED");
      assert.match(String(error.cause), /the answer is too long/);
    });

    it("where it is longer than any token", async () => {
      endpoint.answer = http(200, { access_token: "a".repeat(16 * 1024 + 1) });
      await fails(source(), "SMTP_TOKEN_FAILED");
      endpoint.answer = http(200, { access_token: "a".repeat(16 * 1024) });
      await source().get(signal.signal);
    });

    it("where the endpoint repeats the assertion, which is shown in no form", async () => {
      const one = source(GOOGLE, {
        trust: () => ({ ca: certificate("ca").cert, servername: "oauth2.googleapis.com" }),
      });
      await one.get(signal.signal);
      one.drop();
      const assertion = endpoint.form().get("assertion") ?? "";
      assert.ok(assertion.length > 100);
      endpoint.answer = http(400, { error: "invalid_grant", error_description: `no ${assertion}` });
      const error = await fails(one, "SMTP_TOKEN_REFUSED");
      assert.match(error.message, /oauth2\.googleapis\.com said "invalid_grant: no /);
      assert.ok(!error.message.includes(assertion.slice(0, 40)), error.message);
    });

    const PART = "HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\n{";
    for (const [what, answer] of [
      ["before the answer", undefined],
      ["in the answer", PART],
    ] as const) {
      it(`where the connection ends ${what}`, async () => {
        endpoint.answer = answer;
        const failing = fails(source(), "SMTP_TOKEN_FAILED");
        if (answer !== undefined) {
          await requested();
          endpoint.opened[0]?.near.push(null);
        }
        const error = await failing;
        assert.ok(error.message.endsWith(`: no answer of ${HOST}`), error.message);
        assert.ok(error.cause instanceof Error);
      });
    }

    for (const [what, answer] of [
      ["before the answer", ""],
      ["in the answer", PART],
    ] as const) {
      it(`where the module loses the connection ${what}`, async () => {
        endpoint.answer = answer;
        const failing = fails(source(), "SMTP_TOKEN_FAILED");
        await requested();
        endpoint.opened[0]?.near.destroy(new ModemError("PORT_UNPLUGGED"));
        const error = await failing;
        assert.ok(error.message.endsWith(`: no answer of ${HOST}`), error.message);
      });
    }

    it("where the endpoint does not say anything for two minutes", async () => {
      const one = source(MICROSOFT, {
        connect: (_host, _port, ends) =>
          new Promise((_resolve, reject) => {
            ends.addEventListener("abort", () => reject(ends.reason as Error), { once: true });
          }),
      });
      const failing = fails(one, "SMTP_TOKEN_FAILED");
      await clock.advance(120_000);
      assert.ok((await failing).message.endsWith(`: ${HOST} did not answer within 120 s`));
    });

    it("where the login is called off, which ends the request", async () => {
      endpoint.answer = "";
      const getting = source().get(signal.signal);
      getting.catch(() => undefined);
      await requested();
      signal.abort(new Error("called off"));
      await assert.rejects(getting, /^Error: called off$/);
    });

    for (const [error, number] of [
      [new ModemError("SOCKET_DNS_FAILED", { hint: "a hint", class: "setup", modemCode: 565 }), 565],
      [new ModemError("PORT_UNPLUGGED"), undefined],
    ] as const) {
      it(`where the module has no connection (${error.code}), which names the endpoint`, async () => {
        const one = source(MICROSOFT, { connect: () => Promise.reject(error) });
        const told = await fails(one, error.code);
        assert.deepEqual([told.modemCode, told.hint, told.class], [number, error.hint, error.class]);
        assert.ok(told.message.endsWith(`: token endpoint ${HOST}`), told.message);
        assert.ok(isModemError(told.cause, error.code) && told.cause !== error);
      });
    }

    it("where something else went wrong", async () => {
      const one = source(MICROSOFT, {
        connect: () => Promise.reject(new Error("odd")),
        tlsError: () => assert.fail("not a matter of TLS"),
      });
      const error = await fails(one, "SMTP_TOKEN_FAILED");
      assert.match(String(error.cause), /odd/);
    });

    for (const [what, networkTime, network] of [
      ["with the network's time", () => Promise.resolve(Date.UTC(2031, 0, 1)), Date.UTC(2031, 0, 1)],
      ["without it where it cannot be had", () => Promise.reject(new Error("none")), undefined],
    ] as const) {
      it(`where the endpoint is not trusted, which is explained ${what}`, async () => {
        endpoint.certificate = "server";
        const told: unknown[] = [];
        const explained = new ModemError("SMTP_TLS_FAILED", { stage: "token", detail: "explained" });
        const one = source(MICROSOFT, {
          networkTime,
          tlsError: (distrust, cause, times, elsewhere) => {
            told.push(distrust, times, elsewhere);
            assert.ok(cause instanceof Error);
            return explained;
          },
        });
        assert.equal(await fails(one, "SMTP_TLS_FAILED"), explained);
        assert.deepEqual(told, [
          "ERR_TLS_CERT_ALTNAME_INVALID",
          { hostTime: clock.wall(), networkTime: network },
          { stage: "token", who: `token endpoint ${HOST}: ` },
        ]);
        assert.equal(endpoint.requests.length, 0);
      });
    }
  });
});
