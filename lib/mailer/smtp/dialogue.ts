/**
 * Dialogue: one SMTP session over an open connection of the module, by nodemailer.
 *
 *   greet ─> EHLO ─> STARTTLS or TLS ─> login ─> envelope ─> message but its end      (all of it is certainly not sent)
 *   finish: the end of the message ─> the server's last word
 *
 * nodemailer is told, not trusted (design decision 20): it opens no connection, file or address of the web, writes no
 * log, and what it says is believed only when it fits what was sent. Its own time limits run on the host's clock, so
 * they are put out of the way; those here are measured by ours.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type {
  SMTPConnectionCustomAuthContext,
  SMTPConnectionSendInfo,
  SMTPEnvelope,
} from "nodemailer/lib/smtp-connection";
import { TLSSocket, type ConnectionOptions } from "node:tls";
import { Deferred, within } from "../../async";
import { delay, type Clock } from "../../clock";
import { copyOf, isModemError, ModemError, systemCode } from "../../errors";
import type { SessionTls } from "../../mail/mail";
import type { SmtpSettings } from "../../quectel/settings";
import type { ModuleSocket } from "../../quectel/sockets/module-socket";
import type { SessionStage } from "../mailer";
import type { DialogueWatcher } from "./dialogue-watcher";
import type { HeldMessage } from "./held-message";
import { loadConnection } from "./nodemailer";

/** Milliseconds (RFC 5321 section 4.5.3.2): greeting and what follows it, login, envelope, the answer to the end. */
const GREETING_MS = 300_000;
const LOGIN_MS = 300_000;
const ENVELOPE_MS = 300_000;
/** Servers that slow senders down do it with each recipient. */
const RECIPIENT_MS = 30_000;
const ACCEPTANCE_MS = 600_000;
/** Milliseconds for QUIT, of which nothing depends. */
const QUIT_MS = 5_000;
/** The longest time that Node.js knows, in milliseconds. */
const NEVER_MS = 0x7fffffff;

/** Bytes that may be on their way to the server when the mark is made. */
const OUTSTANDING_BYTES = 8 * 1024;
/** No reply of a server is longer; a hostile one ends the session. */
const LONGEST_REPLY = 64 * 1024;

/** Our own login by XOAUTH2 for nodemailer, whose own fetches tokens itself. */
const BY_TOKEN = "BY-TOKEN";

/** RFC 5321 section 4.1.3: the host has no name that means anything to the server. */
const OWN_NAME = "[127.0.0.1]";

export interface DialogueOptions {
  readonly clock: Clock;
  readonly settings: Pick<SmtpSettings, "host" | "port" | "security" | "user" | "password">;
  readonly trust: ConnectionOptions;
  /** Told of what resumes encryption with the same server later, without its certificates (RFC 8446 section 2.2). */
  readonly onTicket?: (ticket: Buffer) => void;
}

/** A failure of the session, and how far it had come. */
export interface Broken {
  /** Why the connection of the module ended, where that came first; nodemailer then says less. */
  readonly connection: ModemError | undefined;
  /** What nodemailer says. */
  readonly cause: unknown;
  /** Why the server's certificate was refused, in the words of Node.js; undefined: it was not. */
  readonly distrust: string | undefined;
}

/** What the server said of the whole message. */
export type Sent = Pick<SMTPConnectionSendInfo, "response" | "serverMessageId">;

/** Recipients that the server has refused, and with which words. */
export interface RefusedRecipient {
  readonly address: string;
  readonly response: string;
}

export class Dialogue {
  watcher: DialogueWatcher | undefined;
  private running: SessionStage = "connect";
  private readonly connection: SMTPConnection;
  private readonly broken = new Deferred<never>();
  private result = new Deferred<Sent>();
  private answered = false;
  private lost: ModemError | undefined;
  private message: HeldMessage | undefined;
  private initialResponse = "";
  private takesToken = true;
  private agreed: SessionTls | undefined;
  /** Bytes that had been sent when the server asked for the message. */
  private before = 0;
  private envelope: (SMTPEnvelope & { rejectedErrors?: readonly RejectedError[] | undefined }) | undefined;

  constructor(
    private readonly socket: ModuleSocket,
    private readonly options: DialogueOptions,
  ) {
    // Before nodemailer listens, which writes into the error.
    socket.once("error", (error) => (this.lost ??= lossOf(error)));
    const Connection = loadConnection();
    const connection: Duplex = socket;
    assertSocket(connection);
    const { host, port, security } = options.settings;
    this.connection = new Connection({
      host,
      port,
      connection,
      name: OWN_NAME,
      secure: security === "tls",
      ...(security === "starttls" && { requireTLS: true }),
      ...(security === "none" && { ignoreTLS: true }),
      tls: options.trust,
      connectionTimeout: NEVER_MS,
      greetingTimeout: NEVER_MS,
      socketTimeout: NEVER_MS,
      socketCloseTimeout: 0,
      maxResponseSize: LONGEST_REPLY,
      customAuth: { [BY_TOKEN]: (context: SMTPConnectionCustomAuthContext) => this.handOver(context) },
      logger: false,
      debug: false,
    });
    this.noticeUpgrade();
    socket.on("acknowledged", (bytes: number) => {
      if (this.running === "data") this.watcher?.onAcknowledged(Math.max(0, bytes - this.before));
    });
    this.connection.on("error", (error: unknown) => this.broken.reject(this.whole(error)));
    // What the server has said last is told after that.
    this.connection.once("end", () => {
      const closed = new Error("the server closed the connection");
      void delay(options.clock, 0).then(() => this.broken.reject(closed));
    });
  }

