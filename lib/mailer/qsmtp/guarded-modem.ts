/**
 * The module as one transaction sees it: of one start, and with errors that tell at which step of the mail they came.
 *
 * What was set, uploaded and filled in is gone after a restart. So from the restart on every command of the transaction
 * is refused here, instead of completing a mail of which the first half is missing. And the module says 664 for every
 * value that it does not take; only the stage tells which one it was.
 */
import { limited } from "../../async";
import type { ExecuteOptions } from "../../at/channel";
import type { Command } from "../../at/command";
import type { LineProperties } from "../../at/wire";
import type { Clock } from "../../clock";
import { copyOf, isModemError, knownFields, ModemError, type ErrorClass, type ErrorCode } from "../../errors";
import type { Modem, ModuleIdentity } from "../../quectel/connection/modem";
import type { Logger } from "../../quectel/settings";

/** Milliseconds that a command waits for a line that is being synchronised. */
const RESYNC_TIME_MS = 30_000;

export class TransactionModem {
  private start: number;

  constructor(private readonly modem: Modem) {
    this.start = modem.epoch;
  }

  /** A transaction begins: what follows holds for the present start of the module. */
  begin(): void {
    this.start = this.modem.epoch;
  }

  /** False once the module has restarted since `begin`. */
  get isSameStart(): boolean {
    return this.modem.epoch === this.start;
  }

  /**
   * As `Modem.execute`, after a line that is just being synchronised; rejects with `MODEM_RESET` once the module has
   * restarted since `begin`.
   */
  async execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    await this.settled(options.signal);
    if (!this.isSameStart) throw new ModemError("MODEM_RESET");
    return this.modem.execute(command, options);
  }

  /** Resolves when the line is in step again, as after an upload that was aborted, or 30 s are over. */
  async settled(signal?: AbortSignal): Promise<void> {
    const { modem } = this;
    if (modem.state.name !== "connecting") return;
    await limited(modem.clock, RESYNC_TIME_MS, signal, (ends) => modem.whenReady(ends)).catch(() =>
      signal?.throwIfAborted(),
    );
  }

  get epoch(): number {
    return this.modem.epoch;
  }

  get line(): LineProperties {
    return this.modem.line;
  }

  get identity(): ModuleIdentity | undefined {
    return this.modem.identity;
  }

  get clock(): Clock {
    return this.modem.clock;
  }

  get log(): Logger {
    return this.modem.log;
  }
}

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
    ...knownFields({ command, modemCode, smtpCode }),
  };
  const meant = meaning[error.code];
  if (meant !== undefined) return new ModemError(meant.code, { ...meant, ...known });
  return copyOf(error, { stage });
}
