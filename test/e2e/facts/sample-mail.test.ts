import assert from "node:assert/strict";
import type { MailSample } from "../../../lib/facts";
import { numberedText } from "../../../lib/facts/mail-questions";
import { internet } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { certificate } from "../../support/certificates";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import {
  answersOf,
  factsRig,
  greetingServer,
  snapshot,
  type FactsRigOptions,
} from "../../unit/facts/facts-rig";

const LOGIN = { user: "boiler9@example.com", password: "sample-word" } as const;

describe("Facts with leave to send a mail", () => {
  let server: MailServer;

  afterEach(() => server.stop());

  async function rigWithServer(options: FactsRigOptions = {}, how: MailServerOptions = {}) {
    server = await MailServer.start({ auth: LOGIN, ...how });
    // Delivery takes its time, so that commands meet a module that sends.
    const rig = await factsRig({ ...options, module: { timing: { airMs: 5_000 } } });
    Object.assign(rig.module.state(internet), {
      hosts: { "mail.example.net": "127.0.0.1" },
      // What the module's sockets see of the server.
      tcpServer: () =>
        greetingServer("closes", [], how.tls === "starttls" ? ["STARTTLS", "SIZE 100"] : ["SIZE 100"]),
    });
    const sample: MailSample = {
      ...LOGIN,
      host: "mail.example.net",
      port: server.port,
      security: "none",
      sender: "boiler9@example.com",
      recipient: "duty9@example.com",
      contextId: 1,
    };
    return { ...rig, sample };
  }

  it("send the mails that were said, and say what the module answers meanwhile", async () => {
    const rig = await rigWithServer({}, { refuse: { rcpt: { "facts@facts.invalid": 550 } } });
    const before = snapshot(rig.module, rig.clock);
    const report = await rig.ask({ send: rig.sample });
    assert.deepEqual(
      server.received.map(({ to, parsed }) => [...to, parsed.subject?.replace(/\.{3,}!$/, "..!")]),
      [
        ["duty9@example.com", "Facts about a module"],
        ["duty9@example.com", "Facts: a text of 3073 bytes"],
        ["duty9@example.com", "Facts: a text of 10000 bytes"],
        ["duty9@example.com", "Facts: a subject of 99 bytes ..!"],
        ["duty9@example.com", "Facts: a subject of 100 bytes ..!"],
      ],
    );
    assert.equal(
      server.received[2]?.parsed.text?.trim(),
      numberedText(10_000).trim().replaceAll("\r\n", "\n"),
    );
    assert.match(report.notices.join(), /Up to 8 mails go to the recipient/);
    const answers = answersOf(report);
    assert.equal(answers["refused-login"], "+QSMTPPUT: 677,535");
    assert.match(answers["refused-recipient"] ?? "", /^\+QSMTPPUT: \d+,550$/);
    assert.equal(answers["tls-server-name"], "notAsked: no certificate is checked without encryption");
    assert.equal(answers["sample-mail"], "+QSMTPPUT: 0,0");
    assert.equal(answers["list-while-sending"], "OK");
    assert.equal(answers["upload-while-sending"], "OK");
    assert.deepEqual(report.notRestored, []);
    assert.deepEqual(snapshot(rig.module, rig.clock), before);
  });

  for (const value of ["error", "clear"] as const) {
    it(`see that a mail with STARTTLS where it is not offered ends in ${value}`, async () => {
      const rig = await rigWithServer({ variants: { "starttls-missing": value } });
      const report = await rig.ask({ send: rig.sample });
      assert.equal(answersOf(report)["starttls-missing"], value);
      const clear = server.received.filter(({ parsed }) => parsed.subject?.includes("STARTTLS") === true);
      assert.equal(clear.length, value === "clear" ? 1 : 0);
    });
  }

  it("do not ask that of a server that offers STARTTLS", async () => {
    const rig = await rigWithServer({}, { tls: "starttls" });
    const report = await rig.ask({ send: rig.sample });
    assert.equal(answersOf(report)["starttls-missing"], "notAsked: the server offers STARTTLS");
  });

  for (const value of ["unchecked", "checked"] as const) {
    it(`see that a certificate of another name is ${value}`, async () => {
      const rig = await rigWithServer(
        { variants: { "tls-server-name": value } },
        { tls: "implicit", certificate: certificate("other-name") },
      );
      rig.module.state(internet).hosts = { "other.example.com": "127.0.0.1" };
      storageOf(rig.module, "UFS").delete("ca.pem");
      storageOf(rig.module, "UFS").create("ca.pem").content = Buffer.from(certificate("ca").cert);
      await rig.other.configure('AT+QSSLCFG="seclevel",2,1', 'AT+QSSLCFG="ignorelocaltime",2,1');
      const send: MailSample = { ...rig.sample, host: "other.example.com", security: "tls" };
      const report = await rig.ask({ send });
      assert.equal(answersOf(report)["sample-mail"], "+QSMTPPUT: 0,0");
      assert.equal(answersOf(report)["tls-server-name"], value);
      assert.ok(!`${report.transcript ?? ""}${JSON.stringify(report)}`.includes("other.example.com"));
    });
  }

  it("see busy commands during that mail where no mail waits for its context", async () => {
    for (const value of ["all", "put"] as const) {
      const rig = await rigWithServer({ variants: { "put-context-wait": "0", "busy-commands": value } });
      assert.equal(answersOf(await rig.ask({ send: rig.sample }))["busy-commands"], value);
      if (value === "all") await server.stop();
    }
  });

  it("activate the context where it is not active, and deactivate it again", async () => {
    const rig = await rigWithServer();
    await rig.other.configure("AT+QIDEACT=1");
    const before = snapshot(rig.module, rig.clock);
    assert.deepEqual(before.active, []);
    const report = await rig.ask({ send: rig.sample });
    assert.equal(answersOf(report)["sample-mail"], "+QSMTPPUT: 0,0");
    assert.deepEqual(snapshot(rig.module, rig.clock), before);
  });

  it("report the refusal of a login without showing it", async () => {
    const rig = await rigWithServer({}, { auth: { user: "another", password: "other-word" } });
    const report = await rig.ask({ send: rig.sample });
    assert.equal(answersOf(report)["sample-mail"], "+QSMTPPUT: 677,535");
    for (const secret of [LOGIN.user, LOGIN.password]) {
      assert.ok(!`${report.transcript ?? ""}${JSON.stringify(report)}`.includes(secret));
    }
  });
});
