/** An outbox on simulated files with a simulated modem, and what it told. */
import type { Host, ProcessMark } from "../../../lib/outbox/spool/lock";
import type { Mail, MailOptions } from "../../../lib/mail/mail";
import { Outbox } from "../../../lib/outbox/outbox";
import type { HoldReason, Logger, MailEnded, OutboxSettings } from "../../../lib/outbox/outbox-types";
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../../../lib/errors";
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { BccMode } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { FakeMailer, type Fate } from "../../support/fake-mailer";
import { FaultyFiles, type Survives } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";

export const DIRECTORY = "/spool/modem";

export const SETTINGS: OutboxSettings = {
  maxAge: 1440,
  maxQueued: 1000,
  maxSpoolMB: 100,
  keepFailedDays: 7,
  ratePerHour: 0,
  simulated: false,
  fingerprint: { port: "p", sim: "1234", apn: "a", server: "s", login: "user:secret", sender: "f" },
};

export const OPTIONS: MailOptions = { maxAge: undefined, delivery: "atLeastOnce" };

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** A mail to one recipient. */
export function mail(subject: string, more: Partial<Mail> = {}): Mail {
  return {
    from: undefined,
    to: ["ops@example.com"],
    cc: [],
    bcc: [],
    subject,
    text: `${subject} at pump 7`,
    attachments: [],
    priority: "normal",
    warnings: [],
    ...more,
  };
}

export function attachment(filename: string, content: string): Mail["attachments"][number] {
  return { filename, content: { kind: "bytes", bytes: Buffer.from(content) } };
}

let nextPid = 100;

/** A process on a host; processes of another boot cannot be seen. */
export function fakeHost(
  clock: VirtualClock,
  boot = "boot-1",
  uptimeAtStart = 60_000,
): Host & { end(): void } {
  const self: ProcessMark = { pid: nextPid++, started: "5", boot, pidNamespace: "pid:1", host: "gateway" };
  RUNNING.add(self.pid);
  const from = clock.now();
  return {
    self,
    locks: new Set(),
    uptime: () => uptimeAtStart + clock.now() - from,
    state(mark) {
      if (mark.boot !== boot || mark.pidNamespace !== self.pidNamespace) return "unknown";
      return RUNNING.has(mark.pid) ? "running" : "gone";
    },
    end: () => void RUNNING.delete(self.pid),
  };
}
const RUNNING = new Set<number>();

export interface BenchOptions {
  readonly settings?: Partial<OutboxSettings>;
  readonly files?: FileLayer;
  readonly clock?: VirtualClock;
  /** Default: none is kept. */
  readonly log?: Logger;
  readonly mailer?: FakeMailer;
  readonly boot?: string | undefined;
  readonly uptime?: number;
  readonly random?: () => number;
  /** Minutes; 0 = off (0). */
  readonly lateNote?: number;
  readonly bccMode?: BccMode;
  /** Of a new mailer. */
  readonly available?: boolean;
}

/** An outbox on the clock, files and modem of a bench. */
export function outboxOn(
  directory: string,
  { clock, mailer, files, options }: Pick<Bench, "clock" | "mailer" | "files" | "options">,
  host: Host,
): Outbox {
  mailer.lateNote = options.lateNote ?? 0;
  mailer.bccMode = options.bccMode ?? "private";
  return new Outbox({
    directory,
    clock,
    mailer,
    settings: { ...SETTINGS, ...options.settings },
    log: options.log ?? silent,
    random: options.random ?? (() => 0.5),
    files,
    host,
  });
}

export class Bench {
  readonly clock: VirtualClock;
  readonly files: FileLayer;
  readonly mailer: FakeMailer;
  readonly host: ReturnType<typeof fakeHost>;
  readonly outbox: Outbox;
  readonly ended: MailEnded[] = [];
  readonly holds: (HoldReason | undefined)[] = [];
  readonly troubles: ModemError[] = [];
  /** Codes of what kept failing. */
  readonly failing: string[] = [];

  constructor(readonly options: BenchOptions = {}) {
    this.clock = options.clock ?? new VirtualClock();
    this.files = options.files ?? new FaultyFiles();
    this.mailer = options.mailer ?? new FakeMailer();
    this.mailer.available = options.available ?? this.mailer.available;
    this.host = fakeHost(this.clock, options.boot, options.uptime);
    this.outbox = outboxOn(DIRECTORY, this, this.host);
    this.outbox.on("ended", (ended) => this.ended.push(ended));
    this.outbox.on("hold", (reason) => this.holds.push(reason));
    this.outbox.on("trouble", (error) => this.troubles.push(error));
    this.outbox.on("failing", ({ code }) => this.failing.push(code));
  }

  /** A bench whose outbox is open. */
  static async open(options: BenchOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    await bench.clock.until(bench.outbox.open());
    return bench;
  }

  /** The next start on the same files, clock and modem, after a close; the disk is well again. */
  async restart(options: BenchOptions = {}): Promise<Bench> {
    await this.clock.until(this.outbox.close());
    this.host.end();
    const { files, clock, mailer } = this;
    if (files instanceof FaultyFiles) files.fault = () => undefined;
    return Bench.open({ ...this.options, files, clock, mailer, ...options });
  }

  /** The next start after a kill (`all` survives) or a power cut, on a new clock; deliveries are counted on. */
  async killed(survives: Survives, options: BenchOptions = {}): Promise<Bench> {
    const { files } = this;
    if (!(files instanceof FaultyFiles)) throw new Error("only simulated files can be cut");
    files.cut();
    this.host.end();
    const mailer = new FakeMailer(this.mailer.delivered);
    const boot = survives === "all" ? this.host.self.boot : `${this.host.self.boot}+`;
    return Bench.open({ ...this.options, files: files.after(survives), mailer, boot, ...options });
  }

  async accept(mail: Mail, options: Partial<MailOptions> = {}, message: unknown = {}): Promise<string> {
    return this.acceptAt(undefined, mail, options, message);
  }

  /** @param place in the order of acceptance, from `reservePlace`. */
  async acceptAt(
    place: number | undefined,
    mail: Mail,
    options: Partial<MailOptions> = {},
    message: unknown = {},
  ): Promise<string> {
    const origin = { nodeId: "n1", message, ...(place !== undefined && { place }) };
    return (await this.clock.until(this.outbox.accept(mail, { ...OPTIONS, ...options }, origin))).id;
  }

  /** Runs until so many mails have ended; returns the last. */
  async ends(count: number, limit?: number): Promise<MailEnded> {
    await this.clock.run(() => this.ended.length >= count, limit);
    const last = this.ended[count - 1];
    if (last === undefined) throw new Error("no mail has ended");
    return last;
  }

  /** Subjects in the order of delivery. */
  get delivered(): string[] {
    return this.mailer.delivered.map(({ subject }) => subject);
  }

  /** Subjects in the order of the tries. */
  get tried(): string[] {
    return this.mailer.tried.map(({ subject }) => subject);
  }
}

/** A fate that fails before QSMTPPUT unless a reply of the server says otherwise. */
export function failure(code: ErrorCode, options: ModemErrorOptions = {}): Fate {
  const error = new ModemError(code, options);
  return error.smtpCode === undefined
    ? { kind: "failed", error, beforePut: true }
    : { kind: "failed", error };
}
