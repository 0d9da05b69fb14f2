/** Where mails in flight are, as the campaign of kills counts them: by the dialogue of a real mail server. */
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Flights } from "../../campaign/kill/flights";
import { MailServer } from "../../support/mail-server";
import { waitFor } from "../../support/wait-for";

/** A client that is as slow as the test wants. */
class Client {
  private readonly socket;
  private readonly lines;

  constructor(port: number) {
    this.socket = createConnection(port, "127.0.0.1");
    this.lines = createInterface({ input: this.socket })[Symbol.asyncIterator]();
  }

  /** Resolves with the last line of the reply. */
  async reply(): Promise<string> {
    for (;;) {
      const { value } = (await this.lines.next()) as { readonly value: string };
      if (value[3] === " ") return value;
    }
  }

  ask(line: string): Promise<string> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  write(text: string): void {
    this.socket.write(text);
  }

  async end(): Promise<void> {
    this.socket.destroy();
    await once(this.socket, "close");
  }
}

describe("Mails in flight by socket, as the campaign of kills counts them", () => {
  let server: MailServer;
  let flights: Flights;
  let release: () => void;

  beforeEach(async () => {
    flights = new Flights();
    server = await MailServer.start({ size: 100_000, follow: flights.follow });
    release = server.hold("data");
  });

  afterEach(() => server.stop());

  /** Until the text of the message. */
  async function begun(size: number): Promise<Client> {
    const client = new Client(server.port);
    await client.reply();
    await client.ask("EHLO gateway");
    await client.ask(`MAIL FROM:<pump7@example.com> SIZE=${size}`);
    await client.ask("RCPT TO:<duty@example.com>");
    await client.ask("DATA");
    return client;
  }

  const counts = (): readonly number[] => [flights.begun, flights.marked];

  it("have begun from MAIL on, are marked from the first byte of the last kilobyte, and over with the reply", async () => {
    const size = 3_000;
    const client = await begun(size);
    assert.deepEqual(counts(), [1, 0]);
    const text = `Subject: level\r\n\r\n${"x".repeat(size)}`.slice(0, size - 2).concat("\r\n");
    client.write(text.slice(0, size - 1_200));
    const marked = once(flights, "marked");
    client.write(text.slice(size - 1_200, size - 1_000));
    await marked;
    assert.deepEqual(counts(), [1, 1]);
    const ended = once(flights, "ended");
    client.write(`${text.slice(size - 1_000)}.\r\n`);
    await ended;
    assert.deepEqual(counts(), [1, 1]);
    release();
    assert.match(await client.reply(), /^250/);
    assert.deepEqual(counts(), [0, 0]);
    await client.end();
  });

  it("are over when their connection ends, and not those of the process that comes now when it was left behind", async () => {
    const client = await begun(3_000);
    flights.leave();
    assert.deepEqual(counts(), [0, 0]);
    const other = await begun(3_000);
    assert.deepEqual(counts(), [1, 0]);
    await other.end();
    await waitFor("the end of the session", () => flights.begun === 0);
    await client.end();
  });

  it("have not begun when MAIL is refused", async () => {
    server.refuse = { mail: 451 };
    const client = new Client(server.port);
    await client.reply();
    await client.ask("EHLO gateway");
    assert.match(await client.ask("MAIL FROM:<pump7@example.com> SIZE=3000"), /^451/);
    assert.deepEqual(counts(), [0, 0]);
    await client.end();
  });
});
