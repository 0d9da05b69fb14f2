/**
 * A real SMTP server on loopback that keeps what it received, parsed and raw.
 *
 * ```ts
 * const server = await MailServer.start({ auth: { user: "pump7", password: "secret" } });
 * // ... send a mail to 127.0.0.1:server.port ...
 * const mail = await server.waitForMail();
 * assert.equal(mail.parsed.subject, "Level high");
 * await server.stop();
 * ```
 */
import { once, EventEmitter } from "node:events";
import { simpleParser, type ParsedMail } from "mailparser";
import { knownFields } from "../../lib/errors";
import type { SMTPServerSession } from "smtp-server";
import { PromptSmtpServer } from "./prompt-smtp-server";
import { certificate, type Certificate } from "./certificates";

/** Where in a session a server can refuse or be made to wait. */
export type Stage = "connect" | "auth" | "mail" | "rcpt" | "data";

/** The reply code with which a stage is refused; `rcpt` may name single recipients. */
export interface Refusals {
  readonly connect?: number;
  readonly auth?: number;
  readonly mail?: number;
  readonly rcpt?: number | Readonly<Record<string, number>>;
  readonly data?: number;
}

/** `size`: of the message, where the client tells it; `over`: the reply to the message was given, or the connection is closed. */
export type SessionStep =
  | { readonly kind: "mail"; readonly size: number | undefined }
  | { readonly kind: "data"; readonly bytes: number }
  | { readonly kind: "dot" | "over" };

export interface MailServerOptions {
  /** TCP port; a free one when left out. */
  readonly port?: number;
  /** `none`: plain only; `implicit`: TLS from the first byte; `starttls`: plain, STARTTLS offered. Default `none`. */
  readonly tls?: "none" | "implicit" | "starttls";
  /** Server certificate, default the test certificate `server` (mail.example.com, localhost, 127.0.0.1). */
  readonly certificate?: Certificate;
  /** Certificate by the name the client asks for (SNI); without a known name `certificate` is shown. */
  readonly namedCertificates?: Readonly<Record<string, Certificate>>;
  /** Asks the client for a certificate signed by this authority (PEM) and refuses any other. */
  readonly clientAuthority?: string;
  /** The only login accepted (any other: 535), and needed before MAIL. Left out: AUTH is not offered. */
  readonly auth?: {
    readonly user: string;
    readonly password: string;
    /** The only token that XOAUTH2 takes; left out: none. */
    readonly token?: () => string;
  };
  /** SASL mechanisms offered, default PLAIN and LOGIN. */
  readonly authMethods?: readonly string[];
  readonly refuse?: Refusals;
  /** Bytes of the largest mail, told by SIZE; left out: no limit is told. */
  readonly size?: number;
  /** Reports about the delivery are offered (RFC 3461), default false. */
  readonly reports?: boolean;
  /** Addresses with letters beyond ASCII are taken (RFC 6531), default false: any with such letters is then refused. */
  readonly utf8?: boolean;
  /** Awaited before a mail is taken, and again before that is said. */
  readonly pause?: () => Promise<void>;
  /** Told how far the transaction of each session is: from a MAIL that was taken. */
  readonly follow?: (session: string, step: SessionStep) => void;
}

export interface ReceivedMail {
  readonly from: string;
  /** Envelope recipients in the order of their RCPT commands. */
  readonly to: readonly string[];
  /** The transaction was said to need letters beyond ASCII (RFC 6531). */
  readonly utf8: boolean;
  readonly raw: Buffer;
  readonly parsed: ParsedMail;
  /** What was asked for of reports about the delivery (RFC 3461); of the recipients in their order. */
  readonly reports: { readonly ret?: string; readonly envid?: string; readonly notify: readonly string[] };
  /** Name given with EHLO or HELO. */
  readonly clientName: string;
  readonly opening: string;
  readonly secure: boolean;
  /** Name asked for by SNI, undefined without. */
  readonly serverName: string | undefined;
  /** User logged in, undefined without AUTH, and the mechanism used. */
  readonly user: string | undefined;
  readonly authMethod: string | undefined;
}

export class MailServer {
  /** Every mail accepted, oldest first. */
  readonly received: ReceivedMail[] = [];
  /** Number of connections ever opened. */
  connections = 0;
  /** May be replaced at any time; holds for what comes then. */
  refuse: Refusals;
  private readonly events = new EventEmitter();
  private readonly held = new Map<Stage, Promise<void>>();
  private readonly server: PromptSmtpServer;
  private authMethod: string | undefined;

