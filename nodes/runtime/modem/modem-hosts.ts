/** The modems of the flows, of this process; a trial from the editor asks which of them has its port. */
import type { ModemHost } from "./modem-host";

/** Each enters itself, and leaves when it closes. */
export const hosts = new Set<ModemHost>();

export function modemHosts(): Iterable<ModemHost> {
  return hosts;
}
