/** A failure in the forms that Node-RED takes: `msg.error` of an output, and the error of `done`. */
import { types } from "node:util";
import type { Node } from "node-red";
import { type ErrorCode, isModemError, knownFields, ModemError } from "../../../lib/errors";
import type { MailFailure, SmtpResult } from "../../../lib/mail/mail";
import { thrownText } from "../../../lib/mail/message/foreign";

/** `msg.error` as a Catch node would write it, and what a person can do. */
export interface MessageError extends MailFailure {
  readonly source: { readonly id: string; readonly type: string; readonly name: string | undefined };
}

/** Why a node cannot work with what was chosen in its dialog; undefined where it can. */
export function faultOf(chosen: object): ErrorCode | undefined {
  return isModemError(chosen) ? chosen.code : undefined;
}

/** The failure of a message that never became a mail of the outbox, from whatever was thrown. */
export function failureOf(thrown: unknown): MailFailure {
  const error = asModemError(thrown);
  const { message, code, hint, stage, modemCode, smtpCode } = error;
  return {
    message,
    code,
    hint,
    class: error.class,
    outcome: "notSent",
    attempts: 0,
    ...knownFields({ stage, modemCode, smtpCode }),
  };
}

/** `msg.smtp` of a message that never became a mail of the outbox. */
export function refusedResult(warnings: readonly string[]): SmtpResult {
  return {
    status: "failed",
    id: "",
    accepted: [],
    rejected: [],
    attempts: 0,
    queuedMs: 0,
    bytes: 0,
    warnings,
  };
}

export function messageError(failure: MailFailure, node: Node): MessageError {
  return { ...failure, source: { id: node.id, type: node.type, name: node.name } };
}

/** The error for `done`: Node-RED copies its message, code and cause to the message of Catch nodes, and no more. */
export function flowError(failure: MailFailure): Error {
  const { message, code, ...cause } = failure;
  return Object.assign(new Error(message, { cause }), { code });
}

/** An error that is no ModemError is a fault of this package; it keeps its text and its origin. */
export function asModemError(thrown: unknown): ModemError {
  // A thrown Proxy must not be touched.
  if (!types.isNativeError(thrown)) return new ModemError("MODEM_ERROR", { detail: thrownText(thrown) });
  if (isModemError(thrown)) return thrown;
  return new ModemError("MODEM_ERROR", { detail: thrownText(thrown), cause: thrown });
}
