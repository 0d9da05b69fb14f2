/**
 * Transaction: one complete QSMTP dialogue, from clearing the module's mail to the result of sending it.
 *
 *   clear ─> data connection ─> settings ─> TLS ─> attachments ─> recipients, subject, body ─> send ─> result
 *
 * Clearing comes first because it fails while the module is busy with another mail, and then nothing else may be
 * touched. One attempt in two halves, before and after the one step that can end in doubt; what is done about a failure
 * is decided elsewhere. Wants the mail lock.
 */
import { ModemError } from "../../errors";
import type { MailerProgress } from "../mailer";
import { ASCII_ONLY, type MailTransaction } from "./compose/mail-transaction";
import type { FileStore, StoredFile } from "../../quectel/files/file-store";
import { attach, clear, fillBody, fillHeader, type CodedMail } from "./fill";
import { type KnownSettings, applySmtpSettings } from "./smtp-settings";
import type { Modem, ModuleIdentity } from "../../quectel/connection/modem";
import { putSeconds, sendMail, type PutForm, type PutOutcome } from "./put";
import type { Logger, SmtpSettings } from "../../quectel/settings";
import { atStage } from "./stage-error";
import { codedBody, codedSubject, type TextCoding } from "./text-coding";
import type { TlsContext } from "./tls";
import { limited } from "../../async";
import type { Command } from "../../at/command";
import type { ExecuteOptions } from "../../at/channel";
import type { Clock } from "../../clock";
import type { LineProperties } from "../../quectel/connection/line-source";

/** What a transaction works with. */
export interface TransactionParts {
  readonly modem: Modem;
  readonly guarded: TransactionModem;
  readonly settings: SmtpSettings;
  readonly known: KnownSettings;
  readonly tls: TlsContext;
  readonly coding: TextCoding;
  readonly files: FileStore;
  readonly putForm: PutForm;
  /** Makes the data connection ready, and the module's clock right where `dates` of certificates are checked. */
  readonly connect: (dates: "checked" | "unchecked", signal: AbortSignal) => Promise<void>;
}

interface FillOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MailerProgress) => void;
}

/** Not a reset while sending, of which nobody could know the outcome. */
const LATE_RESTART = "it has restarted just before the mail was to be sent";

const PLAIN_BODY = "The module refused the letters of the text; it is whole in message.txt.";

/** A mail that the module holds whole and has not sent. */
export interface FilledMail {
  /** Payload: text and attachments. */
  readonly bytes: number;
  /** What the reader may not get as it was given. */
  readonly warnings: readonly string[];
  /** Subject as it stands on the line, to recognise the mail by. */
  readonly subject: string;
}

/** All but the sending: nothing of it can leave a doubt. Rejects with a ModemError that tells its stage. */
export async function fillMail(
  work: TransactionParts,
  mail: MailTransaction,
  { signal, onProgress }: FillOptions,
): Promise<FilledMail> {
  const { guarded, settings } = work;
  guarded.begin();
  await atStage("network", () => identified(work, signal));
  onProgress({ stage: "connect", done: 0, total: 0 });
  await clear(guarded, signal);
  const verified = settings.security !== "none" && settings.tls.verify;
  await atStage("network", () => work.connect(verified ? "checked" : "unchecked", signal));
  onProgress({ stage: "settings", done: 0, total: 0 });
  const warnings = await configure(work, mail, signal);
  const coded = await atStage("body", () => codedMail(work, mail, signal));
  const names = await upload(work, mail, { signal, onProgress });
  await fillHeader(guarded, coded, signal);
  const total = coded.body.bytes.length;
  const isTaken = await fillBody(guarded, coded, signal, (done) =>
    onProgress({ stage: "body", done, total }),
  );
  await attach(guarded, names, signal);
  return {
    bytes: mail.body.bytes.length + sizeOf(mail.attachments),
    warnings: isTaken ? warnings : [...warnings, PLAIN_BODY],
    subject: coded.subject.text,
  };
}

/**
 * Sends what the module holds; resolves with its result, whatever it says. Rejects as `sendMail`, and with
 * `MODEM_NOT_READY` when the module has restarted since it was filled: then nothing was sent.
 */
