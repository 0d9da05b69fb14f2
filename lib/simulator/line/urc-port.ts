/** Which port unsolicited lines go to: `AT+QURCCFG="urcport"`, stored at once. */
import type { SimulatedModem } from "../modem";
import type { PortName } from "./port";
import { stateKey } from "../state";

const chosenPort = stateKey<{ name: PortName }>("flash", "urcport", () => ({ name: "usbat" }));

export function urcPort(modem: SimulatedModem): PortName {
  return modem.state(chosenPort).name;
}

export function setUrcPort(modem: SimulatedModem, name: PortName): void {
  modem.state(chosenPort).name = name;
}
