/** Errors of the operating system as a person shall read them. */
import { ModemError } from "../../errors";
import { hasCode } from "./files";

/** A ModemError as it is; anything else becomes OUTBOX_DISK. */
export function diskError(cause: unknown): ModemError {
  if (cause instanceof ModemError) return cause;
  const detail = hasCode(cause, "ENOSPC") ? "no space left" : String(cause);
  return new ModemError("OUTBOX_DISK", { detail, cause });
}
