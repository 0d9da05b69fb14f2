/**
 * All that a mail over a socket can have, at once: a real Node-RED, serialport on a pseudo terminal, the simulated module
 * as a program of its own, a real mail server that offers STARTTLS. What arrives is compared as a whole, so that a part
 * that nobody thought of cannot be missing either. On every Node-RED version, with a password and with a token that comes
 * from an HTTPS server on loopback through a second socket of the module.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressObject, ParsedMail } from "mailparser";
import { certificate } from "../../support/certificates";
import { MailServer } from "../../support/mail-server";
import { complaints } from "../../support/node-red-log";
import { nodeRedVersions } from "../../support/node-red-versions";
import { startSimulatorOnPty, type SimulatorProcess } from "../../support/simulator-process";
import { TokenServer } from "../../support/token-server";
import { Gateway } from "../deploy/gateway";
import { modem, tab, type FlowNode } from "../deploy/parts";

const USER = "pump7@example.com";
/** 70 bytes, some of them beyond ASCII: the module's own client takes 50. */
const PASSWORD = `€/7${"key-".repeat(16)}"`;
/** Of the application that asks for tokens. */
const CLIENT_SECRET = "a canary+client/secret~81";
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
/** Bytes of every value, with line ends and dots in all positions. */
const RECORDING = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) % 256));
const HTML =
  '<!DOCTYPE html><html><body><h1>Füllstand 过高</h1>\n<p>Pegel <b>3,2 m</b></p>\n<img src="cid:trend@plant7" alt="Trend">\n</body></html>';
const SUBJECT = `Füllstand 过高 🚨 ${"sehr ".repeat(20)}hoch`;

const people = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `person-${from + at}@example.com`);
const TO = people(1, 20);
const CC = people(21, 3);
const BCC = people(24, 2);
const REFUSED = "person-7@example.com";
const ACCEPTED = [...TO, ...CC, ...BCC].filter((address) => address !== REFUSED);

const PROPERTIES = [
  "to",
  "cc",
  "bcc",
  "topic",
  "payload",
  "attachments",
  "replyTo",
  "headers",
  "inReplyTo",
] as const;

/** An HTTP request in; attach-file reads the recording; the result of smtp-send out as the answer. */
function flow(modemNode: FlowNode, recording: string): FlowNode[] {
  const at = { z: "tab", x: 100, y: 100 };
  const report = (id: string): FlowNode => ({
    id,
    type: "change",
    ...at,
    rules: [
      {
        t: "set",
        p: "payload",
        pt: "msg",
        to: '{"smtp": smtp, "error": error, "attachments": attachments}',
        tot: "jsonata",
      },
    ],
    wires: [["answer"]],
  });
  return [
    tab(),
    modemNode,
    { id: "in", type: "http in", ...at, url: "/send", method: "post", wires: [["unwrap"]] },
    {
      id: "unwrap",
      type: "change",
      ...at,
      rules: [
        { t: "move", p: "payload", pt: "msg", to: "mail", tot: "msg" },
        ...PROPERTIES.map((name) => ({ t: "set", p: name, pt: "msg", to: `mail.${name}`, tot: "msg" })),
      ],
      wires: [["attach"]],
    },
    {
      id: "attach",
      type: "quectel-attach-file",
      ...at,
      version: 1,
      source: recording,
      sourceType: "path",
      filename: "messwerte größe 高.bin",
      filenameType: "str",
      mode: "mail",
      modem: "",
      errorTo: "both",
      wires: [["send"], ["failed"]],
    },
    {
      id: "send",
      type: "quectel-smtp-send",
      ...at,
      version: 1,
      modem: "modem",
      errorTo: "both",
      wires: [["sent"], ["failed"]],
    },
    report("sent"),
    report("failed"),
    { id: "answer", type: "http response", ...at, statusCode: "", headers: {}, wires: [] },
  ];
}

const addresses = (list: AddressObject | AddressObject[] | undefined): readonly (string | undefined)[] =>
  [list ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address));
