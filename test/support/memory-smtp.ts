/**
 * A small SMTP server on streams in memory (RFC 5321, 2920, 3207, 4954), for thousands of sessions in virtual time.
 *
 * It keeps what it has accepted, and what it has been given of a mail that was never completed. Written from the
 * standards, not from the client; what real servers make of a session is shown with `MailServer`.
 */
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import { certificate, type Certificate } from "./certificates";

export interface MemorySmtpOptions {
  readonly tls?: "none" | "implicit" | "starttls";
  readonly certificate?: Certificate;
  /** Lines of the answer to EHLO behind the first; default PIPELINING, and what the other options call for. */
  readonly extensions?: readonly string[];
  /** Base64 of what AUTH PLAIN has to bring; left out: AUTH is not offered. */
  readonly auth?: string;
  /**
   * The reply to a command line, to the greeting (`undefined`) or to the end of a mail (`.`): lines without line ends,
   * or what is to be done instead; undefined: as usual.
   */
  readonly answer?: (line: string | undefined) => string | undefined;
}

/** Instead of a reply. */
export const SILENCE = "(silence)";
export const CLOSE = "(close)";

export interface MemoryMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Latin1: one character per byte, dots undone. */
  readonly text: string;
  readonly secure: boolean;
}

export class MemorySmtp {
  readonly received: MemoryMail[] = [];
  /** Command lines of all sessions, in order. */
  readonly lines: string[] = [];
  sessions = 0;
  options: MemorySmtpOptions;

  constructor(options: MemorySmtpOptions = {}) {
    this.options = options;
  }

  /** Takes a connection. */
  readonly serve = (peer: Duplex): void => {
    this.sessions++;
    peer.on("error", () => undefined);
    if (this.options.tls !== "implicit") return this.begin(peer, false).greet();
    const secure = this.encrypt(peer);
    secure.once("secure", () => this.begin(secure, true).greet());
  };

  begin(stream: Duplex, secure: boolean): Session {
    return new Session(this, stream, secure);
  }

  encrypt(peer: Duplex): Duplex {
    const { cert, key } = this.options.certificate ?? certificate("server");
    const secure = new TLSSocket(peer, {
      isServer: true,
      secureContext: createSecureContext({ cert, key }),
    });
    secure.on("error", () => undefined);
    return secure;
  }
}

class Session {
  private rest = "";
  private from: string | undefined;
  private to: string[] = [];
  private state: "commands" | "data" | "over" = "commands";
  private text: string[] = [];
  private readonly onData = (bytes: Buffer): void => this.take(bytes.toString("latin1"));

  constructor(
    private readonly server: MemorySmtp,
    private readonly stream: Duplex,
    private readonly secure: boolean,
  ) {
    stream.on("data", this.onData);
    stream.on("error", () => (this.state = "over"));
    stream.once("end", () => stream.end());
  }

  greet(): void {
    this.reply(undefined, "220 mail.example.com ESMTP");
  }

  private take(text: string): void {
    const lines = (this.rest + text).split("\r\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (this.state === "over") return;
      if (this.state === "data") this.takeText(line);
      else this.takeCommand(line);
    }
  }

  private takeText(line: string): void {
    if (line !== ".") {
      this.text.push(line.startsWith(".") ? line.slice(1) : line);
      return;
    }
    this.state = "commands";
    const mail = { from: this.from ?? "", to: this.to, text: this.text.join("\r\n"), secure: this.secure };
    this.forget();
    if (this.reply(".", "250 2.0.0 queued").startsWith("2")) this.server.received.push(mail);
  }

  private takeCommand(line: string): void {
    this.server.lines.push(line);
    const { options } = this.server;
    const verb = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? "";
    const argument = /<(.*)>/.exec(line)?.[1] ?? "";
    switch (verb) {
      case "EHLO":
        this.reply(
          line,
          ["mail.example.com", ...this.extensions()]
            .map((text, index, all) => `250${index === all.length - 1 ? " " : "-"}${text}`)
            .join("\r\n"),
        );
        return;
      case "STARTTLS": {
        if (options.tls !== "starttls" || this.secure) return void this.reply(line, "502 5.5.1 not here");
        if (!this.reply(line, "220 go ahead").startsWith("2")) return;
        this.state = "over";
        this.stream.off("data", this.onData);
        this.server.begin(this.server.encrypt(this.stream), true);
        return;
      }
      case "AUTH":
        this.reply(line, line === `AUTH PLAIN ${options.auth}` ? "235 welcome" : "535 5.7.8 no");
        return;
      case "MAIL":
        if (this.reply(line, "250 ok").startsWith("2")) this.from = argument;
        return;
      case "RCPT":
        if (this.reply(line, this.from === undefined ? "503 MAIL first" : "250 ok").startsWith("2"))
          this.to.push(argument);
        return;
      case "DATA":
        if (this.reply(line, this.to.length === 0 ? "554 no valid recipients" : "354 go on").startsWith("3"))
          this.state = "data";
        return;
      case "QUIT":
        this.reply(line, "221 bye");
        this.state = "over";
        this.stream.end();
        return;
      default:
        this.reply(line, "500 what");
    }
  }

  private extensions(): readonly string[] {
    const { options } = this.server;
    return [
      ...(options.extensions ?? ["PIPELINING"]),
      ...(options.tls === "starttls" && !this.secure ? ["STARTTLS"] : []),
      ...(options.auth === undefined ? [] : ["AUTH PLAIN"]),
    ];
  }

  private forget(): void {
    this.from = undefined;
    this.to = [];
    this.text = [];
  }

  /** Says `usual`, or what the test wants instead; the result is what was said. */
  private reply(line: string | undefined, usual: string): string {
    const said = this.server.options.answer?.(line) ?? usual;
    if (said === CLOSE) {
      this.state = "over";
      this.stream.end();
    } else if (said !== SILENCE) this.stream.write(`${said}\r\n`);
    return said;
  }
}
