/**
 * What surrounds the module, its SIM card and the cell it hears, and what holds until its next start: what it knows of
 * the card, and what is broken.
 *
 * Tests and fault plans change it at any time; the module notices by the event `surroundings`; `change()` does both.
 */
import { type Device, stateKey, type StateKey } from "../device/device";

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

/*
 * What is broken in this run of the module and heals only by the next start (fact base, real modules): a data stack that
 * carries nothing although its context looks healthy, a card that is no longer seen, an application that does not start.
 */

interface Broken {
  /** The number that each mail ends with. */
  dataStack: number | undefined;
  card: boolean;
  /** QI*, QSMTP* and QF* are never served. */
  application: boolean;
}

export const broken = stateKey<Broken>("start", "what is broken", () => ({
  dataStack: undefined,
  card: false,
  application: false,
}));

/* What the module knows of its SIM card since the start. */

interface SimState {
  /** False while the module reads the card after a start. */
  initialised: boolean;
  /** How often the card was asked for while the module was not sure of it. */
  asked: number;
  /** The PIN was entered since the start. */
  unlocked: boolean;
  phoneBookReady: boolean;
  smsReady: boolean;
}

export const simState = stateKey<SimState>("start", "SIM", (modem) => {
  // A modem that has been running before it was looked at has its card ready, unless that asks for a PIN.
  const ready = modem.state(simCard).inserted && modem.state(simCard).pin === "";
  return { initialised: true, asked: 0, unlocked: false, phoneBookReady: ready, smsReady: ready };
});

export type SimStatus = "READY" | "SIM PIN" | "SIM PUK" | "NOT INSERTED" | "BUSY" | "FAILURE";

export function simStatus(modem: Device): SimStatus {
  const card = modem.state(simCard);
  const state = modem.state(simState);
  if (modem.state(broken).card) return "FAILURE";
  if (!card.inserted) return "NOT INSERTED";
  if (!state.initialised) return "BUSY";
  if (card.pinTriesLeft <= 0) return "SIM PUK";
  return card.pin === "" || state.unlocked ? "READY" : "SIM PIN";
}