const sum = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** All that a mail program shows of it, and the names of its header fields. */
function contents(mail: ParsedMail): object {
  const { from, replyTo, to, cc, bcc, subject, inReplyTo, references, text, html, attachments, headerLines } =
    mail;
  return {
    fields: headerLines.map(({ key }) => key).sort(),
    from: from?.value,
    replyTo: replyTo?.value,
    to: addresses(to),
    cc: addresses(cc),
    bcc: addresses(bcc),
    subject,
    inReplyTo,
    references,
    plant: mail.headers.get("x-plant"),
    autoSubmitted: mail.headers.get("auto-submitted"),
    text: text?.trim(),
    // The parser puts the picture into the text in HTML.
    html: (html || "").trim().replace(/data:image\/png;base64,[^"]*/, "cid:trend@plant7"),
    attachments: attachments.map(
      ({ filename, contentType, contentDisposition, cid, related, size, content }) => ({
        filename,
        contentType,
        contentDisposition,
        cid,
        related,
        size,
        sum: sum(content),
      }),
    ),
  };
}

/** Everything that Node-RED has written for itself. */
async function filesOf(userDir: string): Promise<string> {
  const entries = await readdir(userDir, { recursive: true, withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"));
  const texts = await Promise.all(
    own.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1").catch(() => "")),
  );
  return texts.join("\n");
}

const runs = nodeRedVersions().flatMap((version) =>
  (["password", "token"] as const).map((login) => ({ version, login })),
);
for (const { version, login } of runs) {
  describe(`A mail with everything by Node-RED ${version.name} and a ${login}, over a socket of the module at a serial port`, function () {
    this.timeout(120_000);

    let folder: string;
    let server: MailServer;
    let tokens: TokenServer;
    let simulator: SimulatorProcess;
    let gateway: Gateway;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "whole-mail-"));
      tokens = await TokenServer.start();
      server = await MailServer.start({
        tls: "starttls",
        auth: { user: USER, password: PASSWORD, token: () => tokens.newest },
        authMethods: [login === "token" ? "XOAUTH2" : "PLAIN"],
        refuse: { rcpt: { [REFUSED]: 550 } },
      });
      const pty = join(folder, "ttyUSB2");
      simulator = await startSimulatorOnPty(pty, [
        "--fast",
        "--trace",
        "--host",
        "mail.example.com=127.0.0.1",
      ]);
      const recording = join(folder, "recording.bin");
      await writeFile(recording, RECORDING);
      gateway = await Gateway.start({ version, userDir: await mkdtemp(join(folder, "user-")), flows: [] });
      const settings = {
        mailer: "socket",
        smtpHost: "mail.example.com",
        smtpSecurity: "starttls",
        tlsVerify: true,
        tlsRoot: "pem",
        tlsCa: certificate("ca").cert,
        senderName: 'Pümp "7"',
        ...(login === "token" && {
          login: "oauth2",
          tokenUrl: `https://localhost:${tokens.port}/token`,
          clientId: "app-1",
        }),
        credentials: {
          smtpUser: USER,
          ...(login === "token" ? { clientSecret: CLIENT_SECRET } : { smtpPassword: PASSWORD }),
        },
      };
      await gateway.deploy(flow(modem(pty, server.port, settings), recording), "full");
    });

    after(async () => {
      await gateway?.stop();
      await simulator?.stop();
      await server?.stop();
      await tokens?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("arrives whole, by STARTTLS with TLS 1.3, and its result names the one who was refused", async () => {
      const before = Date.now();
      const response = await fetch(new URL("send", gateway.url), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          to: TO,
          cc: CC.join(", "),
          bcc: BCC,
          topic: SUBJECT,
          payload: HTML,
          attachments: [
            {
              filename: "trend größe.png",
              content: PICTURE.toString("base64"),
              encoding: "base64",
              cid: "trend@plant7",
            },
          ],
          replyTo: "Büro 高 <office@example.com>",
          headers: { "X-Plant": "7" },
          inReplyTo: "<alarm-7@example.com>",
        } satisfies Record<(typeof PROPERTIES)[number], unknown>),
      });
      assert.equal(response.status, 200);
      const answer: ReturnType<JSON["parse"]> = await response.json();
      const { smtp, error, attachments } = answer;
      assert.equal(server.received.length, 1, JSON.stringify({ smtp, error, log: gateway.log.slice(-20) }));
      const [mail] = server.received;
      assert.ok(mail);
      const { id, messageId, acceptedAt, queuedMs, sendMs, bytes, ...result } = smtp;
      assert.deepEqual(result, {
        status: "partial",
        via: "socket",
        accepted: ACCEPTED,
        rejected: [{ address: REFUSED, smtpCode: 550 }],
        attempts: 1,
        warnings: [],
        smtpCode: 550,
        response: "250 OK: message queued",
        tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
      });
      assert.equal(error, undefined);
      assert.deepEqual(attachments, [
        { filename: "trend größe.png", size: PICTURE.length, cid: "trend@plant7" },
        { filename: "messwerte größe 高.bin", size: RECORDING.length },
      ]);
      assert.ok(typeof id === "string" && id !== "");
      assert.ok(Date.parse(acceptedAt) >= before && queuedMs >= sendMs && sendMs >= 0);
      assert.ok(bytes > RECORDING.length);

      assert.deepEqual(
        { from: mail.from, to: mail.to, user: mail.user, secure: mail.secure, serverName: mail.serverName },
        {
          from: "pump7@example.com",
          to: ACCEPTED,
          user: USER,
          secure: true,
          serverName: "mail.example.com",
        },
      );
      assert.equal(mail.parsed.messageId, messageId);
      assert.match(messageId, /^<[0-9a-f]{32}@example\.com>$/);
      // A header field has whole seconds.
      const raised = mail.parsed.date?.getTime() ?? 0;
      assert.ok(raised > before - 1_000 && raised <= Date.parse(acceptedAt), String(mail.parsed.date));
      assert.deepEqual(contents(mail.parsed), {
        fields: [
          "auto-submitted",
          "cc",
          "content-type",
          "date",
          "from",
          "in-reply-to",
          "message-id",
          "mime-version",
          "references",
          "reply-to",
          "subject",
          "to",
          "x-plant",
        ],
        from: [{ address: "pump7@example.com", name: 'Pümp "7"' }],
        replyTo: [{ address: "office@example.com", name: "Büro 高" }],
        to: TO,
        cc: CC,
        bcc: [],
        subject: SUBJECT,
        inReplyTo: "<alarm-7@example.com>",
        references: "<alarm-7@example.com>",
        plant: "7",
        autoSubmitted: "auto-generated",
        text: "Füllstand 过高\n\nPegel 3,2 m\n\n[Trend]",
        html: HTML,
        attachments: [
          {
            filename: "trend größe.png",
            contentType: "image/png",
            contentDisposition: "inline",
            cid: "trend@plant7",
            related: true,
            size: PICTURE.length,
            sum: sum(PICTURE),
          },
          {
            filename: "messwerte größe 高.bin",
            contentType: "application/octet-stream",
            contentDisposition: "attachment",
            cid: undefined,
            related: undefined,
            size: RECORDING.length,
            sum: sum(RECORDING),
          },
        ],
      });
    });

    it("leaves no complaint in the log but that about the refused recipient, and no secret anywhere", async () => {
      const [complaint = "", ...others] = complaints(gateway.log);
      assert.match(complaint, /\[error\] \[quectel-smtp-send:send\] .* \(550\)/);
      assert.deepEqual(others, []);
      const line = simulator.lines.join("\n");
      assert.match(line, /STARTTLS/);
      const coded = (text: string): string => Buffer.from(text).toString("base64");
      const token = tokens.newest;
      const secrets =
        login === "password"
          ? [PASSWORD, coded(PASSWORD), coded(`\0${USER}\0${PASSWORD}`)]
          : [CLIENT_SECRET, token, coded(`user=${USER}\u0001auth=Bearer ${token}\u0001\u0001`)];
      assert.equal(tokens.asked.length, login === "token" ? 1 : 0);
      const files = await filesOf(gateway.userDir);
      for (const secret of secrets) {
        assert.ok(secret.length > 10);
        for (const text of [line, gateway.log.join("\n"), files]) assert.ok(!text.includes(secret));
      }
      assert.ok(!line.includes("Pegel") && !gateway.log.join("\n").includes("Pegel"));
    });
  });
}
