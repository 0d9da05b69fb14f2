/** A modem whose mails this package sends itself, over a TCP connection of the module, in a real runtime. */
import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { SimulatedModem } from "../../lib/simulator";
import { serveTcp } from "../../lib/simulator/serve/tcp-server";
import { certificate } from "../support/certificates";
import { MailServer, type MailServerOptions } from "../support/mail-server";
import { jsonAnswer, TokenServer } from "../support/token-server";
import { waitFor } from "../support/wait-for";
import { LeapingClock } from "./support/leaping-clock";
import { FlowBench, helperNode, modemNode, sendNode, tokenLogin } from "./support/flow-bench";

type Loose = ReturnType<JSON["parse"]>;

/** 70 bytes, and a character that the module's client cannot be given. */
const LOGIN = { user: "pump7@example.com", password: `${"long-".repeat(13)}"€x` } as const;

describe("A modem with mails over a socket", () => {
  const bench = new FlowBench();
  let server: MailServer | undefined;

  const open = async (options: MailServerOptions = {}): Promise<MailServer> => {
    server = await MailServer.start(options);
    return server;
  };
  const load = (port: number, modem: object = {}, credentials: object = {}): Promise<void> =>
    bench.load(
      [modemNode(port, { mailer: "socket", ...modem }), sendNode(), helperNode("sent"), helperNode("failed")],
      { modem: credentials },
    );

  before(async () => {
    await new Promise<void>((started) => helper.startServer(started));
  });
  after(async () => {
    await new Promise<void>((stopped) => helper.stopServer(stopped));
  });
  afterEach(async () => {
    await bench.end();
    await server?.stop();
    server = undefined;
  });

  it("sends one mail to 25 recipients by STARTTLS, with a long password, and names the one who was refused", async () => {
    const { port, received } = await open({
      tls: "starttls",
      auth: LOGIN,
      refuse: { rcpt: { "person-7@example.com": 550 } },
    });
    await load(
      port,
      { smtpSecurity: "starttls", tlsRoot: "pem", tlsCa: certificate("ca").cert },
      { smtpUser: LOGIN.user, smtpPassword: LOGIN.password },
    );
    const to = Array.from({ length: 24 }, (_, index) => `person-${index}@example.com`);
    const content = Buffer.alloc(30_000, "größe,7\n");
    bench.inject("send", {
      to,
      bcc: "boss@example.com",
      topic: `Füllstand 过高 ${"sehr ".repeat(40)}`,
      payload: "Pegel 3,2 m 过高",
      attachments: [{ filename: "werte größe.csv", content }],
    });
    const { smtp } = await bench.received("sent");
    assert.equal(smtp.status, "partial");
    assert.equal(smtp.accepted.length, 24);
    assert.equal(smtp.via, "socket");
    assert.match(smtp.response, /^250 /);
    assert.deepEqual(smtp.tls, { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" });
    assert.deepEqual(smtp.rejected, [{ address: "person-7@example.com", smtpCode: 550 }]);
    assert.equal(received.length, 1);
    const [mail] = received;
    assert.equal(smtp.messageId, mail?.parsed.messageId);
    assert.equal(mail?.secure, true);
    assert.equal(mail?.user, LOGIN.user);
    assert.equal(mail?.parsed.text?.trim(), "Pegel 3,2 m 过高");
    assert.match(mail?.parsed.subject ?? "", /^Füllstand 过高 (?:sehr ?){40}$/);
    assert.deepEqual(mail?.parsed.attachments[0]?.content, content);
    assert.doesNotMatch(mail?.raw.toString() ?? "", /boss@example/);
  });

  it("sends to letters beyond ASCII before the @ where the server takes them, else to the others alone", async () => {
    const { port, received } = await open({ utf8: true });
    await load(port);
    const to = "jürgen@example.com, duty@example.com";
    bench.inject("send", { to, payload: "94 %" });
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.status, smtp.accepted], ["sent", ["duty@example.com", "jürgen@example.com"]]);
    assert.deepEqual(
      received.map((mail) => [mail.to, mail.utf8]),
      [
        [["duty@example.com"], false],
        [["jürgen@example.com"], true],
      ],
    );
    const { body: modem } = await bench.ask("/quectel-modem/modems/modem");
    assert.doesNotMatch(JSON.stringify(modem), /ürgen|duty/);
    await bench.unload();
    await server?.stop();

    const other = await open();
    await load(other.port);
    bench.inject("send", { to, payload: "95 %" });
    const { smtp: partial } = await bench.received("sent");
    assert.equal(partial.status, "partial");
    assert.deepEqual(partial.rejected, [{ address: "jürgen@example.com", code: "SMTP_UTF8_UNSUPPORTED" }]);
    bench.inject("send", { to: "jürgen@example.com", payload: "96 %" });
    const { error } = await bench.received("failed");
    assert.equal(error?.code, "SMTP_UTF8_UNSUPPORTED");
    await bench.unload();

    await load(other.port, { mailer: "module" });
    bench.inject("send", { to, payload: "97 %" });
    const { smtp: byModule } = await bench.received("sent");
    assert.deepEqual(byModule.accepted, ["duty@example.com"]);
    assert.deepEqual(byModule.rejected, [{ address: "jürgen@example.com", code: "INVALID_RECIPIENT" }]);
  });

  it("shows HTML with its picture, also of a mail that waited over a restart", async () => {
    const { port, received } = await open({ reports: true });
    const outbox = { id: "outbox", type: "quectel-outbox", z: "flow", modem: "modem", wires: [[]] };
    const flow = [
      modemNode(port, { mailer: "socket" }),
      sendNode(),
      helperNode("sent"),
      helperNode("failed"),
      outbox,
    ];
    await bench.load(flow);
    bench.inject("outbox", { action: "pause" });
    bench.inject("send", {
      to: "duty@example.com",
      payload: '<h1>Pegel 高</h1><img src="cid:trend">',
      attachments: { filename: "trend.png", content: Buffer.from("picture"), cid: "trend" },
      inReplyTo: "<alarm@example.com>",
      headers: { "X-Plant": "7\r\nBcc: x@example.com" },
      dsn: "failure",
    });
    await bench.showsStatus("send", "SIMULATED paused · 1 ✉");
    await bench.unload();
    await bench.load(flow);
    bench.inject("outbox", { action: "resume" });
    const { smtp, attachments } = await bench.received("sent");
    assert.equal(smtp.recovered, true);
    assert.deepEqual(smtp.warnings, [
      'Line ends and control characters were removed from the header field "X-Plant".',
    ]);
    assert.deepEqual(attachments, [{ filename: "trend.png", size: 7, cid: "trend" }]);
    const [mail] = received;
    assert.equal(mail?.parsed.inReplyTo, "<alarm@example.com>");
    assert.equal(mail?.parsed.headers.get("x-plant"), "7 Bcc: x@example.com");
    assert.equal(mail?.parsed.bcc, undefined);
    assert.deepEqual(mail?.reports.notify, ["FAILURE"]);
    assert.equal(mail?.parsed.text?.trim(), "Pegel 高");
    assert.match(
      mail?.parsed.html || "",
      /^<h1>Pegel 高<\/h1><img src="data:image\/png;base64,cGljdHVyZQ=="/,
    );
    assert.deepEqual(
      mail?.parsed.attachments.map(({ cid, related }) => [cid, related]),
      [["trend", true]],
    );
  });

  it("says at which step of the session a mail is", async () => {
    const { port, received } = await open({ auth: LOGIN });
    await load(port, {}, { smtpUser: LOGIN.user, smtpPassword: LOGIN.password });
    const held = (["auth", "rcpt", "data"] as const).map((stage) => server?.hold(stage));
    const content = Buffer.alloc(150_000, "measured\n");
    bench.inject("send", { to: "duty@example.com", attachments: [{ filename: "values.txt", content }] });
    for (const step of ["logging in", "checking recipients", "waiting for server"]) {
      await bench.showsStatus("send", `SIMULATED sending · ${step}`);
      held.shift()?.();
    }
    const { smtp } = await bench.received("sent");
    assert.equal(smtp.via, "socket");
    assert.deepEqual(received[0]?.parsed.attachments[0]?.content, content);
    const { body: modem } = await bench.ask("/quectel-modem/modems/modem");
    assert.deepEqual(
      [modem.ended[0].status, modem.ended[0].via, modem.ended[0].tls],
      ["sent", "socket", undefined],
    );
  });

  it("reaches the mailbox of the simulated modem, which needs no server", async () => {
    await load(25, { smtpHost: "inbox.simulated" });
    bench.inject("send", { to: "duty@example.com", topic: "Level 过高", payload: ".\r\n94 %\r\n.." });
    await bench.received("sent");
    const { body: modem } = await bench.ask("/quectel-modem/modems/modem");
    const [mail] = modem.inbox;
    assert.equal(mail.subject, "Level 过高");
    assert.equal(mail.text.replaceAll("\r\n", "\n").trim(), ".\n94 %\n..");
    assert.deepEqual(mail.to, ["duty@example.com"]);
  });

  it("gives up on a mail that the server refuses for good, with the server's words and no number of the module", async () => {
    const { port } = await open({ refuse: { data: 554 } });
    await load(port);
    bench.inject("send", { to: "duty@example.com", payload: "94 %" });
    const { error } = await bench.received("failed");
    assert.equal(error?.code, "SMTP_TRANSACTION_FAILED");
    assert.equal(error?.smtpCode, 554);
    assert.equal(error?.modemCode, undefined);
    assert.match(error?.message ?? "", /the server said "554/);
  });

  it("waits for a right password, and goes out when it was deployed", async () => {
    const { port, received } = await open({ auth: LOGIN });
    await load(port, {}, { smtpUser: LOGIN.user, smtpPassword: "wrong" });
    bench.inject("send", { to: "duty@example.com", payload: "94 %" });
    await bench.showsStatus("send", "SIMULATED login refused · 1 ✉");
    await bench.unload();
    await load(port, {}, { smtpUser: LOGIN.user, smtpPassword: LOGIN.password });
    await waitFor("the mail", () => received.length === 1);
  });

  it("waits for a right client secret, and all that wait go out at once when it was deployed", async () => {
    const right = "a canary+client/secret~82";
    const tokens = await TokenServer.start();
    try {
      const { port, received } = await open(tokens.mailServer(LOGIN.user));
      tokens.answer = (request, form, response) => {
        const isRight = form.get("client_secret") === right;
        if (isRight) tokens.newest = "canary-token-82";
        const answer = isRight
          ? jsonAnswer(200, { token_type: "Bearer", expires_in: 3600, access_token: tokens.newest })
          : jsonAnswer(401, { error: "invalid_client" });
        answer(request, form, response);
      };
      const loadWith = (clientSecret: string): Promise<void> =>
        load(port, tokenLogin(tokens), { smtpUser: LOGIN.user, clientSecret });
      await loadWith("expired");
      for (const payload of ["94 %", "95 %", "96 %"])
        bench.inject("send", { to: "duty@example.com", payload });
      await bench.showsStatus("send", /^SIMULATED token refused · 3 ✉/);
      const asked = tokens.asked.length;
      await bench.unload();
      // Another deploy changes nothing about it: the endpoint is left alone.
      await loadWith("expired");
      await bench.showsStatus("send", /^SIMULATED token refused · 3 ✉/);
      assert.equal(tokens.asked.length, asked);
      await bench.unload();
      await loadWith(right);
      await waitFor("all mails", () => received.length === 3);
      assert.deepEqual(
        new Set(received.map(({ parsed }) => parsed.text?.trim())),
        new Set(["94 %", "95 %", "96 %"]),
      );
      assert.equal(tokens.asked.length, asked + 1, "one token for all of them");
    } finally {
      await tokens.stop();
    }
  });

  it("sends its test mail the same way, and asks for no coding", async () => {
    const { port, received } = await open({ auth: LOGIN });
    await bench.load([helperNode("other")]);
    const { id: _, type: __, ...properties } = modemNode(port, { mailer: "socket" });
    const view = await testMail(properties, { smtpUser: LOGIN.user, smtpPassword: LOGIN.password });
    assert.deepEqual(view.end, { kind: "done" });
    assert.deepEqual(
      view.steps.map(({ name, status }: Loose) => `${name} ${status}`),
      ["modem ok", "connect ok", "login ok", "envelope ok", "data ok", "commit ok"],
    );
    assert.equal(view.mail.coding, undefined);
    assert.match(received[0]?.parsed.text ?? "", /温度过高/);
    assert.equal(received[0]?.user, LOGIN.user);
  });

  it("is tested up to the login, without a mail", async () => {
    const { port, received } = await open({ auth: LOGIN });
    await bench.load([helperNode("other")]);
    const { id: _, type: __, ...properties } = modemNode(port, { mailer: "socket" });
    for (const [password, status] of [
      [LOGIN.password, "ok"],
      ["wrong", "failed"],
    ] as const) {
      const { steps } = await connectionTest("diagnosis", properties, {
        smtpUser: LOGIN.user,
        smtpPassword: password,
      });
      assert.equal(steps.find(({ name }: Loose) => name === "login").status, status);
    }
    assert.equal(received.length, 0);
  });

  it("sends each mail by the way that fits it, and a test mail by both", async () => {
    const { port, received } = await open({ auth: { user: "pump7", password: "secret" } });
    const credentials = { smtpUser: "pump7", smtpPassword: "secret" };
    await load(port, { mailer: "auto" }, credentials);
    bench.inject("send", { to: "duty@example.com", topic: "Level", payload: "94 %" });
    await bench.received("sent");
    bench.inject("send", { to: "duty@example.com", topic: "Pegel 过高", payload: "94 %" });
    await waitFor("both mails", () => received.length === 2);
    // Only this package gives its mails a Message-ID of its own making.
    const isOurs = (index: number): boolean =>
      /^Message-ID: <[0-9a-f]{32}@/im.test(received[index]?.raw.toString() ?? "");
    assert.deepEqual([isOurs(0), isOurs(1)], [false, true]);
    await bench.unload();
    await bench.load([helperNode("other")]);
    const { id: _, type: __, ...properties } = modemNode(port, { mailer: "auto" });
    const view = await testMail(properties, credentials);
    assert.deepEqual(view.end, { kind: "done" });
    assert.deepEqual(
      view.steps.map(({ name, status }: Loose) => `${name} ${status}`),
      ["modem ok", "byModule ok", "bySocket ok"],
    );
    assert.deepEqual([isOurs(2), isOurs(3)], [false, true]);
    assert.notEqual(view.mail.coding, undefined);

    await server?.stop();
    const { port: other, received: secure } = await open({ auth: LOGIN });
    const long = { smtpUser: LOGIN.user, smtpPassword: LOGIN.password };
    const { steps } = await testMail({ ...properties, smtpPort: String(other) }, long);
    assert.deepEqual(
      steps.map(({ name, status }: Loose) => `${name} ${status}`),
      ["modem ok", "byModule skipped", "bySocket ok"],
    );
    assert.equal(secure.length, 1);
  });

  it("sends letters by the module's client once a person could read them in a test mail, until one could not", async () => {
    const { port } = await open();
    await bench.load([helperNode("other")]);
    const { id: _, type: __, ...properties } = modemNode(port, { mailer: "auto" });
    const { id } = await testMail(properties, {});
    await bench.unload();
    await load(port, { mailer: "auto" });
    assert.equal(await wayOf(1), "socket");
    assert.equal((await says(id, { readable: true })).status, 200);
    assert.equal(await wayOf(2), "module");
    assert.equal((await says(id, { readable: "no" })).status, 400);
    assert.equal((await says("1", { readable: false })).status, 404);
    assert.equal(await wayOf(3), "module");
    assert.equal((await says(id, { readable: false })).status, 200);
    assert.equal(await wayOf(4), "socket");
  });

  it("keeps what a person says of the letters hours later, when the test mail has arrived at last", async () => {
    const clock = new LeapingClock();
    try {
      const { port } = await open();
      await bench.load([helperNode("other")]);
      const { id: _, type: __, ...properties } = modemNode(port, { mailer: "auto" });
      const { id } = await testMail(properties, {});
      clock.leap(5 * 3_600_000);
      assert.equal((await says(id, { readable: true })).status, 200);
      await bench.unload();
      await load(port, { mailer: "auto" });
      assert.equal(await wayOf(1), "module");
      clock.leap(20 * 3_600_000);
      assert.equal((await says(id, { readable: false })).status, 404);
    } finally {
      clock.restore();
    }
  });

  it("asks again about the letters of a real module after those of the simulated one were read", async () => {
    const module = new SimulatedModem({});
    const served = await serveTcp(module, { tcpPort: 0 });
    try {
      const { port } = await open();
      await bench.load([helperNode("other")]);
      const { id: _, type: __, ...properties } = modemNode(port, { mailer: "auto" });
      const simulated = await testMail(properties, {});
      assert.equal((await says(simulated.id, { readable: true })).status, 200);
      await bench.unload();
      const real = { transport: "tcp", tcpHost: "127.0.0.1", tcpPort: String(served.tcpPort) };
      await load(port, { mailer: "auto", ...real });
      assert.equal(await wayOf(1), "socket");
    } finally {
      await bench.unload();
      await served.close();
    }
  });

  it("says which part of a login by a token failed: the endpoint, or the mail server", async () => {
    const secret = "a canary+client/secret~81";
    const tokens = await TokenServer.start();
    try {
      const { port, received } = await open(tokens.mailServer(LOGIN.user));
      await bench.load([helperNode("other")]);
      const { id: _, type: __, ...properties } = modemNode(port, tokenLogin(tokens));
      const tested = async (mailer: string): Promise<readonly string[]> => {
        const credentials = { smtpUser: LOGIN.user, clientSecret: secret };
        const view = await testMail({ ...properties, mailer }, credentials);
        assert.doesNotMatch(JSON.stringify(view), /canary/);
        return view.steps.map(({ name, status }: Loose) => `${name} ${status}`);
      };
      const passed = ["modem ok", "token ok", "connect ok", "tls ok"];
      assert.deepEqual(await tested("socket"), [
        ...passed,
        "login ok",
        "envelope ok",
        "data ok",
        "commit ok",
      ]);
      assert.equal(received.length, 1);
      assert.ok(server);
      server.refuse = { auth: 535 };
      assert.deepEqual(await tested("socket"), [...passed, "login failed"]);
      const refusal = { error: "invalid_client", error_description: `no ${secret}` };
      tokens.answer = jsonAnswer(401, refusal);
      assert.deepEqual(await tested("auto"), [
        "modem ok",
        "byModule skipped",
        "token failed",
        "bySocket skipped",
      ]);
    } finally {
      await tokens.stop();
    }
  });

  /** A test by the dialog, to its end. */
  const says = (about: string, body: object) =>
    helper.request().post(`/quectel-modem/connection-tests/${about}/letters`).send(body);

  /** Sends letters beyond ASCII as mail number `count`; resolves with the way that they took. */
  const wayOf = async (count: number): Promise<string> => {
    bench.inject("send", { to: "duty@example.com", topic: "Pegel 过高", payload: "94 %" });
    return (await bench.received("sent", count)).smtp.via;
  };

  const testMail = (properties: object, credentials: object): Promise<Loose> =>
    connectionTest("mail", properties, credentials);

  async function connectionTest(kind: string, properties: object, credentials: object): Promise<Loose> {
    const { body } = await helper.request().post("/quectel-modem/connection-tests").send({
      kind,
      modem: "modem",
      flow: "",
      properties,
      credentials,
      recipient: "duty@example.com",
    });
    return waitFor("the end of the test", async () => {
      const look: Loose = (await helper.request().get(`/quectel-modem/connection-tests/${body.id}`)).body;
      return look.phase === "ended" ? look : undefined;
    });
  }
});
