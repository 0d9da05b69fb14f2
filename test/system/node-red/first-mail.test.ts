/**
 * The main job from end to end: a real Node-RED, a flow, serialport on a pseudo terminal, the simulated modem as a
 * program of its own, a real SMTP server. On every Node-RED version.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { MailServer } from "../../support/mail-server";
import { complaints } from "../../support/node-red-log";
import { nodeRedVersions } from "../../support/node-red-versions";
import { startSimulatorOnPty, type SimulatorProcess } from "../../support/simulator-process";

const ROOT = resolve(__dirname, "../../..");

/** What the flow of the test answers: the number of the output and the two properties a result may carry. */
interface Answer {
  readonly output: 1 | 2;
  readonly smtp?: {
    status: string;
    accepted: string[];
    rejected: unknown[];
    attempts: number;
    simulated?: boolean;
  };
  readonly error?: { code: string; hint: string; message: string; class: string; source: { type: string } };
}

/** An HTTP request in, one smtp-send node, its result out as the answer; and a Catch node that counts. */
function flow(modem: object): object[] {
  const report = (id: string, output: number) => ({
    id,
    type: "change",
    z: "tab",
    name: "",
    rules: [
      {
        t: "set",
        p: "payload",
        pt: "msg",
        to: `{"output": ${output}, "smtp": smtp, "error": error}`,
        tot: "jsonata",
      },
    ],
    wires: [["answer"]],
  });
  return [
    { id: "tab", type: "tab", label: "Test" },
    { id: "modem", type: "quectel-modem", name: "EC25", ...modem },
    { id: "in", type: "http in", z: "tab", url: "/send", method: "post", wires: [["unwrap"]] },
    {
      id: "unwrap",
      type: "change",
      z: "tab",
      rules: [
        { t: "set", p: "to", pt: "msg", to: "payload.to", tot: "msg" },
        { t: "set", p: "topic", pt: "msg", to: "payload.topic", tot: "msg" },
        { t: "set", p: "payload", pt: "msg", to: "payload.text", tot: "msg" },
      ],
      wires: [["send"]],
    },
    {
      id: "send",
      type: "quectel-smtp-send",
      z: "tab",
      name: "",
      modem: "modem",
      errorTo: "both",
      wires: [["sent"], ["failed"]],
    },
    report("sent", 1),
    report("failed", 2),
    { id: "answer", type: "http response", z: "tab", name: "", statusCode: "", headers: {}, wires: [] },
  ];
}

for (const version of nodeRedVersions()) {
  describe(`A mail from a flow in Node-RED ${version.name} through a serial port`, function () {
    this.timeout(120_000);

    let folder: string;
    let server: MailServer;
    let simulator: SimulatorProcess;
    let nodeRed: NodeRedProcess;
    const log: string[] = [];

    const send = async (message: object): Promise<Answer> => {
      const response = await fetch(new URL("send", nodeRed.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(message),
      });
      assert.equal(response.status, 200);
      return (await response.json()) as Answer;
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "first-mail-"));
      server = await MailServer.start();
      const pty = join(folder, "ttyUSB2");
      simulator = await startSimulatorOnPty(pty);
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      assert.ok(port);
      nodeRed = await startNodeRed({
        ...version,
        port,
        prepare: linkPackage(ROOT),
        onLine: (line) => log.push(line),
        flows: flow({
          transport: "serial",
          serialPort: pty,
          apn: "internet",
          smtpHost: "127.0.0.1",
          smtpPort: String(server.port),
          smtpSecurity: "none",
          senderName: "Pump 7",
          senderAddress: "pump7@example.com",
        }),
      });
    });

    after(async () => {
      await nodeRed?.stop();
      await simulator?.stop();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("arrives with sender, recipient, subject and text, and its result leaves output 1", async () => {
      const answer = await send({
        to: "duty@example.com",
        topic: "Pump 7 alarm",
        text: "Level too high.\nPlease look.",
      });
      assert.equal(answer.output, 1, JSON.stringify(answer));
      assert.equal(answer.smtp?.status, "sent");
      assert.deepEqual(answer.smtp.accepted, ["duty@example.com"]);
      assert.deepEqual(answer.smtp.rejected, []);
      assert.equal(answer.smtp.attempts, 1);
      assert.equal(answer.smtp.simulated, undefined);

      const [mail] = server.received;
      assert.ok(mail);
      assert.equal(mail.from, "pump7@example.com");
      assert.deepEqual(mail.to, ["duty@example.com"]);
      assert.equal(mail.parsed.from?.text, '"Pump 7" <pump7@example.com>');
      assert.equal(mail.parsed.subject, "Pump 7 alarm");
      assert.equal(mail.parsed.text?.trimEnd(), "Level too high.\nPlease look.");
    });

    it("carries a mail in other alphabets", async () => {
      const before = server.received.length;
      const answer = await send({
        to: "duty@example.com",
        topic: "Füllstand 水位",
        text: "Grüße, 水位过高 \u{1F6A8}",
      });
      assert.equal(answer.output, 1, JSON.stringify(answer));
      const mail = server.received[before];
      assert.equal(mail?.parsed.subject, "Füllstand 水位");
      assert.equal(mail?.parsed.text?.trimEnd(), "Grüße, 水位过高 \u{1F6A8}");
    });

    it("ends a mail without recipient on output 2 with code and hint, and the next one still goes out", async () => {
      const before = server.received.length;
      const refused = await send({ topic: "Nobody", text: "Nobody reads this" });
      assert.equal(refused.output, 2);
      assert.equal(refused.error?.code, "INVALID_NO_RECIPIENT");
      assert.ok(refused.error.hint);
      assert.equal(refused.error.source.type, "quectel-smtp-send");
      const next = await send({ to: "duty@example.com", topic: "Next", text: "Still here" });
      assert.equal(next.output, 1);
      assert.equal(server.received.length, before + 1);
    });

    it("leaves no warning and no uncaught error in the log but the refused mail", () => {
      const refused = /\[error\] \[quectel-smtp-send:/;
      assert.deepEqual(
        complaints(log).filter((line) => !refused.test(line)),
        [],
      );
    });
  });
}
