/**
 * Which settings end a hold for a setup error, and whether a mail may be tried meanwhile.
 *
 * Data of our own judgement, on the codes of lib/error-table with class `setup`.
 */
import type { ErrorCode } from "../errors";
import type { Concern } from "./outbox-types";

export const ALL_CONCERNS = ["port", "sim", "apn", "server", "login", "sender"] as const satisfies Concern[];

/** A code that is not listed concerns all settings. */
const CONCERNS: Partial<Record<ErrorCode, readonly Concern[]>> = {
  SIM_MISSING: ["sim"],
  SIM_PIN_REQUIRED: ["sim"],
  SIM_PIN_REFUSED: ["sim"],
  SIM_PIN_LAST_TRY: ["sim"],
  SIM_PUK_REQUIRED: ["sim"],
  PDP_NO_APN: ["apn"],
  PDP_TOO_MANY: ["apn"],
  LIMIT_SERVER: ["server"],
  LIMIT_CREDENTIALS: ["login", "apn"],
  SMTP_AUTH_UNSUPPORTED: ["server", "login"],
  SMTP_TLS_FAILED: ["server"],
  SMTP_COMMAND_UNKNOWN: ["server"],
  SMTP_NOT_IMPLEMENTED: ["server", "login"],
  SMTP_BAD_SEQUENCE: ["server", "login"],
  SMTP_ARGUMENT_NOT_IMPLEMENTED: ["server", "login"],
  SMTP_HOST_ACCEPTS_NO_MAIL: ["server"],
  SMTP_ACCESS_DENIED: ["server", "login"],
  SMTP_AUTH_FAILED: ["server", "login"],
};

/** Errors after which another try may do harm: it counts towards a locked account or SIM card. */
const NEVER_PROBED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_AUTH_FAILED",
  "SIM_PIN_REFUSED",
  "SIM_PIN_LAST_TRY",
  "SIM_PUK_REQUIRED",
]);

export function concernsOf(code: ErrorCode): readonly Concern[] {
  return CONCERNS[code] ?? ALL_CONCERNS;
}

export function mayProbe(code: ErrorCode): boolean {
  return !NEVER_PROBED.has(code);
}

/** True for errors that are over as soon as the modem is ready with its SIM card. */
export function endsWhenReady(code: ErrorCode): boolean {
  return concernsOf(code).every((concern) => concern === "sim");
}
