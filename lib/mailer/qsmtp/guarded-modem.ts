/**
 * The module as one transaction sees it: of one start, with errors that tell at which step of the mail they came, and
 * with the settings that it is known to hold.
 *
 * What was set, uploaded and filled in is gone after a restart. So from the restart on every command of the transaction
 * is refused here, instead of completing a mail of which the first half is missing. And the module says 664 for every
 * value that it does not take; only the stage tells which one it was.
 */
import { limited } from "../../async";
import type { ExecuteOptions } from "../../at/channel";
import type { Command } from "../../at/command";
import type { LineProperties } from "../../at/wire";
import { delay, type Clock } from "../../clock";
import { copyOf, isModemError, knownFields, ModemError, type ErrorClass, type ErrorCode } from "../../errors";
import type { Modem, ModuleIdentity } from "../../quectel/connection/modem";
import { isRefusal } from "../../quectel/execute";
import type { Logger } from "../../quectel/settings";

/** Milliseconds that a command waits for a line that is being synchronised. */
const RESYNC_TIME_MS = 30_000;

export class TransactionModem {
  /** The start of the module in which the transaction began. */
  epoch: number;

  constructor(private readonly modem: Modem) {
    this.epoch = modem.epoch;
  }

  /** A transaction begins: what follows holds for the present start of the module. */
  begin(): void {
    this.epoch = this.modem.epoch;
  }

  /**
   * As `Modem.execute`, after a line that is just being synchronised; rejects with `MODEM_RESET` once the module has
   * restarted since `begin`.
   */
  async execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    await this.settled(options.signal);
    if (this.modem.epoch !== this.epoch) throw new ModemError("MODEM_RESET");
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

  /** As `settled`; rejects with why no mail could go out then. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.settled(signal);
    const notReady = this.modem.notReady();
    if (notReady !== undefined) throw notReady;
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

/*
 * KnownSettings: what the module is known to hold of its volatile settings, so that only differences are sent.
 *
 * A restart of the module voids everything, and so does any error, because then it is unknown what was taken.
 */

/** A command that sets one thing; `key` tells settings of the same thing apart from others. */
export interface Setting extends Command<void> {
  readonly key: string;
}

/** A module was seen that refused its first settings after a start and took them some seconds later. */
const ATTEMPTS = 5;
const PAUSE_MS = 3_000;

export class KnownSettings {
  private readonly known = new Map<string, string>();
  /** What was applied together last, while all of it is known to hold. */
  private together: string | undefined;
  private epoch: number | undefined;

  constructor(private readonly modem: Pick<Modem, "execute" | "epoch" | "clock">) {}

  /**
   * Runs `apply` unless the same was applied so before and nothing of it was forgotten since.
   *
   * @param name tells what is applied; may hold secrets, and is shown nowhere
   * @param apply resolves with the settings that it has applied
   */
  async applyTogether(name: string, apply: () => Promise<readonly Setting[]>): Promise<void> {
    if (this.together === name && this.epoch === this.modem.epoch) return;
    this.together = undefined;
    const settings = await apply();
    // A refusal or a restart on the way may have voided some of them again.
    if (settings.every((setting) => this.holds(setting))) this.together = name;
  }

  /** Sends a setting unless the module is known to hold it; a refused one is retried a few times. */
  async apply(setting: Setting, signal: AbortSignal): Promise<void> {
    if (this.holds(setting)) return;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send(setting, signal);
        return;
      } catch (error) {
        this.forget();
        if (attempt === ATTEMPTS || !mayPass(error)) throw error;
      }
      await delay(this.modem.clock, PAUSE_MS, signal);
    }
  }

  /**
   * Sends a setting that older firmware does not know, once for each start of the module. A refusal is believed only
   * when it comes twice, because the line may have damaged the command.
   *
   * @returns false when the module refused it, now or before.
   */
  async applyIfKnown(setting: Setting, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; !this.holds(setting); attempt++) {
      if (this.known.get(setting.key) === REFUSED) return false;
      try {
        await this.send(setting, signal);
      } catch (error) {
        if (!isRefusal(error) || isModemError(error, "SMTP_BUSY")) {
          this.forget();
          throw error;
        }
        // A key that the module does not know has changed nothing of the others.
        if (attempt === 2) this.known.set(setting.key, REFUSED);
      }
    }
    return true;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.known.clear();
    this.together = undefined;
  }

  private holds(setting: Setting): boolean {
    if (this.epoch !== this.modem.epoch) this.forget();
    this.epoch = this.modem.epoch;
    return this.known.get(setting.key) === setting.line;
  }

  private async send(setting: Setting, signal: AbortSignal): Promise<void> {
    const { epoch } = this.modem;
    await this.modem.execute(setting, { signal });
    if (epoch === this.modem.epoch) this.known.set(setting.key, setting.line);
  }
}

/** Stands for the command line of a setting that the module does not know; no command line is empty. */
const REFUSED = "";

/** A value out of range stays out of range, and a module that sends a mail does so for minutes. */
function mayPass(error: unknown): boolean {
  return isRefusal(error) && !isModemError(error, "SMTP_PARAMETER") && !isModemError(error, "SMTP_BUSY");
}
