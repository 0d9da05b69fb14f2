/** What went wrong, for a person: code, sentence, hint, and the hint's name in the catalogs. */
import { ERROR_TABLE, knownFields, type ErrorCode } from "../../../lib/errors";
import { hintKeyOf } from "../admin/admin-routes";
import { withMaskedAddresses } from "../admin/masking";

export interface ShownError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Name of the hint in the catalogs; missing for one that stands in no table. */
  readonly hintKey?: string;
  readonly modemCode?: number;
  readonly smtpCode?: number;
}

/** An error, as outbox, result and modem tell it. */
interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly modemCode?: number | undefined;
  readonly smtpCode?: number | undefined;
}

/** Without a hint of its own it has that of its code; a code of another version, as a record may hold, has none. */
export function shownError({ code, message, hint, modemCode, smtpCode }: Failure): ShownError {
  const row = (ERROR_TABLE as Partial<typeof ERROR_TABLE>)[code];
  const hintKey = row === undefined ? undefined : hintKeyOf(code, hint ?? row.hint);
  return {
    code,
    message: withMaskedAddresses(message),
    hint: hint ?? row?.hint ?? "",
    ...knownFields({ hintKey, modemCode, smtpCode }),
  };
}
