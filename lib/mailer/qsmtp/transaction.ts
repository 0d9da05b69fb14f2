/**
 * Transaction: one complete QSMTP dialogue, from clearing the module's mail to the result of sending it.
 *
 *   clear ─> data connection ─> settings ─> TLS ─> attachments ─> recipients, subject, body ─> send ─> result
 *
 * Clearing comes first because it fails while the module is busy with another mail, and then nothing else may be
 * touched. One attempt; what is done about a failure is decided by `recovery/recovery.ts` and the outbox. Wants the mail lock.
 */
import { ModemError } from "../../errors";
import type { CarrierProgress, MailTransaction, SendReport, TextSupport } from "./carrier";
import type { FileStore, StoredFile } from "../../quectel/files/file-store";
import { attach, clear, fillBody, fillHeader, type CodedMail } from "./fill";
import type { GuardedModem } from "./guarded-modem";
import type { KnownSettings } from "./known-settings";
import type { Modem } from "../../quectel/connection/modem";
import { putError } from "./put-result";
import { putSeconds, sendMail } from "./put";
import type { SmtpSettings } from "../../quectel/settings";
import { applySmtpSettings } from "./smtp-settings";
import { atStage } from "./stage-error";
import { codedBody, codedSubject, type TextCoding } from "./text-coding";
import type { TlsContext } from "./tls";

/** What a transaction works with. */
export interface Workshop {
  readonly modem: Modem;
  readonly guarded: GuardedModem;
  readonly settings: SmtpSettings;
  readonly known: KnownSettings;
  readonly tls: TlsContext;
  readonly coding: TextCoding;
  readonly files: FileStore;
  /** Makes the data connection ready, and the module's clock right where `dates` of certificates are checked. */
  readonly connect: (dates: "checked" | "unchecked", signal: AbortSignal) => Promise<void>;
}

export interface AttemptOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: CarrierProgress) => void;
  readonly beforePut: () => Promise<void>;
}

/** Not a reset while sending, of which nobody could know the outcome. */
const LATE_RESTART = "it has restarted just before the mail was to be sent";

const ASCII_ONLY: TextSupport = { subject: "unknown", body: "unknown" };

/** Runs one attempt; rejects with a ModemError that tells its stage. */
export async function attemptMail(
  work: Workshop,
  mail: MailTransaction,
  options: AttemptOptions,
): Promise<SendReport> {
  const { guarded, modem, settings } = work;
  const { signal, onProgress } = options;
  guarded.begin();
  onProgress({ stage: "connect", done: 0, total: 0 });
  await clear(guarded, signal);
  const verified = settings.security !== "none" && settings.tls.verify;
  await atStage("network", () => work.connect(verified ? "checked" : "unchecked", signal));
  onProgress({ stage: "settings", done: 0, total: 0 });
  const warnings = await configure(work, mail, signal);
  const coded = await atStage("body", () => codedMail(work, mail, signal));
  const names = await upload(work, mail, options);
  await fillHeader(guarded, coded, signal);
  const body = coded.body.bytes;
  await fillBody(guarded, coded.body, signal, (done) =>
    onProgress({ stage: "body", done, total: body.length }),
  );
  await attach(guarded, names, signal);
  onProgress({ stage: "sending", done: 0, total: 0 });
  const bytes = mail.body.bytes.length + sizeOf(mail.attachments);
  const { result, sendMs } = await sendMail(modem, {
    seconds: putSeconds(settings.sendTimeout, bytes),
    signal,
    beforePut: async () => {
      await options.beforePut();
      if (!guarded.isSameStart)
        throw new ModemError("MODEM_NOT_READY", { detail: LATE_RESTART, stage: "send" });
    },
  });
  const error = putError(result);
  if (error !== undefined) throw error;
  return { sendMs, bytes, warnings };
}

async function configure(
  work: Workshop,
  mail: MailTransaction,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { known, modem, settings, tls } = work;
  await applySmtpSettings(known, modem.options.network.contextId, settings, mail, signal);
  return settings.security === "none" ? [] : atStage("tls", () => tls.configure(settings, signal));
}

async function codedMail(work: Workshop, mail: MailTransaction, signal: AbortSignal): Promise<CodedMail> {
  const { to, cc, bcc, subject, body } = mail;
  const isAscii = subject.charset === "ascii" && body.charset === "ascii";
  const support = isAscii ? ASCII_ONLY : await work.coding.find(signal);
  if (body.charset !== "ascii") await work.coding.prepareBody(signal);
  return {
    to,
    cc,
    bcc,
    subject: { charset: subject.charset, text: codedSubject(subject, support) },
    body: { charset: body.charset, bytes: codedBody(body, support) },
  };
}

/** Puts all attachments into the module; the names by which to attach them, in order. */
async function upload(
  { files }: Workshop,
  { attachments }: MailTransaction,
  { signal, onProgress }: AttemptOptions,
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