  private constructor(private readonly options: MailServerOptions) {
    this.refuse = options.refuse ?? {};
    const { cert, key } = options.certificate ?? certificate("server");
    this.server = new PromptSmtpServer({
      secure: options.tls === "implicit",
      cert,
      key,
      ...(options.namedCertificates === undefined ? {} : { sniOptions: { ...options.namedCertificates } }),
      ...(options.clientAuthority === undefined
        ? {}
        : { ca: options.clientAuthority, requestCert: true, rejectUnauthorized: true }),
      authOptional: options.auth === undefined,
      authMethods: [...(options.authMethods ?? ["PLAIN", "LOGIN"])],
      ...(options.size !== undefined && { size: options.size }),
      hideDSN: options.reports !== true,
      hideSMTPUTF8: options.utf8 !== true,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      disabledCommands: [
        ...(options.auth === undefined && options.authMethods === undefined ? ["AUTH"] : []),
        ...(options.tls === "starttls" ? [] : ["STARTTLS"]),
      ],
      closeTimeout: 50,
      onConnect: (_session, callback) => {
        this.connections++;
        void this.reach("connect").then(() => callback(refusal(this.refuse.connect)));
      },
      onAuth: (auth, _session, callback) => {
        this.authMethod = auth.method;
        void this.reach("auth").then(() => {
          const isRight =
            auth.method === "XOAUTH2"
              ? options.auth?.token !== undefined && options.auth.token() === auth.accessToken
              : options.auth?.password === auth.password;
          const known = options.auth?.user === auth.username && isRight;
          const error = refusal(this.refuse.auth ?? (known ? undefined : 535));
          if (error === undefined) callback(null, { user: auth.username });
          else callback(error);
        });
      },
      onMailFrom: (address, session, callback) => {
        void this.reach("mail").then(() => {
          const error = refusal(this.refuse.mail);
          if (error === undefined)
            options.follow?.(session.id, { kind: "mail", size: toldSize(address.args) });
          callback(error);
        });
      },
      onRcptTo: (address, _session, callback) => {
        const { rcpt } = this.refuse;
        const code = typeof rcpt === "object" ? rcpt[address.address] : rcpt;
        void this.reach("rcpt").then(() => callback(refusal(code)));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          options.follow?.(session.id, { kind: "data", bytes: chunk.length });
        });
        stream.on("end", () => {
          options.follow?.(session.id, { kind: "dot" });
          const reply = (error?: Error): void => {
            callback(error);
            options.follow?.(session.id, { kind: "over" });
          };
          void this.accept(Buffer.concat(chunks), session).then(reply, reply);
        });
      },
      onClose: (session) => options.follow?.(session.id, { kind: "over" }),
    });
    // A client that breaks off its handshake or connection is what many tests are about.
    this.server.on("error", () => undefined);
  }

  /** Starts a server on 127.0.0.1. */
  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    const listener = server.server.listen(options.port ?? 0, "127.0.0.1");
    if (!listener.listening) await once(listener, "listening");
    return server;
  }

  get port(): number {
    const address = this.server.server.address();
    if (address === null || typeof address === "string") throw new Error("the mail server is not running");
    return address.port;
  }

  /** Resolves with mail number `count` (1 = the first since the start) as soon as it is there. */
  async waitForMail(count = 1): Promise<ReceivedMail> {
    for (;;) {
      const mail = this.received[count - 1];
      if (mail !== undefined) return mail;
      await once(this.events, "mail");
    }
  }

  /** Resolves when a client next reaches `stage`. */
  async waitForStage(stage: Stage): Promise<void> {
    await once(this.events, stage);
  }

  /** Makes the server wait at `stage`, silent, until the function returned is called. `data`: before the mail is accepted. */
  hold(stage: Stage): () => void {
    let release = (): void => undefined;
    this.held.set(stage, new Promise((resolve) => (release = resolve)));
    return () => {
      this.held.delete(stage);
      release();
    };
  }

  /** Cuts the connection of a session, as a crash or a network does. */
  drop(session: string): void {
    this.server.drop(session);
  }

  /** Ends all connections and frees the port. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async reach(stage: Stage): Promise<void> {
    this.events.emit(stage);
    await this.held.get(stage);
  }

  private async accept(raw: Buffer, session: SMTPServerSession): Promise<Error | undefined> {
    const { pause } = this.options;
    await this.reach("data");
    const error = refusal(this.refuse.data);
    if (error !== undefined) return error;
    await pause?.();
    const { mailFrom, rcptTo, dsn, smtpUtf8 } = session.envelope;
    this.received.push({
      reports: {
        ...knownFields({ ret: dsn?.ret, envid: dsn?.envid }),
        notify: rcptTo.map((recipient) => String(recipient.dsn?.notify ?? "")),
      },
      from: mailFrom === false ? "" : mailFrom.address,
      to: rcptTo.map((recipient) => recipient.address),
      utf8: smtpUtf8 === true,
      raw,
      parsed: await simpleParser(raw),
      clientName: session.hostNameAppearsAs,
      opening: session.openingCommand,
      secure: session.secure,
      serverName: typeof session.servername === "string" ? session.servername : undefined,
      user: typeof session.user === "string" ? session.user : undefined,
      authMethod: session.user === undefined ? undefined : this.authMethod,
    });
    this.events.emit("mail");
    await pause?.();
    return undefined;
  }
}

/** What SIZE says behind MAIL (RFC 1870). */
function toldSize(args: object | false): number | undefined {
  const size = args !== false && "SIZE" in args ? Number(args.SIZE) : NaN;
  return Number.isSafeInteger(size) ? size : undefined;
}

function refusal(code: number | undefined): Error | undefined {
  return code === undefined ? undefined : Object.assign(new Error("refused"), { responseCode: code });
}
