/** From the module's result of a mail to the error of this package. */
import { ERROR_TABLE, isModemError, ModemError, type ErrorCode } from "../../errors";
import type { PutResult } from "../../quectel/commands/smtp";
import { codeOfNumber, errorOfNumber } from "../../quectel/error-codes";
import { LOGIN_REFUSED, LOGIN_WANTED } from "../login-replies";

/** Numbers of the SMTP client begin here; firmware of tomorrow may add some behind those that are known. */
const FIRST_NUMBER = 651;
/** Stands for 554 and for every reply that has no number of its own, so the reply itself decides. */
const OTHER_REPLY = 682;

/** What the server said last, by the first digit (RFC 5321 section 4.2.1). */
type Reply = "none" | "positive" | "negative";

/** 0 stands for none; 354 and its like are positive too: the server wanted to go on. */
function replyOf(smtpCode: number | undefined): Reply {
  if (smtpCode === undefined || smtpCode === 0) return "none";
  return smtpCode >= 400 && smtpCode < 600 ? "negative" : "positive";
}

/**
 * The error of a `+QSMTPPUT` line; undefined when the server has accepted the mail. Its `smtpCode` is a refusal of the
 * server, never a reply with which the server agreed to go on: such a reply stands in the text.
 *
 * A line that says neither, such as `0,550`, `1,0` or a mere `0` (which is also the end of `656,0`), was damaged on its
 * way or is not understood: nobody can know then whether the mail was sent, so the error is `MODEM_RESULT_UNKNOWN`.
 */
export function putError(result: PutResult): ModemError | undefined {
  const { error, smtpCode = 0 } = result;
  const isAccepted = result.smtpCode === 0 || (smtpCode >= 200 && smtpCode < 300);
  if (error === 0 && isAccepted) return undefined;
  if (error < FIRST_NUMBER)
    return resultUnknown(undefined, `the module said ${error},${result.smtpCode ?? "and no more"}`);
  if (isUnreadFile(result)) {
    const detail = `the module said ${error},${smtpCode}; an empty mail may have arrived`;
    return new ModemError("SMTP_FILE_OPEN_FAILED", { stage: "send", modemCode: error, detail });
  }
  const reply = replyOf(result.smtpCode);
  const details = {
    stage: "send",
    modemCode: error,
    ...(reply === "negative" ? { smtpCode } : {}),
  } as const;
  // The module has numbers for 530 and 535 only.
  const refusal = reply === "negative" ? (LOGIN_WANTED[smtpCode] ?? LOGIN_REFUSED[smtpCode]) : undefined;
  if (refusal !== undefined) {
    const { code, hint } = refusal;
    return new ModemError(code, {
      ...details,
      ...saying(code, smtpCode),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  // Whoever was content has not refused, and 682 without a reply stands for no reply in particular.
  const isNoRefusal = reply === "positive" || (error === OTHER_REPLY && reply === "none");
  return errorOfNumber(error, {
    ...details,
    ...saying(codeOfNumber(error), smtpCode),
    ...(isNoRefusal ? { class: "transient" } : {}),
  });
}

/**
 * With this Quectel's client was seen to say that it could not read an attachment, and before it to end the mail without
 * a content: the second number is the module's own and no reply.
 */
function isUnreadFile({ error, smtpCode }: PutResult): boolean {
  return error === OTHER_REPLY && (smtpCode === 651 || smtpCode === 661);
}

/**
 * Numbers with which the module says, without a reply of the server, that it had not yet begun to hand the mail over:
 * busy with another one, name not found, no login it knows, and a recipient or a value that was missing. Not 661: a file
 * is read when the mail has begun, and an empty mail may have arrived.
 */
const BEFORE_THE_MAIL: ReadonlySet<number> = new Set([652, 653, 655, 659, 664]);

/**
 * True for a result that proves that the server has not taken the mail: the server refused (4yz, 5yz), or the module
 * had not begun. Everything else may come after the server has taken it: the confirmation of its last line was lost or
 * came too late (RFC 1047 section 2), or the module reports what happened when the connection was closed.
 */
export function provesRefusal({ error, smtpCode }: PutResult): boolean {
  if (error < FIRST_NUMBER) return false;
  switch (replyOf(smtpCode)) {
    case "negative":
      return true;
    case "none":
      return smtpCode !== undefined && BEFORE_THE_MAIL.has(error);
    case "positive":
      return false;
  }
}

/** The server's reply, where the text of the code does not name it already. */
function saying(code: ErrorCode | undefined, smtpCode: number): { readonly detail?: string } {
  const isNamed = code !== undefined && ERROR_TABLE[code].text.includes(`(${smtpCode}`);
  return smtpCode === 0 || isNamed ? {} : { detail: `the server said ${smtpCode}` };
}

/** As `provesRefusal`, the other way round, by the error alone; true where another copy has to say so to its reader. */
export function mayHaveArrived(error: unknown): boolean {
  if (!isModemError(error) || error.stage !== "send" || error.smtpCode !== undefined) return false;
  const { modemCode = 0 } = error;
  return modemCode >= FIRST_NUMBER && !BEFORE_THE_MAIL.has(modemCode);
}

/** After these nobody hears any more what the module says. */
const DIALOGUE_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PORT_CLOSED",
  "PORT_UNPLUGGED",
  "PORT_FAILED",
  "PORT_MULTIPLEXED",
  "PORT_TELNET",
  "MODEM_SILENT",
  "MODEM_TIMEOUT",
  "MODEM_OUT_OF_SYNC",
  "MODEM_RESET",
  "MODEM_ABORTED",
  "MODEM_DEAD",
  "MODEM_RESULT_UNKNOWN",
]);

/** True for an error which says, of a mail on the air, that its result is lost, not that it has failed. */
export function endsDialogue(error: unknown): boolean {
  return isModemError(error) && DIALOGUE_ENDS.has(error.code);
}

/** The error for a mail whose result can no longer come: it may have been sent or not. */
export function resultUnknown(cause: unknown, detail: string): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", { cause, detail, stage: "send" });
}
