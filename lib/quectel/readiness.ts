/** Readiness: what stands between a module that answers and the first mail. */
import { ModemError } from "../errors";
import { mailCommandsKnown } from "./commands/general";
import { ifRefused, type Execute } from "./init-steps";
import type { RegisteringStep } from "./modem-state";
import { queryRegistration, registrationError } from "./network";
import type { PinMemory } from "./pin-memory";
import { prepareSim } from "./sim";

export interface Obstacle {
  readonly step: RegisteringStep;
  readonly error: ModemError;
}

export class Readiness {
  private applicationRuns = false;

  /** For one start of the module; after the next one everything has to be found out again. */
  constructor(
    private readonly pin: string,
    private readonly memory: PinMemory,
  ) {}

  /** Looks at SIM card, registration and application processor; undefined when a mail can go out. */
  async obstacle(execute: Execute): Promise<Obstacle | undefined> {
    const sim = await prepareSim(execute, this.pin, this.memory);
    if (sim.name === "notReady") return { step: "sim", error: sim.error };
    const { status } = await queryRegistration(execute);
    const unregistered = registrationError(status);
    if (unregistered !== undefined) return { step: "network", error: unregistered };
    return this.application(execute);
  }

  /** Files, TCP/IP and mail are served by a processor that starts some seconds later than the AT port. */
  private async application(execute: Execute): Promise<Obstacle | undefined> {
    if (this.applicationRuns) return undefined;
    this.applicationRuns = await ifRefused(
      execute(mailCommandsKnown()).then(() => true),
      async () => false,
    );
    if (this.applicationRuns) return undefined;
    return {
      step: "application",
      error: new ModemError("MODEM_NOT_READY", { detail: "its mail commands are not there yet" }),
    };
  }
}
