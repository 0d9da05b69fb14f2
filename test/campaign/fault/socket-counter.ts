/**
 * The mail server behind the sockets of a module, and of most episodes by its mail client, on streams in memory: what it takes goes to the post office of all
 * servers, and what befalls those befalls it (down, a crash, trouble with TLS, replies and delays at each step).
 *
 * Written from RFC 5321, 2920, 3207 and 4954, not from the client. Commands may come ahead of the replies to those
 * before them; each is answered in its turn.
 */
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { SimulatedModem, SmtpRefusal, SmtpStep } from "../../../lib/simulator";
import { certificate } from "../../support/certificates";
import type { Arrival, PostOffice } from "./post-office";

export type Encryption = "none" | "tls" | "starttls";

export interface SocketCounterOptions {
  readonly office: PostOffice;
  readonly security: Encryption;
  /** Where its mails have arrived. */
  readonly counter: Arrival["counter"];
  /** Asked at each step; a refusal is what is replied. Takes as long as the step is to take. */
  readonly before: (step: SmtpStep) => Promise<SmtpRefusal | undefined>;
}

/** What the faults of a module make of each step. */
export function refusalsOf(module: SimulatedModem): SocketCounterOptions["before"] {
  return async (step) => {
    // A module that restarts meanwhile does not wait for it any more.
    const refusal = await module.faults.smtp(step).catch(() => undefined);
    return refusal !== undefined && "code" in refusal ? refusal : undefined;
  };
}

/** A function that takes each connection of the module. */
export function socketCounter(options: SocketCounterOptions): (peer: Duplex) => void {
  const { office, security } = options;
  return (peer) => {
    peer.on("error", () => undefined);
    if (office.isDown) {
      peer.destroy();
      return;
    }
    office.admit(peer);
    if (security !== "tls") return new Session(options, peer).begin();
    const secure = encrypted(peer, office);
    secure?.once("secure", () => new Session(options, secure).begin());
  };
}

/** Undefined: there is trouble, and no encryption comes about. */
function encrypted(peer: Duplex, { tlsTrouble }: PostOffice): TLSSocket | undefined {
  if (tlsTrouble === "hangs up") {
    // At the first message of the handshake.
    peer.once("data", () => peer.destroy());
    return undefined;
  }
  if (tlsTrouble === "nonsense") {
    peer.once("data", (bytes: Buffer) => peer.write(Buffer.alloc(bytes.length, "?")));
    return undefined;
  }
  const { cert, key } = certificate(tlsTrouble === "wrong name" ? "other-name" : "server");
  const secureContext = createSecureContext({ cert, key });
  const secure = new TLSSocket(peer, { isServer: true, secureContext });
  secure.on("error", () => undefined);
  return secure;
}

/** Characters of a line at which a session ends: a client that sends more is none of ours. */
const LONGEST = 4 * 1024 * 1024;

class Session {
  private rest = "";
  private from: string | undefined;
  private to: string[] = [];
  private text: string[] = [];
  private user = "";
  /** Takes the next line: the answer to a question. */
  private answer: ((line: string) => void | Promise<void>) | undefined;
  private state: "commands" | "data" | "over" = "commands";
  /** The lines are answered one after the other. */
  private turn: Promise<void> = Promise.resolve();
  private readonly onData = (bytes: Buffer): void => this.take(bytes.toString("latin1"));

  constructor(
    private readonly options: SocketCounterOptions,
    private readonly stream: Duplex,
    private readonly isSecure = options.security === "tls",
  ) {}

  /** Without a greeting (RFC 3207 section 4.2). */
  listen(): void {
    const { stream } = this;
    stream.on("data", this.onData);
    stream.on("error", () => (this.state = "over"));
    stream.once("close", () => (this.state = "over"));
    stream.once("end", () => stream.end());
  }

  begin(): void {
    this.listen();
    this.next(async () => {
      if (await this.passed("connect")) await this.reply("greeting", "220 mail.example.com ESMTP");
    });
  }

  private next(work: () => Promise<unknown>): void {
    this.turn = this.turn.then(async () => {
      if (this.state !== "over") await work();
    });
  }

  private take(text: string): void {
    const lines = (this.rest + text).split("\r\n");
    this.rest = lines.pop() ?? "";
    if (this.rest.length > LONGEST) this.stream.destroy();
    for (const line of lines)
      this.next(() => (this.state === "data" ? this.takeText(line) : this.takeCommand(line)));
  }

