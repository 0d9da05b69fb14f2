/**
 * Transaction: the module's one mail is filled, from clearing the former one to the last attachment.
 *
 *   clear ─> data connection ─> settings ─> TLS ─> attachments ─> recipients, subject, body ─> attach
 *
 * Clearing comes first because it fails while the module is busy with another mail, and then nothing else may be
 * touched. One attempt; what is done about a failure is decided elsewhere, and what the module refuses becomes the error
 * of the part that it refused. The sending is in `put.ts`. Wants the mail lock.
 */
import { isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import type { Command } from "../../at/command";
import { inputSeconds, type LineProperties } from "../../at/wire";
import {
  addRecipient,
  attachFile,
  type CharsetName,
  clearMail,
  queryRecipients,
  sendBody,
  setSubject,
} from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { ifRefused } from "../../quectel/execute";
import type { FileStore } from "../../quectel/files/file-store";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { PdpContext } from "../../quectel/network/pdp";
import type { SmtpSettings } from "../../quectel/settings";
import type { MailerProgress } from "../mailer";
import type { MailTransaction } from "./compose/mail-transaction";
import {
  atStage,
  confirmed,
  type KnownSettings,
  type Meaning,
  type Stage,
  type TransactionModem,
} from "./guarded-modem";
import type { PutForm } from "./put";
import { areSame, hasAddresses } from "./result";
import { applySmtpSettings } from "./smtp-settings";
import { codedBody, codedSubject, type TextCoding } from "./text-coding";
import type { TlsContext } from "./tls";

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
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
}

interface FillOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: MailerProgress) => void;
}

const PLAIN_BODY = "The module rejected the letters of the text; it is in full in message.txt.";

/** A mail that the module holds whole and has not sent. */
export interface FilledMail {
  /** Payload: text and attachments. */
  readonly bytes: number;
  /** What the reader may not get as it was given. */
  readonly warnings: readonly string[];
  /** Subject as it stands on the line, to recognise the mail by. */
  readonly subject: string;
  /** Files of ours may lie in the module: its own, or what former mails have left. */
  readonly hasFiles: boolean;
}

/** All but the sending: nothing of it can leave a doubt. Rejects with a ModemError that tells its stage. */
export async function fillMail(
  work: TransactionParts,
  mail: MailTransaction,
  { signal, onProgress }: FillOptions,
): Promise<FilledMail> {
  const { guarded, known, modem, settings, tls } = work;
  guarded.begin();
  // Nothing is touched before it is known which module it is and that no other port of this process works with it.
  await atStage("network", async () => {
    if (modem.identity === undefined) await guarded.settled(signal);
    if (modem.identity === undefined) throw modem.notReady() ?? new ModemError("MODEM_NOT_READY");
    modem.lock.requireResults();
  });
  onProgress({ stage: "connect", done: 0, total: 0 });
  await clear(guarded, signal);
  const isSecure = settings.security !== "none";
  await atStage("network", async () => {
    await guarded.ready(signal);
    await work.pdp.ensure(signal);
    // Dates of certificates are checked by it.
    if (isSecure && settings.tls.verify) await work.moduleClock.ensure(signal);
  });
  onProgress({ stage: "settings", done: 0, total: 0 });
  const { contextId } = modem.options.network;
  const settled = JSON.stringify([contextId, settings, mail.senderName, mail.senderAddress]);
  await known.applyTogether(settled, () => applySmtpSettings(known, contextId, settings, mail, signal));
  const warnings = isSecure ? await atStage("tls", () => tls.configure(settings, signal)) : [];
  const coded = await atStage("body", () => codedMail(work, mail, signal));
  const hasFiles = mail.attachments.length > 0 || (await atStage("upload", () => work.files.mayHoldSome()));
  const { names, bytes } = hasFiles ? await upload(work, mail, { signal, onProgress }) : NO_FILES;
  const { line } = modem;
  await fillHeader(guarded, line, coded, signal);
  const total = coded.body.bytes.length;
  const isTaken = await fillBody(guarded, line, coded, signal, (done) =>
    onProgress({ stage: "body", done, total }),
  );
  for (const [index, name] of names.entries()) await attach(guarded, index + 1, name, signal);
  return {
    bytes: mail.body.bytes.length + bytes,
    warnings: isTaken ? warnings : [...warnings, PLAIN_BODY],
    subject: coded.subject.text,
    hasFiles,
  };
}

/** The texts as they are written on the line; those in ASCII as they are, without a question to the module. */
async function codedMail(
  { coding }: TransactionParts,
  { to, cc, bcc, subject, body, plainBody }: MailTransaction,
  signal: AbortSignal,
): Promise<CodedMail> {
  if (subject.charset === "ascii" && body.charset === "ascii") {
    const text = subject.bytes.toString("latin1");
    return { to, cc, bcc, subject: { charset: "ascii", text }, body, plainBody };
  }
  const support = await coding.find(signal);
  if (body.charset !== "ascii") await coding.prepareBody(signal);
  return {
    to,
    cc,
    bcc,
    subject: { charset: subject.charset, text: codedSubject(subject, support) },
    body: { charset: body.charset, bytes: codedBody(body, support) },
    plainBody: plainBody && { charset: plainBody.charset, bytes: codedBody(plainBody, support) },
  };
}

interface UploadedFiles {
  /** By which to attach them, in order. */
  readonly names: readonly string[];
  readonly bytes: number;
}

const NO_FILES: UploadedFiles = { names: [], bytes: 0 };

