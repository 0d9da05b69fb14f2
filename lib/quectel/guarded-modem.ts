/**
 * GuardedModem: the module for the time of one transaction.
 *
 * What was set, uploaded and filled in is gone after a restart. So from the restart on every command of the
 * transaction is refused here, instead of completing a mail of which the first half is missing.
 */
import type { Command } from "../at/command";
import type { ExecuteOptions } from "../at/job";
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { LineProperties } from "./line-time";
import type { Modem, ModuleIdentity } from "./modem";
import type { Logger } from "./settings";

export class GuardedModem {
  private start: number;

  constructor(private readonly modem: Modem) {
    this.start = modem.epoch;
  }

  /** A transaction begins: what follows holds for the present start of the module. */
  begin(): void {
    this.start = this.modem.epoch;
  }

  /** @throws ModemError `MODEM_RESET` once the module has restarted since `begin`. */
  check(): void {
    if (this.modem.epoch !== this.start) throw new ModemError("MODEM_RESET");
  }

  /** As `Modem.execute`; rejects with `MODEM_RESET` once the module has restarted since `begin`. */
  async execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    this.check();
    return this.modem.execute(command, options);
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