  private async takeText(line: string): Promise<void> {
    if (line !== ".") {
      this.text.push(line.startsWith(".") ? line.slice(1) : line);
      return;
    }
    this.state = "commands";
    const { from = "", to, user, text } = this;
    this.forget();
    if (!(await this.passed("end"))) return;
    const raw = Buffer.from(text.map((one) => `${one}\r\n`).join(""), "latin1");
    const { office, counter } = this.options;
    const end = office.accept({ counter, recipients: to, sender: from, user, raw });
    if (end === "hang up") office.hangUp();
    else this.say("250 2.0.0 queued");
  }

  private async takeCommand(line: string): Promise<void> {
    const { answer } = this;
    this.answer = undefined;
    if (answer !== undefined) {
      await answer(line);
      return;
    }
    const { security } = this.options;
    const verb = line.split(/[ :]/, 1)[0]?.toUpperCase() ?? "";
    const argument = /<(.*?)>/.exec(line)?.[1] ?? "";
    switch (verb) {
      case "EHLO":
        await this.reply("ehlo", ["250-mail.example.com", ...this.extensions(), "250 HELP"].join("\r\n"));
        return;
      case "STARTTLS":
        if (security !== "starttls" || this.isSecure) this.say("502 5.5.1 not here");
        else if (await this.reply("starttls", "220 go ahead")) this.encrypt();
        return;
      case "AUTH":
        await this.authenticate(line);
        return;
      case "MAIL":
        if (this.user === "") this.say("530 5.7.0 log in first");
        else if (await this.reply("mail", "250 2.1.0 ok")) this.from = argument;
        return;
      case "RCPT":
        await this.addRecipient(argument);
        return;
      case "DATA":
        if (this.to.length === 0) this.say("554 5.5.1 no valid recipients");
        else if (await this.reply("data", "354 go on")) this.state = "data";
        return;
      case "RSET":
        this.forget();
        this.say("250 2.0.0 ok");
        return;
      case "QUIT":
        this.say("221 2.0.0 bye");
        this.state = "over";
        this.stream.end();
        return;
      default:
        this.say("500 5.5.2 what");
    }
  }

  private async authenticate(line: string): Promise<void> {
    const { user, password } = this.options.office.login;
    // What the field calls LOGIN, which mail clients of modules prefer: two questions, with the answers in base64.
    if (line === "AUTH LOGIN") {
      this.ask("Username:", (name) =>
        this.ask("Password:", (word) => this.admit(name === user && word === password)),
      );
      return;
    }
    const response = Buffer.from(`\0${user}\0${password}`).toString("base64");
    await this.admit(line === `AUTH PLAIN ${response}`);
  }

  private ask(question: string, then: (answer: string) => void | Promise<void>): void {
    this.say(`334 ${Buffer.from(question).toString("base64")}`);
    this.answer = (line) => then(Buffer.from(line, "base64").toString());
  }

  private async admit(isKnown: boolean): Promise<void> {
    if (!isKnown) {
      if (await this.passed("auth")) this.say("535 5.7.8 no");
    } else if (await this.reply("auth", "235 2.7.0 welcome")) this.user = this.options.office.login.user;
  }

  private async addRecipient(address: string): Promise<void> {
    const code = this.options.office.refused(address);
    if (this.from === undefined) this.say("503 5.5.1 MAIL first");
    else if (code !== undefined) this.say(`${code} refused`);
    else if (await this.reply("rcpt", "250 2.1.5 ok")) this.to.push(address);
  }

  private extensions(): readonly string[] {
    const offersTls = this.options.security === "starttls" && !this.isSecure;
    return [
      "250-PIPELINING",
      "250-SIZE 10000000",
      "250-AUTH PLAIN LOGIN",
      ...(offersTls ? ["250-STARTTLS"] : []),
    ];
  }

  private encrypt(): void {
    this.state = "over";
    this.stream.off("data", this.onData);
    const secure = encrypted(this.stream, this.options.office);
    if (secure !== undefined) new Session(this.options, secure, true).listen();
  }

  private forget(): void {
    this.from = undefined;
    this.to = [];
    this.text = [];
  }

  /** True: nothing is in the way. */
  private async passed(step: SmtpStep): Promise<boolean> {
    const refusal = await this.options.before(step);
    if (this.options.office.isDown) this.stream.destroy();
    else if (refusal !== undefined) this.say(`${refusal.code} ${refusal.text}`);
    else return true;
    // RFC 5321 section 3.8: with 421 the server closes the connection.
    if (refusal?.code === 421) this.stream.end();
    return false;
  }

  private async reply(step: SmtpStep, usual: string): Promise<boolean> {
    const passes = await this.passed(step);
    if (passes) this.say(usual);
    return passes;
  }

  private say(text: string): void {
    if (!this.stream.destroyed) this.stream.write(`${text}\r\n`);
  }
}
