import assert from "node:assert/strict";
import type { MailSample } from "../../../lib/facts";
import { internet } from "../../../lib/simulator";
import { MailServer, type MailServerOptions } from "../../support/mail-server";
import { answersOf, factsRig, snapshot, type FactsRigOptions } from "../../unit/facts/facts-rig";

const LOGIN = { user: "boiler9@example.com", password: "sample-word" } as const;

describe("Facts with leave to send a mail", () => {
  let server: MailServer;

  afterEach(() => server.stop());

  async function rigWithServer(options: FactsRigOptions = {}, how: MailServerOptions = {}) {
    server = await MailServer.start({ auth: LOGIN, ...how });
    // Delivery takes its time, so that commands meet a module that sends.
    const rig = await factsRig({ ...options, module: { timing: { airMs: 5_000 } } });
    rig.module.state(internet).hosts = { "mail.example.net": "127.0.0.1" };
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

  it("send one mail, and say what the module answers meanwhile", async () => {
    const rig = await rigWithServer();
    const before = snapshot(rig.module, rig.clock);
    const report = await rig.ask({ send: rig.sample });
    assert.equal(server.received.length, 1);
    const { to, parsed } = await server.waitForMail();
    assert.deepEqual(to, ["duty9@example.com"]);
    assert.equal(parsed.subject, "Facts about a module");
    const answers = answersOf(report);
    assert.equal(answers["sample-mail"], "+QSMTPPUT: 0,0");
    assert.equal(answers["list-while-sending"], "OK");
    assert.equal(answers["upload-while-sending"], "OK");
    assert.deepEqual(report.notRestored, []);
    assert.deepEqual(snapshot(rig.module, rig.clock), before);
  });

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
