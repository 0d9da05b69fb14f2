/**
 * Registration of the module in the network, as CREG, CGREG and CEREG show it.
 *
 * The cell grants or refuses; searching takes `timing.networkMs`; each change is reported as n asks.
 */
import { setModuleTime } from "./module-clock";
import { cell, type RegistrationState, simStatus } from "./world";
import { stateKey, type Device } from "../device/device";

/** The level of AT+CFUN: 0 minimum, 1 full, 4 no radio. */
export type Functionality = 0 | 1 | 4;

const level = stateKey<{ value: Functionality }>("start", "functionality", () => ({ value: 1 }));

export function functionality(modem: Device): Functionality {
  return modem.state(level).value;
}

export function setFunctionality(modem: Device, value: Functionality): void {
  modem.state(level).value = value;
}

/** Circuit switched, packet switched, LTE. */
export const domains = ["CREG", "CGREG", "CEREG"] as const;
export type Domain = (typeof domains)[number];

/** The <n> of a domain (3GPP TS 27.007 7.2, 10.1.20, 10.1.22): 0 no report, 1 state, 2 state and place. */
export type ReportLevel = 0 | 1 | 2;
type Reporting = Record<Domain, ReportLevel>;

const none: Readonly<Reporting> = { CREG: 0, CGREG: 0, CEREG: 0 };

const stored = stateKey<Reporting>("flash", "stored registration reports", () => ({ ...none }));
const current = stateKey<Reporting>("start", "registration reports", (modem) => ({ ...modem.state(stored) }));

export function reportLevel(modem: Device, domain: Domain): ReportLevel {
  return modem.state(current)[domain];
}

export function setReportLevel(modem: Device, domain: Domain, level: ReportLevel): void {
  modem.state(current)[domain] = level;
}

/** As AT&F does. */
export function resetReporting(modem: Device): void {
  Object.assign(modem.state(current), none);
}

/** As AT&W does. */
export function storeReporting(modem: Device): void {
  Object.assign(modem.state(stored), modem.state(current));
}

interface Registration {
  state: RegistrationState;
  /** AT+COPS=2 was given: the module stays away from the network. */
  deregistered: boolean;
  /** AT+CGATT: attached to packet service when registered. */
  attached: boolean;
}

const registration = stateKey<Registration>("start", "registration", (modem) => ({
  state: simStatus(modem) === "READY" ? modem.state(cell).registration : 0,
  deregistered: false,
  attached: true,
}));

/** 0 off, 1 the clock follows the network, 3 as 1 in local time, which CCLK shows here in any case. */
export const updateLevels = [0, 1, 3] as const;

/** AT+CTZU, stored at once. */
export const timeUpdate = stateKey<{ level: (typeof updateLevels)[number] }>("flash", "CTZU", () => ({
  level: 0,
}));

/** State of the registration for data; 1 and 5 are registered. */
export function registrationState(modem: Device): RegistrationState {
  return modem.state(registration).state;
}

/** True while the network serves the module. */
export function isRegistered(modem: Device): boolean {
  const state = registrationState(modem);
  return state === 1 || state === 5;
}

/** True while PDP contexts can be used: registered, attached, signal. */
export function hasPacketService(modem: Device): boolean {
  const { dataRegistration = 1, rssi } = modem.state(cell);
  const isGranted = dataRegistration === 1 || dataRegistration === 5;
  return isRegistered(modem) && isGranted && modem.state(registration).attached && rssi !== 99;
}

/** AT+CGATT. */
export function setAttached(modem: Device, attached: boolean): void {
  modem.state(registration).attached = attached;
  if (!attached) modem.happened("contextLost");
}

/** AT+COPS=2 and the return from it. */
export function setDeregistered(modem: Device, deregistered: boolean): void {
  modem.state(registration).deregistered = deregistered;
  startRegistration(modem);
}

/** State that a domain shows; on a network with LTE only firmware differs for CREG and CGREG. */
export function shownState(modem: Device, domain: Domain): RegistrationState {
  const { state: own } = modem.state(registration);
  const { dataRegistration } = modem.state(cell);
  const isOther = domain !== "CREG" && dataRegistration !== undefined && (own === 1 || own === 5);
  const state = isOther ? dataRegistration : own;
  if (domain === "CEREG" || modem.state(cell).accessTechnology !== 7 || (state !== 1 && state !== 5))
    return state;
  switch (modem.variants["creg-on-lte"]) {
    case "registered":
      return state;
    case "searching":
      return domain === "CREG" ? 2 : 4;
    case "not-registered":
      return 0;
  }
}

/** Place of a domain, for n=2, with its leading comma; empty when not registered. */
export function shownPlace(modem: Device, domain: Domain): string {
  const state = shownState(modem, domain);
  if (state !== 1 && state !== 5) return "";
  const { area, cellId, accessTechnology } = modem.state(cell);
  return `,"${area}","${cellId}",${accessTechnology}`;
}

/** Starts the module out of registration, as after power-up. */
export function loseRegistration(modem: Device): void {
  modem.state(registration).state = 0;
}

/** Follows what SIM card, radio and cell allow now; may take `timing.networkMs`. */
export function startRegistration(modem: Device): void {
  const target = targetState(modem);
  if (target !== 1 && target !== 5) {
    change(modem, target);
    return;
  }
  if (isRegistered(modem)) {
    change(modem, target);
    return;
  }
  change(modem, 2);
  modem.background(async () => {
    await modem.wait(modem.timing.networkMs);
    change(modem, targetState(modem));
  });
}

function targetState(modem: Device): RegistrationState {
  if (functionality(modem) !== 1 || simStatus(modem) !== "READY") return 0;
  if (modem.state(registration).deregistered) return 0;
  const { registration: granted, rssi } = modem.state(cell);
  return rssi === 99 ? 2 : granted;
}

function change(modem: Device, state: RegistrationState): void {
  const own = modem.state(registration);
  if (own.state === state) return;
  const before = domains.map((domain) => shownState(modem, domain));
  own.state = state;
  for (const [index, domain] of domains.entries()) {
    const shown = shownState(modem, domain);
    const level = reportLevel(modem, domain);
    if (shown === before[index] || level === 0) continue;
    modem.raiseUrc(`+${domain}: ${shown}${level === 2 ? shownPlace(modem, domain) : ""}`);
  }
  if (!isRegistered(modem)) modem.happened("contextLost");
  else takeNetworkTime(modem);
}

/** NITZ: the network tells its time when the module registers. */
export function takeNetworkTime(modem: Device): void {
  const { sendsTime, timeZone } = modem.state(cell);
  if (sendsTime && modem.state(timeUpdate).level !== 0) setModuleTime(modem, modem.clock.wall(), timeZone);
}