/** Deletes what former mails have left, and puts all attachments into the module. */
async function upload(
  { files }: TransactionParts,
  { attachments }: MailTransaction,
  { signal, onProgress }: FillOptions,
): Promise<UploadedFiles> {
  return atStage("upload", async () => {
    await files.tidy(attachments, signal);
    const total = attachments.reduce((sum, { size }) => sum + size, 0);
    const names: string[] = [];
    let before = 0;
    for (const attachment of attachments) {
      const report = (bytes: number): void => onProgress({ stage: "upload", done: before + bytes, total });
      report(0);
      const { name } = await files.place(attachment, "mail", { signal, onProgress: report });
      names.push(name);
      report(attachment.size);
      before += attachment.size;
    }
    return { names, bytes: total };
  });
}

type FilledModem = Pick<Modem, "execute">;

/** A mail in the form of the line. */
export interface CodedMail {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** One character per byte. */
  readonly subject: { readonly charset: CharsetName; readonly text: string };
  /** Empty: the mail has a subject only. */
  readonly body: { readonly charset: CharsetName; readonly bytes: Buffer };
  /** In place of `body` where the module refuses its coding. */
  readonly plainBody: CodedMail["body"] | undefined;
}

/** Clears the module's mail; rejects with `SMTP_BUSY` while it sends another. */
export async function clear(modem: FilledModem, signal: AbortSignal): Promise<void> {
  await atStage("clear", () => modem.execute(clearMail(), { signal }));
}

/**
 * Recipients and subject. The recipients are read back where some may be missing or wrong: several, of which an
 * unnoticed restart may have swallowed the first, and a serial line, which has no checksum: noise makes another address
 * of one, also under flow control.
 */
export async function fillHeader(
  modem: FilledModem,
  line: LineProperties,
  mail: CodedMail,
  signal: AbortSignal,
): Promise<void> {
  const { charset, text } = mail.subject;
  const wanted = [...mail.to, ...mail.cc, ...mail.bcc];
  for (let attempt = 1; ; attempt++) {
    for (const type of ["to", "cc", "bcc"] as const) {
      for (const address of mail[type]) {
        const refused: Meaning = {
          SMTP_PARAMETER: { code: "LIMIT_ADDRESS", detail: `${address}, ${address.length} bytes` },
          // What the module says to one recipient more than its list holds.
          SMTP_NO_MEMORY: { code: "LIMIT_RECIPIENTS" },
        };
        await give(modem, "recipients", signal, refused, () => addRecipient(type, address));
      }
    }
    if (wanted.length === 1 && line.bitRate === undefined) break;
    const held = await atStage("recipients", () =>
      ifRefused(modem.execute(queryRecipients(), { signal }), async () => wanted),
    );
    if (areSame(held, wanted)) break;
    // Twice nothing that reads as an address: this module lists them in no known form, and says 659 where it has none.
    if (attempt === 2 && !hasAddresses(held)) break;
    if (attempt === 2)
      throw new ModemError("MODEM_OUT_OF_SYNC", { ...WRONG_RECIPIENTS, stage: "recipients" });
    await clear(modem, signal);
  }
  const refused: Meaning = {
    SMTP_PARAMETER: { code: "LIMIT_SUBJECT", detail: `${text.length} bytes on the line` },
  };
  await give(modem, "subject", signal, refused, () => setSubject(charset, text));
}

/** A command with a value, and what it means when the module refuses it. */
async function give(
  modem: FilledModem,
  stage: Stage,
  signal: AbortSignal,
  refused: Meaning,
  command: () => Command<void>,
): Promise<void> {
  await atStage(stage, () => confirmed(() => modem.execute(command(), { signal })), refused);
}

/**
 * The body in data mode, or the plain one where the module refuses the coding of the first; true for the first. One that
 * did not arrive whole is sent once more.
 */
export async function fillBody(
  modem: FilledModem,
  line: LineProperties,
  { body, plainBody }: Pick<CodedMail, "body" | "plainBody">,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<boolean> {
  const { charset, bytes } = body;
  const size = bytes.length;
  if (size === 0) return true;
  const seconds = inputSeconds(size, line);
  const command = sendBody({ charset, size, seconds, source: bytes });
  try {
    return await atStage("body", async () => {
      for (let attempt = 1; ; attempt++) {
        const taken = await confirmed(() => modem.execute(command, { signal, onProgress }));
        if (taken === size) return true;
        const detail = `${taken} of ${size} bytes arrived`;
        if (attempt === 2) throw new ModemError("MODEM_TIMEOUT", { detail, hint: SPECIAL_HINTS.lostBytes });
      }
    });
  } catch (error) {
    if (plainBody === undefined || !isModemError(error, "SMTP_PARAMETER")) throw error;
    await fillBody(modem, line, { body: plainBody, plainBody: undefined }, signal, onProgress);
    return false;
  }
}

/** Attaches a file of the module. @param position 1 for the first of the mail */
export async function attach(
  modem: FilledModem,
  position: number,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const refused: Meaning = {
    SMTP_PARAMETER:
      position === 1
        ? { code: "LIMIT_FILE_NAME", detail: name }
        : { code: "LIMIT_ATTACHMENTS", detail: `the module refused number ${position}` },
  };
  await give(modem, "attachments", signal, refused, () => attachFile(position, name));
}

const WRONG_RECIPIENTS = {
  detail: "its recipients differ from those that were set",
  hint: SPECIAL_HINTS.lostBytes,
} as const;
