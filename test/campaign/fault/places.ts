/**
 * Where the nodes of a flow find lines, disk and process: what the package takes from its host is in an episode that of the
 * folder, or of the clock, of their modem.
 */
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { Host } from "../../../lib/outbox/spool/lock";
import type { TransportFactory } from "../../../lib/serial/transport";
import { mailsWaitingIn } from "../../../nodes/runtime/disk/left-spools";
import { assemble, type Assembly } from "../../../nodes/runtime/modem/assembly";
import { smtpPart } from "../../../nodes/runtime/modem/smtp-part";
import { transportSource } from "../../../nodes/runtime/modem/transports";
import type { ProcessClock } from "./process-clock";
import { replace } from "./replace";

export interface Place {
  readonly clock: ProcessClock;
  readonly files: FileLayer;
  readonly host: Host;
  readonly port: "usbat" | "usbmodem";
  readonly connect: TransportFactory;
  /** Told of each modem that is put together. @param isConnected it goes on with a module that is at work already */
  readonly assembled: (parts: Assembly, isConnected: boolean) => void;
}

const places = new Map<string, Place>();
let isReplaced = false;

/** From now on a modem with this folder is at this place. */
export function takePlace(directory: string, place: Place): void {
  replaceAll();
  places.set(directory, place);
}

export function leavePlace(directory: string): void {
  places.delete(directory);
}

function replaceAll(): void {
  if (isReplaced) return;
  isReplaced = true;
  // It is loaded when first needed, where another one may have that name.
  smtpPart();
  const [source, waiting, put] = [transportSource, mailsWaitingIn, assemble];
  const ofClock: typeof source = (connection, clock) => {
    const place = [...places.values()].find((one) => one.clock === clock);
    if (place === undefined) return source(connection, clock);
    return { transport: place.connect, urcPort: async () => place.port };
  };
  const inFolder: typeof waiting = (directory) => waiting(directory, places.get(directory)?.files);
  const together: typeof put = (settings, surroundings) => {
    const place = places.get(surroundings.directory);
    if (place === undefined) return put(settings, surroundings);
    const { files, host } = place;
    const parts = put(settings, { ...surroundings, files, host });
    place.assembled(parts, surroundings.station !== undefined);
    return parts;
  };
  replace("nodes/runtime/modem/transports.ts", { transportSource: ofClock });
  replace("nodes/runtime/disk/left-spools.ts", { mailsWaitingIn: inFolder });
  replace("nodes/runtime/modem/assembly.ts", { assemble: together });
}
