/**
 * The mailbox inside the simulated network for whoever speaks SMTP to it over a TCP connection of the module: as much of
 * RFC 5321 as it takes, without login and encryption.
 */
import { duplexPair, type Duplex } from "node:stream";
import type { InboxMail } from "./inbox";
import { readMessage } from "./read-message";

/** Bytes of the largest mail (RFC 1870). */
const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST_LINE = 2_048;

/** The module's end of a new connection to the mailbox. */
export function inboxConnection(receive: (mail: InboxMail) => void): Duplex {
  const [near, far] = duplexPair({ allowHalfOpen: true });
  new InboxSession(far, receive).greet();
  return near;
}

class InboxSession {
  private rest = "";
  private from: string | undefined;
  private to: string[] = [];
  /** Lines of the mail that comes; undefined: commands come. */
  private lines: string[] | undefined;
  private bytes = 0;

  constructor(
    private readonly stream: Duplex,
    private readonly receive: (mail: InboxMail) => void,
  ) {
    stream.on("error", () => undefined);
    stream.on("data", (bytes: Buffer) => this.take(bytes.toString("latin1")));
    stream.once("end", () => stream.end());
  }

  greet(): void {
    this.reply("220 inbox.simulated ESMTP");
  }

  private take(text: string): void {
    const lines = (this.rest + text).split("\r\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (this.lines === undefined) this.command(line);
      else this.textLine(line, this.lines);
    }
    if (this.lines === undefined && this.rest.length > LONGEST_LINE) this.end("500 5.5.2 line too long");
  }

  private textLine(line: string, lines: string[]): void {
    if (line !== ".") {
      this.bytes += line.length + 2;
      // What exceeds the size is counted and not kept.
      if (this.bytes <= MOST_BYTES) lines.push(line.startsWith(".") ? line.slice(1) : line);
      return;
    }
    const isWhole = this.bytes <= MOST_BYTES;
    if (isWhole) {
      const message = readMessage(Buffer.from(`${lines.join("\r\n")}\r\n`, "latin1"));
      this.receive({ from: this.from ?? "", to: this.to, ...message });
    }
    this.reset();
    this.reply(isWhole ? "250 2.0.0 in the mailbox" : "552 5.3.4 too large");
  }

  private command(line: string): void {
    const verb = (line.split(/[ :]/, 1)[0] ?? "").toUpperCase();
    const address = /<([^<>]*)>/.exec(line)?.[1];
    switch (verb) {
      case "EHLO":
        this.reset();
        return this.reply(
          ["250-inbox.simulated", "250-PIPELINING", "250-8BITMIME", `250 SIZE ${MOST_BYTES}`].join("\r\n"),
        );
      case "HELO":
      case "RSET":
        this.reset();
        return this.reply("250 2.0.0 ok");
      case "NOOP":
        return this.reply("250 2.0.0 ok");
      case "MAIL":
        this.from = address;
        return this.reply(address === undefined ? "501 5.1.7 no address" : "250 2.1.0 ok");
      case "RCPT":
        if (this.from === undefined) return this.reply("503 5.5.1 MAIL first");
        if (address === undefined) return this.reply("501 5.1.3 no address");
        this.to.push(address);
        return this.reply("250 2.1.5 ok");
      case "DATA":
        if (this.to.length === 0) return this.reply("503 5.5.1 RCPT first");
        this.lines = [];
        return this.reply("354 go on");
      case "QUIT":
        return this.end("221 2.0.0 bye");
      default:
        return this.reply("502 5.5.1 unknown");
    }
  }

  private reset(): void {
    this.from = undefined;
    this.to = [];
    this.lines = undefined;
    this.bytes = 0;
  }

  private reply(text: string): void {
    this.stream.write(`${text}\r\n`);
  }

  private end(text: string): void {
    this.stream.end(`${text}\r\n`);
    this.stream.removeAllListeners("data");
    this.stream.resume();
  }
}