  /** The step that runs, or failed. */
  get stage(): SessionStage {
    return this.running;
  }

  private set stage(stage: SessionStage) {
    if (stage === this.running) return;
    this.running = stage;
    this.watcher?.onStage(stage);
  }

  /** True once nothing more can be sent. */
  get isOver(): boolean {
    return this.socket.destroyed || this.connection.destroyed;
  }

  /** The server has answered the message, or the session has failed: an end that was not sent before is never sent. */
  get isAnswered(): boolean {
    return this.answered;
  }

  /** The server takes logins. */
  get takesLogin(): boolean {
    return this.connection.allowsAuth;
  }

  /** The server sends reports of the delivery where it is asked (RFC 3461). */
  get reports(): boolean {
    return this.offers("DSN");
  }

  /** The server takes addresses with letters beyond ASCII (RFC 6531). */
  get takesUtf8(): boolean {
    return this.offers("SMTPUTF8");
  }

  private offers(keyword: string): boolean {
    const extensions: unknown = Reflect.get(this.connection, "_supportedExtensions");
    return Array.isArray(extensions) && extensions.includes(keyword);
  }

  /** The encryption of the session, also once it is over; undefined without, and before the greeting. */
  get tls(): SessionTls | undefined {
    return this.agreed;
  }

  /** What is known of a failure. */
  explain(cause: unknown): Broken {
    const connection = this.lost ?? (isModemError(cause) ? cause : undefined);
    // nodemailer may hear of the end of the connection before it hears why.
    const isChecked = this.options.trust.rejectUnauthorized === true;
    const refusal =
      isChecked && this.stream instanceof TLSSocket ? this.stream.authorizationError : undefined;
    return { connection, cause, distrust: systemCode(refusal) };
  }

  /** Recipients that the server has refused so far. */
  get refused(): readonly RefusedRecipient[] {
    return (this.envelope?.rejectedErrors ?? []).map(({ recipient, response }) => ({
      address: recipient ?? "",
      response: response ?? "",
    }));
  }

  /** Greeting, EHLO, encryption. Rejects with what broke the session, as the methods below. */
  async greet(): Promise<void> {
    await this.step("connect", GREETING_MS, (done) => this.connection.connect(done));
    this.agreed = encryptionOf(this.stream);
  }

  async login(): Promise<void> {
    const { user, password } = this.options.settings;
    await this.step("login", LOGIN_MS, (done) =>
      this.connection.login({ user, pass: password, credentials: { user, pass: password } }, done),
    );
  }

  /**
   * Logs in with a token. @param initialResponse of XOAUTH2, base64
   *
   * Resolves with false where the server does not offer it; nothing was sent then.
   */
  async loginBy(initialResponse: string): Promise<boolean> {
    this.initialResponse = initialResponse;
    this.takesToken = true;
    const { user } = this.options.settings;
    try {
      await this.step("login", LOGIN_MS, (done) => this.connection.login({ method: BY_TOKEN, user }, done));
    } catch (cause) {
      if (this.takesToken) throw cause;
    }
    return this.takesToken;
  }

  private async handOver(context: SMTPConnectionCustomAuthContext): Promise<void> {
    this.takesToken = context.authMethods.includes("XOAUTH2");
    if (!this.takesToken) throw new Error("XOAUTH2 is not offered");
    const first = await context.sendCommand(`AUTH XOAUTH2 ${this.initialResponse}`);
    // The server has an error to tell; it is told with the reply to an empty line.
    const { response } = first.response.startsWith("334") ? await context.sendCommand("") : first;
    if (!response.startsWith("2")) throw new Error("the token was refused");
  }

  /**
   * The envelope, and the message but its end; resolves when the module has all of that and the server all but a few
   * kilobytes. At least one recipient was accepted then. After the server has taken a message, it may be called again.
   */
  async begin(envelope: SMTPEnvelope & { readonly to: string[] }, message: HeldMessage): Promise<void> {
    this.message = message;
    this.envelope = envelope;
    this.result = new Deferred();
    this.answered = false;
    const limit = ENVELOPE_MS + envelope.to.length * RECIPIENT_MS;
    await this.limited("envelope", limit, async () => {
      this.connection.send(envelope, message.stream, (error, info) => {
        this.answered = true;
        if (error !== null) this.result.reject(this.whole(error));
        else if (info !== undefined) this.result.resolve(info);
      });
      await this.unlessAnswered(message.begun);
    });
    const { socket } = this;
    this.before = socket.bytesWritten;
    this.stage = "data";
    await this.unlessAnswered(message.held);
    // What is still underway in the host comes to the socket of the module within a turn.
    do await this.unlessAnswered(this.flushed());
    while (
      message.stream.readableLength > 0 ||
      (this.stream?.writableLength ?? 0) > 0 ||
      socket.writableLength > 0
    );
  }

