/** Readiness: what stands between a module that answers and the first mail. */
import { ModemError } from "../errors";
import { mailCommandsKnown } from "./commands/general";
import { ifRefused, type Execute } from "./init-steps";
import type { RegisteringStep } from "./modem-state";
import { queryRegistration, registrationError } from "./network";
import type { PinMemory } from "./pin-memory";
import { SimCard } from "./sim";

export interface Obstacle {
  readonly step: RegisteringStep;
  readonly error: ModemError;
}

export class Readiness {
  private readonly sim: SimCard;
  private applicationRuns = false;

  /** For one start of the module; after the next one everything has to be found out again. */
  constructor(pin: string, memory: PinMemory) {
    this.sim = new SimCard(pin, memory);
  }

  /** Looks at SIM card, registration and application processor; undefined when a mail can go out. */
  async obstacle(execute: Execute): Promise<Obstacle | undefined> {
    const sim = await this.sim.prepare(execute);
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
