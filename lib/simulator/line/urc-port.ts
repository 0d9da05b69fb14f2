/**
 * Which port unsolicited lines go to: `AT+QURCCFG="urcport"`, stored at once. With `all` each port gets each of them; the
 * second UART leads nowhere here.
 */
import { portNames, type PortName } from "../device/port";
import { stateKey, type Device } from "../device/device";

export const urcPortNames = [...portNames, "uart2", "all"] as const;
export type UrcPortName = (typeof urcPortNames)[number];

const chosenPort = stateKey<{ name: UrcPortName }>("flash", "urcport", () => ({ name: "usbat" }));

/** The setting. */
export function urcPort(modem: Device): UrcPortName {
  return modem.state(chosenPort).name;
}

/** The ports that get unsolicited lines now. */
export function urcPorts(modem: Device): readonly PortName[] {
  const wanted = urcPort(modem);
  return portNames.filter((name) => wanted === "all" || name === wanted);
}

export function setUrcPort(modem: Device, name: UrcPortName): void {
  modem.state(chosenPort).name = name;
}