  /** The end of the message; resolves with the server's word. Rejects as the others: then the outcome is in doubt. */
  async finish(): Promise<Sent> {
    return this.limited("commit", ACCEPTANCE_MS, async () => {
      const { stream } = this;
      if (this.answered) {
        this.destroy();
        await this.result.promise;
        throw answeredEarly();
      }
      // The dot behind the last line goes along with it.
      stream?.cork();
      this.message?.stream.once("close", () => process.nextTick(() => stream?.uncork()));
      this.message?.release();
      return Promise.race([this.result.promise, this.broken.promise]);
    });
  }

  /** Says goodbye; resolves when the connection is closed. Never rejects. */
  async quit(): Promise<void> {
    if (!this.isOver) {
      const closed = new Promise<void>((resolve) => {
        this.connection.once("end", resolve);
        this.socket.once("close", resolve);
      });
      this.connection.quit();
      await within(this.options.clock, QUIT_MS, closed, () => undefined);
    }
    this.destroy();
  }

  /** Ends the session at once. */
  destroy(cause?: ModemError): void {
    if (cause !== undefined) this.lost ??= cause;
    this.message?.destroy();
    this.connection.close();
    this.socket.destroy();
    this.broken.reject(cause ?? new ModemError("MODEM_ABORTED"));
  }

  /** An error of the socket comes out of nodemailer with another code. */
  private whole(error: unknown): unknown {
    return isModemError(error) ? (this.lost ?? new ModemError("SOCKET_CLOSED")) : error;
  }

  /** What the session writes to: the encryption, or the socket of the module itself. */
  private get stream(): Duplex | undefined {
    const { _socket: stream } = this.connection;
    return stream === false || stream === null ? undefined : stream;
  }

  /** Sets the stage when encryption begins, for which nodemailer has no event. */
  private noticeUpgrade(): void {
    const upgrade: unknown = Reflect.get(this.connection, "_upgradeConnection");
    if (typeof upgrade !== "function") return;
    Reflect.set(this.connection, "_upgradeConnection", (...how: readonly unknown[]) => {
      this.stage = "tls";
      Reflect.apply(upgrade, this.connection, how);
      const { onTicket } = this.options;
      if (onTicket !== undefined) this.stream?.on("session", onTicket);
    });
  }

  private async flushed(): Promise<void> {
    await this.socket.drained(OUTSTANDING_BYTES);
    await delay(this.options.clock, 0);
  }

  /** An answer before the end was sent is none to this message, unless it is a refusal. */
  private async unlessAnswered(work: Promise<void>): Promise<void> {
    const early = this.result.promise.then(() => {
      throw answeredEarly();
    });
    early.catch(() => undefined);
    work.catch(() => undefined);
    await Promise.race([work, early, this.broken.promise]);
  }

  private step(
    stage: SessionStage,
    limitMs: number,
    start: (done: (error?: Error | null) => void) => void,
  ): Promise<void> {
    return this.limited(stage, limitMs, async () => {
      const done = new Deferred<void>();
      start((error) =>
        error === undefined || error === null ? done.resolve() : done.reject(this.whole(error)),
      );
      await Promise.race([done.promise, this.broken.promise]);
    });
  }

  private limited<T>(stage: SessionStage, limitMs: number, work: () => Promise<T>): Promise<T> {
    this.stage = stage;
    return within(this.options.clock, limitMs, work(), () => {
      const late = new ModemError("SMTP_TIMEOUT", { modemCode: null, detail: `${limitMs / 1000} s` });
      this.destroy(late);
      throw late;
    });
  }
}

/** An error of nodemailer about one recipient. */
interface RejectedError {
  readonly recipient?: string | undefined;
  readonly response?: string | undefined;
}

function answeredEarly(): ModemError {
  return new ModemError("SMTP_BAD_SEQUENCE", {
    modemCode: null,
    class: "transient",
    detail: "the server answered before it had the whole mail",
  });
}

function encryptionOf(stream: Duplex | undefined): SessionTls | undefined {
  const version = stream instanceof TLSSocket ? stream.getProtocol() : null;
  if (!(stream instanceof TLSSocket) || version === null) return undefined;
  return { version, cipher: stream.getCipher().standardName };
}

/** It is none of Node.js; but what nodemailer uses of one, it has. */
function assertSocket(_stream: Duplex): asserts _stream is Socket {}

function lossOf(error: unknown): ModemError {
  return isModemError(error) ? copyOf(error) : new ModemError("SOCKET_CLOSED", { cause: error });
}
