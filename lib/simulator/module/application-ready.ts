/** AT+QAPRDYIND: which parts of the application processor report that they are ready after a start. */
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";

/** Bit of the mask and name in the URC. */
const parts = [
  [1, "UART DDP"],
  [2, "QUEC DAEMON"],
  [4, "ATFWD"],
  [8, "QMI"],
] as const;

/** Stored; in effect after the next start. */
export const readyMask = stateKey("flash", "QAPRDYIND", () => ({ mask: 0 }));

/** The `+APIND` lines of a start. */
export function applicationReady(modem: SimulatedModem): readonly string[] {
  const { mask } = modem.state(readyMask);
  return parts.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => `+APIND: ${name} READY`);
}
