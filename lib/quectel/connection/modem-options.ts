/** What a modem is made of. */
import type { Clock } from "../../clock";
import type { UrcPort } from "../commands/general";
import type { Line } from "./line-source";
import type { PinMemory } from "../registration/pin-memory";
import type { Logger, NetworkSettings } from "../settings";

export interface ModemOptions {
  /** Makes the transport of each connection; a rate that is not known is found out. */
  readonly transport: Line;
  readonly clock: Clock;
  readonly network: NetworkSettings;
  readonly log: Logger;
  /** 0 (included) to 1 (excluded), for the jitter of the back-off; default Math.random. */
  readonly random?: () => number;
  /** Remembers a refused SIM PIN over restarts of the host; left out: only while the process runs. */
  readonly pinMemory?: PinMemory;
  /** Finds the module's name of the port that the transport leads to; undefined where it is not known. */
  readonly urcPort?: () => Promise<UrcPort | undefined>;
  /** Told the secrets of each command before it is written, so that a trace can mask them. */
  readonly hide?: (secrets: readonly string[]) => void;
}
