/** What a ModemHost is made of, and who looks on. */
import type { EventEmitter } from "node:events";
import type { Clock } from "../../../lib/clock";
import type { ModemError } from "../../../lib/errors";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { Logger } from "../../../lib/quectel/settings";
import type { ModemSettings } from "../settings/modem-settings";

/** Is told what happens to a modem, whoever uses it. */
export interface ModemObserver {
  /** The status may be another, or the modem was opened or closed. */
  changed(): void;
  ended(ended: MailEnded): void;
  reported(error: ModemError): void;
}

export interface HostOptions {
  /** The settings, or why they cannot be used. */
  readonly settings: ModemSettings | ModemError;
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Events of the runtime: `flows:stopping`, `flows:started`. */
  readonly events: EventEmitter;
  /** Tells a person what is wrong with the modem, once for each change. */
  readonly report: (error: ModemError) => void;
  /** Takes the result of a mail whose node is gone. */
  readonly unclaimed: (ended: MailEnded) => Promise<void>;
}
