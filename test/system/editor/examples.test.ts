/** Every example as a user gets it: all in one Node-RED, their buttons pressed, their mails read. */
import assert from "node:assert/strict";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { filesIn, readJson } from "../../support/editor-files";
import { MailServer, type ReceivedMail } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import { resolve } from "node:path";

interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
}

/** The button that is pressed in each example, and the mail that follows. */
const MAILS = [
  { example: "01 First mail", button: "Send a mail", subject: "Level high in tank 2", files: [] },
  {
    example: "02 Alarm with hysteresis and all-clear",
    button: "level 95 %",
    subject: "ALARM: tank 2 is high",
    files: [],
  },
  {
    example: "02 Alarm with hysteresis and all-clear",
    button: "level 75 %",
    subject: "All clear: tank 2",
    files: [],
  },
  {
    example: "03 Daily report as CSV",
    button: "every day at 7",
    subject: "Daily report",
    files: [/^report-[\d-]+\.csv$/],
  },
  {
    example: "04 Camera picture as attachment",
    button: "motion",
    subject: "Somebody is at the gate",
    files: [/^gate\.gif$/],
  },
  {
    example: "05 Modem when the internet fails",
    button: "alarm",
    subject: "Level high in tank 2",
    files: [],
  },
  {
    example: "06 Data connection by schedule",
    button: "a mail",
    subject: "Level",
    files: [],
  },
  { example: "07 Watch signal and outbox", button: "a mail", subject: "Level", files: [] },
  { example: "10 Second modem as fallback", button: "alarm", subject: "Level high in tank 2", files: [] },
  {
    example: "13 Mails of devices in the LAN",
    button: "mail of the UPS",
    subject: "ups@cabinet7.lan: On battery",
    files: [],
  },
  { example: "15 Escalation until acknowledged", button: "alarm", subject: "Tank 2", files: [] },
  {
    example: "16 HTML with a picture",
    button: "every day at 7",
    subject: "Tank 2: 94 %",
    files: [/^levels\.gif$/],
  },
  {
    example: "17 Alarm and all-clear in one thread",
    button: "level 95 %",
    subject: "ALARM: tank 2 is high",
    files: [],
  },
] as const;

const read = (name: string): ExampleNode[] => readJson(`examples/${name}.json`);
const NAMES = filesIn("examples").map((file) => file.replace(/\.json$/, ""));

for (const version of nodeRedVersions()) {
  describe(`The examples in Node-RED ${version.name}`, () => {
    let server: MailServer;
    let nodeRed: NodeRedProcess;
    const log: string[] = [];

    before(async () => {
      server = await MailServer.start();
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      assert(port !== undefined);
      const flows = NAMES.flatMap(read).map((node) =>
        node.type === "quectel-modem"
          ? { ...node, smtpHost: "127.0.0.1", smtpPort: String(server.port) }
          : node,
      );
      nodeRed = await startNodeRed({
        ...version,
        port,
        flows,
        prepare: linkPackage(resolve(__dirname, "../../..")),
        onLine: (line) => log.push(line),
      });
    });

    after(async () => {
      await nodeRed?.stop();
      await server?.stop();
    });

    it("need no node that Node-RED does not bring along", () => {
      assert.deepEqual(
        log.filter((line) => /missing types|unknown/i.test(line)),
        [],
      );
    });

    for (const { example, button, subject, files } of MAILS) {
      it(`send the mail of "${example}" at the press of "${button}"`, async () => {
        const count = server.received.length;
        const inject = read(example).find(({ type, name }) => type === "inject" && name === button);
        assert(inject !== undefined);
        const response = await fetch(new URL(`inject/${inject.id}`, nodeRed.url), { method: "POST" });
        assert.equal(response.status, 200);
        const mail: ReceivedMail = await waitFor(`the mail of ${example}`, () => server.received[count]);
        assert.equal(mail.parsed.subject, subject);
        assert.deepEqual(mail.to, ["duty@example.com"]);
        const names = mail.parsed.attachments.map(({ filename }) => filename ?? "");
        assert.equal(names.length, files.length);
        files.forEach((pattern, index) => assert.match(names[index] ?? "", pattern));
      });
    }

    it("end without an error in the log", () => {
      const errors = log.filter((line) => /\[error\]|uncaught/i.test(line));
      assert.deepEqual(errors, []);
    });
  });
}
