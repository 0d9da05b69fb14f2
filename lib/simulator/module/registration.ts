/**
 * Registration of the module in the network, as CREG, CGREG and CEREG show it.
 *
 * The cell grants or refuses; searching takes `timing.networkMs`; each change is reported as n asks.
 */
import { domains, reportLevel, type Domain } from "../commands/registration-reports";
import { functionality } from "./functionality";
import { setModuleTime } from "./module-clock";
import type { SimulatedModem } from "../modem";
import { simStatus } from "./sim-state";
import { stateKey } from "../state";
import { cell, type RegistrationState } from "./world";

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
export function registrationState(modem: SimulatedModem): RegistrationState {
  return modem.state(registration).state;
}

/** True while the network serves the module. */
export function isRegistered(modem: SimulatedModem): boolean {
  const state = registrationState(modem);
  return state === 1 || state === 5;
}

/** True while PDP contexts can be used: registered, attached, signal. */
export function hasPacketService(modem: SimulatedModem): boolean {
  const { dataRegistration = 1, rssi } = modem.state(cell);
  const isGranted = dataRegistration === 1 || dataRegistration === 5;
  return isRegistered(modem) && isGranted && modem.state(registration).attached && rssi !== 99;
}

/** AT+CGATT. */
export function setAttached(modem: SimulatedModem, attached: boolean): void {
  modem.state(registration).attached = attached;
  if (!attached) modem.emit("contextLost", undefined);
}

/** AT+COPS=2 and the return from it. */
export function setDeregistered(modem: SimulatedModem, deregistered: boolean): void {
  modem.state(registration).deregistered = deregistered;
  startRegistration(modem);
}

/** State that a domain shows; on a network with LTE only firmware differs for CREG and CGREG. */
export function shownState(modem: SimulatedModem, domain: Domain): RegistrationState {
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
export function shownPlace(modem: SimulatedModem, domain: Domain): string {
  const state = shownState(modem, domain);
  if (state !== 1 && state !== 5) return "";
  const { area, cellId, accessTechnology } = modem.state(cell);
  return `,"${area}","${cellId}",${accessTechnology}`;
}

/** Starts the module out of registration, as after power-up. */
export function loseRegistration(modem: SimulatedModem): void {
  modem.state(registration).state = 0;
}

/** Follows what SIM card, radio and cell allow now; may take `timing.networkMs`. */
export function startRegistration(modem: SimulatedModem): void {
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

function targetState(modem: SimulatedModem): RegistrationState {
  if (functionality(modem) !== 1 || simStatus(modem) !== "READY") return 0;
  if (modem.state(registration).deregistered) return 0;
  const { registration: granted, rssi } = modem.state(cell);
  return rssi === 99 ? 2 : granted;
}

function change(modem: SimulatedModem, state: RegistrationState): void {
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
  if (!isRegistered(modem)) modem.emit("contextLost", undefined);
  else takeNetworkTime(modem);
}

/** NITZ: the network tells its time when the module registers. */
export function takeNetworkTime(modem: SimulatedModem): void {
  const { sendsTime, timeZone } = modem.state(cell);
  if (sendsTime && modem.state(timeUpdate).level !== 0) setModuleTime(modem, modem.clock.wall(), timeZone);
}
