/**
 * From an error of a command to the error of a mail: at which stage it happened, and what a refused value means there.
 *
 * The module says 664 for every value that it does not take; only the stage tells which one it was.
 */
import { copyOf, isModemError, ModemError, type ErrorClass, type ErrorCode } from "../../errors";

/** Steps of a transaction in their order, as `stage` of its errors. */
export type Stage =
  | "network"
  | "settings"
  | "tls"
  | "clear"
  | "recipients"
  | "subject"
  | "body"
  | "upload"
  | "attachments"
  | "send";

/** What an error of the module means at a stage, by its code. */
export type Meaning = Partial<
  Record<ErrorCode, { readonly code: ErrorCode; readonly detail?: string; readonly class?: ErrorClass }>
>;

/** Runs `work`; a ModemError without stage gets this one, and the code that it means there. */
export async function atStage<T>(stage: Stage, work: () => Promise<T>, meaning: Meaning = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withStage(error, stage, meaning);
  }
}

/**
 * Runs a command once more when the module refuses its value (664): a byte may have been damaged on the line, and a
 * refused value ends the mail for good.
 */
export async function confirmed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isModemError(error, "SMTP_PARAMETER")) throw error;
    return work();
  }
}

/** `error` with the stage, or itself when it has one already or is no ModemError. */
export function withStage(error: unknown, stage: Stage, meaning: Meaning = {}): unknown {
  if (!isModemError(error) || error.stage !== undefined) return error;
  const { command, modemCode, smtpCode } = error;
  const known = {
    stage,
    cause: error.cause ?? error,
    ...(command === undefined ? {} : { command }),
    ...(modemCode === undefined ? {} : { modemCode }),
    ...(smtpCode === undefined ? {} : { smtpCode }),
  };
  const meant = meaning[error.code];
  if (meant !== undefined) return new ModemError(meant.code, { ...meant, ...known });
  return copyOf(error, { stage });
}
