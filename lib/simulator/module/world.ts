/**
 * What surrounds the module: the SIM card, the cell it hears and the time of the network.
 *
 * Tests and fault plans change it at any time; the module notices by the event `surroundings`; `change()` does both.
 */
import { stateKey, type Device, type StateKey } from "../device/device";

/** A SIM card, or the empty slot. */
export interface SimCard {
  inserted: boolean;
  imsi: string;
  iccid: string;
  /** Empty: the card asks for no PIN. */
  pin: string;
  puk: string;
  pinTriesLeft: number;
  pukTriesLeft: number;
}

/** Registration states of 3GPP TS 27.007 7.2 (0 none, 1 home, 2 searching, 3 denied, 4 unknown, 5 roaming). */
export type RegistrationState = 0 | 1 | 2 | 3 | 4 | 5;

/** The network the antenna hears. */
export interface Cell {
  /** What the network grants to a module that asks; 2 while there is no signal. */
  registration: RegistrationState;
  /** What it grants for data (CGREG, CEREG), where that is something else. */
  dataRegistration?: RegistrationState;
  operator: string;
  /** Mobile country and network code, five or six digits. */
  plmn: string;
  /** 7 E-UTRAN, 0 GSM, 2 UTRAN. */
  accessTechnology: 0 | 2 | 7;
  /** Tracking area or location area, hex without prefix. */
  area: string;
  /** Cell identity, hex without prefix. */
  cellId: string;
  /** 0..31 as in +CSQ, 99 no signal. */
  rssi: number;
  /** Whether the network sends its time (NITZ). */
  sendsTime: boolean;
  /** Time zone the network tells, quarter hours east of UTC. */
  timeZone: number;
  /** Whether the network grants a PDP context. */
  grantsContext: boolean;
}

/** Changes the world and lets the module notice. */
export function change<T extends object>(modem: Device, key: StateKey<T>, values: Partial<T>): void {
  Object.assign(modem.state(key), values);
  modem.happened("surroundings");
}

export const simCard = stateKey<SimCard>("world", "SIM card", () => ({
  inserted: true,
  imsi: "001010123456789",
  iccid: "8900101012345678901",
  pin: "",
  puk: "12345678",
  pinTriesLeft: 3,
  pukTriesLeft: 10,
}));

export const cell = stateKey<Cell>("world", "cell", () => ({
  registration: 1,
  operator: "Example Mobile",
  plmn: "00101",
  accessTechnology: 7,
  area: "1A2B",
  cellId: "0C0FFEE",
  rssi: 23,
  sendsTime: true,
  timeZone: 4,
  grantsContext: true,
}));
