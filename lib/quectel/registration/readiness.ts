/**
 * Readiness: what stands between a module that answers and the first mail.
 *
 * Another program may have switched the radio off (AT+CFUN=4, or 0 with the SIM card), as ModemManager does when it lets
 * go of a modem. Then no network is ever found, and no antenna helps.
 */
import type { Clock } from "../../clock";
import { ModemError, SPECIAL_HINTS } from "../../errors";
import { functionality, switchRadioOn } from "../commands/general";
import { listSettings } from "../commands/smtp";
import { ifRefused, type Execute } from "../execute";
import type { NetworkSettings } from "../settings";
import { queryRegistration, registrationError, type RegistrationStatus } from "./registration";
import type { PinMemory } from "./pin-memory";
import { SimCard } from "./sim";

/** What a module that answers waits for. */
export type RegisteringStep = "application" | "sim" | "network";

export interface Obstacle {
  readonly step: RegisteringStep;
  readonly error: ModemError;
}

/** Milliseconds after which mail commands that are still refused are taken for missing; they come within seconds. */
const APPLICATION_TIME_MS = 120_000;
/**
 * Milliseconds for which a card that was not seen since the start is called busy before it is called missing: at a normal
 * start some modules say for half a second that there is none.
 */
const CARD_TIME_MS = 10_000;

export class Readiness {
  private readonly sim: SimCard;
  private readonly radio: Radio;
  private applicationRuns = false;
  private missingSince: number | undefined;
  private cardMissingSince: number | undefined;
  private cardWasSeen = false;

  /** For one start of the module; after the next one everything has to be found out again. */
  constructor(
    private readonly options: { readonly clock: Clock; readonly network: NetworkSettings },
    memory: PinMemory,
  ) {
    this.sim = new SimCard(options.network.simPin, memory);
    this.radio = new Radio(options.network.shared);
  }

  /** Looks at SIM card, registration and application processor; undefined when a mail can go out. */
  async obstacle(execute: Execute): Promise<Obstacle | undefined> {
    const sim = await this.sim.prepare(execute);
    if (sim.name === "notReady") {
      // A card whose power is off looks broken.
      const radio = sim.error.code === "SIM_FAILURE" ? await this.radio.obstacle(execute) : undefined;
      return { step: "sim", error: radio ?? this.believed(sim.error) };
    }
    this.cardWasSeen = true;
    const { status } = await queryRegistration(execute);
    const unregistered = registrationError(status);
    if (unregistered === undefined) return this.application(execute);
    const radio = IDLE.has(status) ? await this.radio.obstacle(execute) : undefined;
    return { step: "network", error: radio ?? unregistered };
  }

  /** A person is to hear of a missing card, and the outbox is to be held for it, only when it stays missing. */
  private believed(error: ModemError): ModemError {
    if (error.code !== "SIM_MISSING" || this.cardWasSeen) return error;
    const now = this.options.clock.now();
    this.cardMissingSince ??= now;
    return now - this.cardMissingSince < CARD_TIME_MS ? new ModemError("SIM_BUSY", { cause: error }) : error;
  }

  /** Files, TCP/IP and mail are served by a processor that starts some seconds later than the AT port. */
  private async application(execute: Execute): Promise<Obstacle | undefined> {
    if (this.applicationRuns) return undefined;
    this.applicationRuns = await ifRefused(
      execute(listSettings()).then(() => true),
      async () => false,
    );
    if (this.applicationRuns) return undefined;
    const now = this.options.clock.now();
    this.missingSince ??= now;
    return { step: "application", error: now - this.missingSince < APPLICATION_TIME_MS ? STARTING : MISSING };
  }
}

/** States of registration in which the module does not look for a network. */
const IDLE: ReadonlySet<RegistrationStatus> = new Set(["notSearching", "unknown"]);

const STARTING = new ModemError("MODEM_NOT_READY", { detail: "its mail commands are not available yet" });
const MISSING = new ModemError("MODEM_NOT_READY", {
  detail: "it rejects its mail commands (AT+QSMTPCFG)",
  hint: SPECIAL_HINTS.noMailClient,
});

/** `<fun>` of CFUN, 3GPP TS 27.007 section 8.2. */
const FULL = 1;

/** Switches the radio on once for each start of the module: who switches it off again means it. */
class Radio {
  private wasSwitchedOn = false;

  /** @param shared the module is also another program's, so it is not touched. */
  constructor(private readonly shared: boolean) {}

  /** Switches a radio on that is off, where that is allowed; undefined when it was on or the module does not tell. */
  async obstacle(execute: Execute): Promise<ModemError | undefined> {
    const level = await ifRefused<number | undefined>(execute(functionality()), async () => undefined);
    if (level === undefined || level === FULL) return undefined;
    if (this.shared || this.wasSwitchedOn) {
      return new ModemError("NETWORK_NOT_REGISTERED", {
        detail: `its radio is off (CFUN ${level})`,
        hint: SPECIAL_HINTS.radioOff,
      });
    }
    this.wasSwitchedOn = true;
    await ifRefused(execute(switchRadioOn()), async () => undefined);
    return new ModemError("NETWORK_NOT_REGISTERED", {
      detail: `its radio was off (CFUN ${level}) and is being switched on`,
      hint: SPECIAL_HINTS.radioWasOff,
    });
  }
}
