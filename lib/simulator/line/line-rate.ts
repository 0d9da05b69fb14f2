/** The line rate of AT+IPR: in use at once, kept only when stored by AT&W. */
import { stateKey, type Device } from "../device/device";

/** Rates of AT+IPR in bit/s. */
export const lineRates: readonly number[] = [
  4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 3000000, 3200000, 3686400, 4000000,
];

const factoryRate = 115200;

const storedRate = stateKey<{ rate: number }>("flash", "stored line rate", (modem) => ({
  rate: modem.timing.line === "unpaced" ? factoryRate : modem.timing.line,
}));

const currentRate = stateKey<{ rate: number }>("start", "line rate", (modem) => ({
  rate: modem.state(storedRate).rate,
}));

/** Rate that AT+IPR? answers, bit/s. */
export function configuredRate(modem: Device): number {
  return modem.state(currentRate).rate;
}

/** Rate at which bytes take their time, bit/s; undefined when the modem is unpaced. */
export function lineRate(modem: Device): number | undefined {
  return modem.timing.line === "unpaced" ? undefined : configuredRate(modem);
}

export function setLineRate(modem: Device, rate: number): void {
  modem.state(currentRate).rate = rate;
}

/** Stores the rate in use, as AT&W does. */
export function storeLineRate(modem: Device): void {
  modem.state(storedRate).rate = configuredRate(modem);
}
