/**
 * TransactionModem: the module for the time of one transaction.
 *
 * What was set, uploaded and filled in is gone after a restart. So from the restart on every command of the
 * transaction is refused here, instead of completing a mail of which the first half is missing.
 */
import { limited } from "../../async";
import type { Command } from "../../at/command";
import type { ExecuteOptions } from "../../at/job";
import type { Clock } from "../../clock";
import { ModemError } from "../../errors";
import type { LineProperties } from "../../quectel/connection/line-time";
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

  /** Resolves when the line is in step again, as after an upload that was broken off, or 30 s are over. */
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
