import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { MailServer } from "../../support/mail-server";

/** Sends the lines, each after the reply to the one before, and returns the first digits of every reply. */
async function talk(port: number, lines: readonly string[]): Promise<string[]> {
  const socket = createConnection(port, "127.0.0.1");
  const codes: string[] = [];
  const left = [...lines];
  for await (const line of createInterface(socket)) {
    if (line[3] === "-") continue;
    codes.push(line.slice(0, 3));
    const next = left.shift();
    if (next === undefined) socket.end();
    else socket.write(`${next}\r\n`);
  }
  return codes;
}

const MAIL = [
  "EHLO localhost",
  "MAIL FROM:<a@example.com>",
  "RCPT TO:<b@example.com>",
  "DATA",
  "Subject: Hello\r\n\r\nText\r\n.",
  "QUIT",
];

describe("the mail server of the tests", () => {
  let server: MailServer | undefined;
  afterEach(() => server?.stop());

  it("keeps an accepted mail with envelope, raw and parsed form", async () => {
    server = await MailServer.start();
    assert.deepEqual(await talk(server.port, MAIL), ["220", "250", "250", "250", "354", "250", "221"]);
    const mail = await server.waitForMail();
    assert.equal(mail.from, "a@example.com");
    assert.deepEqual(mail.to, ["b@example.com"]);
    assert.equal(mail.parsed.subject, "Hello");
    assert.equal(mail.raw.toString(), "Subject: Hello\r\n\r\nText\r\n");
  });

  it("refuses the recipient it is told to refuse and keeps nothing", async () => {
    server = await MailServer.start({ refuse: { rcpt: { "b@example.com": 550 } } });
    assert.deepEqual(await talk(server.port, MAIL.slice(0, 3)), ["220", "250", "250", "550"]);
    assert.equal(server.received.length, 0);
  });

  it("waits at a held stage until it is released", async () => {
    server = await MailServer.start();
    const release = server.hold("data");
    const reached = server.waitForStage("data");
    const codes = talk(server.port, MAIL);
    await reached;
    assert.equal(server.received.length, 0);
    release();
    assert.equal((await codes)[5], "250");
    assert.equal(server.received.length, 1);
  });
});
