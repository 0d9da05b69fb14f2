/** The level of AT+CFUN: 0 minimum, 1 full, 4 no radio. */
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";

export type Functionality = 0 | 1 | 4;

const level = stateKey<{ value: Functionality }>("start", "functionality", () => ({ value: 1 }));

export function functionality(modem: SimulatedModem): Functionality {
  return modem.state(level).value;
}

export function setFunctionality(modem: SimulatedModem, value: Functionality): void {
  modem.state(level).value = value;
}