export async function putMail(
  { guarded, modem, settings, putForm }: TransactionParts,
  { bytes }: FilledMail,
  { signal, onProgress }: FillOptions,
): Promise<PutOutcome> {
  onProgress({ stage: "sending", done: 0, total: 0 });
  if (!guarded.isSameStart) throw new ModemError("MODEM_NOT_READY", { detail: LATE_RESTART, stage: "send" });
  return sendMail(modem, { seconds: putSeconds(settings.sendTimeout, bytes), signal, form: putForm });
}

/** Nothing is touched before it is known which module it is and that no other port of this process works with it. */
async function identified({ modem, guarded }: TransactionParts, signal: AbortSignal): Promise<void> {
  if (modem.identity === undefined) await guarded.settled(signal);
  if (modem.identity === undefined) throw modem.notReady() ?? new ModemError("MODEM_NOT_READY");
  if (!modem.lock.isWhole) throw new ModemError("MODEM_RESET");
}

async function configure(
  work: TransactionParts,
  mail: MailTransaction,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { known, modem, settings, tls } = work;
  await applySmtpSettings(known, modem.options.network.contextId, settings, mail, signal);
  return settings.security === "none" ? [] : atStage("tls", () => tls.configure(settings, signal));
}

async function codedMail(
  work: TransactionParts,
  mail: MailTransaction,
  signal: AbortSignal,
): Promise<CodedMail> {
  const { to, cc, bcc, subject, body, plainBody } = mail;
  const isAscii = subject.charset === "ascii" && body.charset === "ascii";
  const support = isAscii ? ASCII_ONLY : await work.coding.find(signal);
  if (body.charset !== "ascii") await work.coding.prepareBody(signal);
  return {
    to,
    cc,
    bcc,
    subject: { charset: subject.charset, text: codedSubject(subject, support) },
    body: { charset: body.charset, bytes: codedBody(body, support) },
    plainBody: plainBody && { charset: plainBody.charset, bytes: codedBody(plainBody, support) },
  };
}

/** Puts all attachments into the module; the names by which to attach them, in order. */
async function upload(
  { files }: TransactionParts,
  { attachments }: MailTransaction,
  { signal, onProgress }: FillOptions,
): Promise<readonly string[]> {
  return atStage("upload", async () => {
    await files.tidy(attachments, signal);
    const total = sizeOf(attachments);
    const stored: StoredFile[] = [];
    for (const attachment of attachments) {
      const before = sizeOf(stored);
      const report = (bytes: number): void => onProgress({ stage: "upload", done: before + bytes, total });
      report(0);
      stored.push(await files.place(attachment, "mail", { signal, onProgress: report }));
      report(attachment.size);
    }
    return stored.map((file) => file.name);
  });
}

function sizeOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

/*
 * TransactionModem: the module for the time of one transaction.
 *
 * What was set, uploaded and filled in is gone after a restart. So from the restart on every command of the
 * transaction is refused here, instead of completing a mail of which the first half is missing.
 */

/** Milliseconds that a command waits for a line that is being synchronised. */
const RESYNC_TIME_MS = 30_000;

export class TransactionModem {
  private start: number;

  constructor(private readonly modem: Modem) {
    this.start = modem.epoch;
  }

  /** A transaction begins: what follows holds for the present start of the module. */
  begin(): void {
    this.start = this.modem.epoch;
  }

  /** False once the module has restarted since `begin`. */
  get isSameStart(): boolean {
    return this.modem.epoch === this.start;
  }

  /**
   * As `Modem.execute`, after a line that is just being synchronised; rejects with `MODEM_RESET` once the module has
   * restarted since `begin`.
   */
  async execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    await this.settled(options.signal);
    if (!this.isSameStart) throw new ModemError("MODEM_RESET");
    return this.modem.execute(command, options);
  }

  /** Resolves when the line is in step again, as after an upload that was broken off, or 30 s are over. */
  async settled(signal?: AbortSignal): Promise<void> {
    const { modem } = this;
    if (modem.state.name !== "connecting") return;
    await limited(modem.clock, RESYNC_TIME_MS, signal, (ends) => modem.whenReady(ends)).catch(() =>
      signal?.throwIfAborted(),
    );
  }

  get epoch(): number {
    return this.modem.epoch;
  }

  get line(): LineProperties {
    return this.modem.line;
  }

  get identity(): ModuleIdentity | undefined {
    return this.modem.identity;
  }

  get clock(): Clock {
    return this.modem.clock;
  }

  get log(): Logger {
    return this.modem.log;
  }
}
