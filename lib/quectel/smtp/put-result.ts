/** From the module's result of a mail to the error of this package. */
import { ModemError, type ErrorClass } from "../../errors";
import type { PutResult } from "../commands/smtp";
import { errorOfNumber } from "../error-codes";

/** The error of a `+QSMTPPUT` line; undefined when the server has accepted the mail. */
export function putError({ error, smtpCode }: PutResult): ModemError | undefined {
  if (error === 0) return undefined;
  const decided = error === OTHER_REPLY ? classOfReply(smtpCode) : undefined;
  return errorOfNumber(error, {
    stage: "send",
    ...(smtpCode === 0 ? {} : { smtpCode, detail: `the server said ${smtpCode}` }),
    ...(decided === undefined ? {} : { class: decided }),
  });
}

/** 682 stands for 554 and for every reply that has no number of its own, so the reply itself decides. */
const OTHER_REPLY = 682;

/**
 * Class of a server's reply (RFC 5321 section 4.2.1, RFC 4954 section 6); undefined where the table's class holds.
 *
 * 4yz is transient. Replies about login and encryption would hit every mail. Without a reply nobody has refused.
 */
function classOfReply(smtpCode: number): ErrorClass | undefined {
  if (smtpCode === 0 || (smtpCode >= 400 && smtpCode < 500)) return "transient";
  return LOGIN_REPLIES.has(smtpCode) ? "setup" : undefined;
}

/** 523 and 524 expired or weak password, 534 mechanism too weak, 538 encryption required. */
const LOGIN_REPLIES: ReadonlySet<number> = new Set([523, 524, 534, 535, 538]);

/** The error for a mail whose result can no longer come: it may have been sent or not. */
export function resultUnknown(cause: unknown, detail: string): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", { cause, detail, stage: "send" });
}
