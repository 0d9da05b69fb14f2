/** The one table of all error codes: text, hint for a person, class, and the module's number where there is one. */
import { FILE_ERRORS } from "./file";
import { MESSAGE_ERRORS } from "./message";
import { MODEM_ERRORS, NETWORK_ERRORS, PORT_ERRORS } from "./modem";
import { OUTBOX_ERRORS } from "./outbox";
import type { ErrorRow } from "./row";
import { SMTP_ERRORS } from "./smtp";
import { SOCKET_ERRORS } from "./socket";

export type { ErrorClass, ErrorRow } from "./row";
export { SPECIAL_HINTS, type SpecialHint } from "./special-hints";

const TABLE = {
  ...MESSAGE_ERRORS,
  ...PORT_ERRORS,
  ...MODEM_ERRORS,
  ...NETWORK_ERRORS,
  ...FILE_ERRORS,
  ...SOCKET_ERRORS,
  ...SMTP_ERRORS,
  ...OUTBOX_ERRORS,
} as const;

/** A stable, documented error code. */
export type ErrorCode = keyof typeof TABLE;

export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = TABLE;
