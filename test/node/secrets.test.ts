/** Everything that the endpoints and the runtime's channel tell a browser is searched for passwords. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import helper from "node-red-node-test-helper";
import { MailServer } from "../support/mail-server";
import { jsonAnswer, TokenServer } from "../support/token-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode, tokenLogin } from "./support/flow-bench";

type Loose = ReturnType<JSON["parse"]>;

const STORED = {
  simPin: "73915824",
  apnUser: "apn-user",
  apnPassword: "canary-of-apn-41",
  smtpUser: "pump7",
  smtpPassword: "canary-stored-7f3a",
};
const WRONG = "canary-typed-5512";
const CLIENT_SECRET = "canary-client-19c4";
const SECRETS = [STORED.simPin, STORED.apnPassword, STORED.smtpPassword, WRONG];

/** The forms in which a password may travel. */
const formsOf = (secret: string): string[] => [
  secret,
  ...[secret, `\0${STORED.smtpUser}\0${secret}`].map((text) => Buffer.from(text).toString("base64")),
  Buffer.from(secret).toString("hex"),
  Buffer.from(secret, "utf16le").swap16().toString("hex"),
];

describe("What a browser is told", function () {
  this.timeout(60_000);
  const bench = new FlowBench();
  let server: MailServer;
  let told: string[];

  before(async () => {
    process.env["CANARY_WORD"] = STORED.smtpPassword;
    await new Promise<void>((started) => helper.startServer(started));
  });

  after(async () => {
    delete process.env["CANARY_WORD"];
    await new Promise<void>((stopped) => helper.stopServer(stopped));
  });

  beforeEach(async () => {
    told = [];
    server = await MailServer.start({ auth: { user: STORED.smtpUser, password: STORED.smtpPassword } });
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const apn = { apn: "plant.example", apnAuth: "chap" };
  const load = (): Promise<void> =>
    bench.load([modemNode(server.port, apn), sendNode(), helperNode("sent"), helperNode("failed")], {
      modem: STORED,
    });
  const ask = async (method: "get" | "post" | "delete", path: string, body?: object): Promise<Loose> => {
    const request = helper.request()[method](`/quectel-modem/${path}`);
    const { status, text } = await (body === undefined ? request : request.send(body));
    told.push(text);
    return { http: status, ...JSON.parse(text) };
  };
  const connectionTest = (change: object): Promise<Loose> => {
    const { id: _, type: __, ...properties } = modemNode(server.port, apn);
    const order = { kind: "diagnosis", modem: "modem", flow: "", properties, credentials: {} };
    return ask("post", "connection-tests", { ...order, recipient: "duty@example.com", ...change });
  };
  const run = async (change: object): Promise<Loose> => {
    const { id, ...refusal } = await connectionTest(change);
    assert(id !== undefined, JSON.stringify(refusal));
    return ended(id);
  };
  const ended = (id: string): Promise<Loose> =>
    waitFor(
      "the end of the connection test",
      async () => {
        const view = await ask("get", `connection-tests/${id}`);
        return view.phase === "ended" ? view : undefined;
      },
      30_000,
    );
  const holdsNoSecret = (): void => {
    const all = told.join("\n").toLowerCase();
    assert(all.length > 100);
    for (const form of SECRETS.flatMap(formsOf)) assert(!all.includes(form.toLowerCase()), form);
  };

  it("holds no password while the module is asked for its facts", async () => {
    await load();
    assert.match((await run({ kind: "facts" })).report, /QSMTPCFG="account"/);
    holdsNoSecret();
  });

  for (const kind of ["diagnosis", "mail"]) {
    it(`holds no password while a connection test (${kind}) uses the stored ones, wrong ones and variables`, async () => {
      await load();
      assert.equal((await run({ kind })).end.kind, "done");
      await run({ kind, credentials: { smtpPassword: WRONG, apnPassword: WRONG } });
      const typed = { smtpPassword: "${CANARY_WORD}", apnPassword: "${CANARY_WORD}", simPin: "" };
      await run({ kind, credentials: typed });
      // What no command can carry is refused by its name only.
      for (const strange of [`${WRONG}\r\n`, `${WRONG}"`, `"${WRONG}\u001a`, `${WRONG}\u20ac`]) {
        const { id, code } = await connectionTest({ kind, credentials: { smtpPassword: strange } });
        // A letter beyond ASCII can be carried, in UTF-8.
        if (id === undefined) assert.equal(code, "INVALID_CONFIG");
        else assert.ok(strange.endsWith("\u20ac"));
        if (id !== undefined) await ended(id);
        await run({ kind, credentials: { smtpPassword: WRONG, apnPassword: strange } });
      }
      assert(kind !== "mail" || server.received.length === 2);
      holdsNoSecret();
    });
  }

  it("holds no password where a connection test is refused", async () => {
    await load();
    const { id: _, type: __, ...properties } = modemNode(server.port, { ...apn, smtpHost: "other.example" });
    assert.equal((await connectionTest({ properties })).code, "INVALID_CREDENTIAL");
    const pin = await connectionTest({ credentials: { simPin: "${CANARY_WORD}" } });
    assert.deepEqual([pin.http, pin.property], [400, "simPin"]);
    const port = await connectionTest({ properties: { ...properties, smtpPort: "${CANARY_WORD}" } });
    assert.equal(port.http, 400);
    assert.equal((await connectionTest({ credentials: { [WRONG]: WRONG } })).http, 400);
    holdsNoSecret();
  });

  it("holds no password and no address in the channel that reaches every viewer, nor in any status", async () => {
    const channel = bench.published();
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    await ask("post", "modems/modem", { action: "startTrace" });
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    await bench.received("sent");
    await run({ kind: "mail", credentials: { smtpPassword: WRONG } });
    for (const path of ["modems", "modems/modem", "modems/modem/trace", "modems/modem/report"]) {
      assert.equal((await ask("get", path)).http, 200);
    }
    assert(channel.length > 0);
    const viewers = JSON.stringify(channel);
    assert.doesNotMatch(viewers, /@example\.com|127\.0\.0\.1|plant\.example/);
    told.push(viewers);
    holdsNoSecret();
  });

  it("holds no client secret, no key and no token where the login is by token", async () => {
    const tokens = await TokenServer.start();
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const smtp = await MailServer.start(tokens.mailServer(STORED.smtpUser));
    try {
      const modem = modemNode(smtp.port, { mailer: "socket", ...tokenLogin(tokens) });
      const stored = { ...STORED, smtpPassword: "", clientSecret: CLIENT_SECRET };
      const channel = bench.published();
      await bench.load([modem, sendNode(), helperNode("sent"), helperNode("failed")], { modem: stored });
      await ask("post", "modems/modem", { action: "startTrace" });
      bench.inject("send", { to: "duty@example.com", payload: "text" });
      await bench.received("sent");
      const { id: _, type: __, ...properties } = modem;
      const issued: string[] = [];
      for (const kind of ["diagnosis", "mail"]) {
        assert.equal((await run({ kind, properties })).end.kind, "done");
        issued.push(tokens.newest);
        tokens.answer = (_request, form, response) =>
          jsonAnswer(401, { error: "invalid_client", error_description: `no ${form.get("client_secret")}` })(
            _request,
            form,
            response,
          );
        for (const clientSecret of [undefined, WRONG]) {
          const view = await run({
            kind,
            properties,
            credentials: clientSecret === undefined ? {} : { clientSecret },
          });
          assert.match(JSON.stringify(view.steps), /SMTP_TOKEN_REFUSED/);
        }
        tokens.answer = undefined;
        const key = JSON.stringify({ client_email: "robot@example.com", private_key: pem });
        await connectionTest({
          kind,
          properties: { ...properties, login: "google" },
          credentials: { serviceAccount: key.slice(0, -9), smtpUser: STORED.smtpUser },
        });
      }
      assert.equal(smtp.received.length, 2);
      for (const path of ["modems", "modems/modem", "modems/modem/trace", "modems/modem/report"]) {
        assert.equal((await ask("get", path)).http, 200);
      }
      told.push(JSON.stringify(channel));
      holdsNoSecret();
      const all = told.join("\n");
      const lines = pem.split("\n").filter((line) => /^\w.{20,}/.test(line));
      for (const secret of [CLIENT_SECRET, ...issued, ...lines]) {
        for (const form of formsOf(secret)) assert(!all.includes(form), form.slice(0, 20));
      }
    } finally {
      await Promise.all([smtp.stop(), tokens.stop()]);
    }
  });
});
