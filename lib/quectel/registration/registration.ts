/**
 * Registration, signal, operator, technology, band; asked, never set.
 *
 * On LTE CREG may say "searching" for ever, so any of the three registrations counts; but calls alone carry no mail where
 * the network denies data.
 */
import { ModemError } from "../../errors";
import {
  networkInformation,
  operator,
  registration,
  REGISTRATION_DOMAINS,
  signalQuality,
  type Registration,
} from "../commands/network";
import { ifRefused, type Execute } from "../execute";

export type RegistrationStatus = "home" | "roaming" | "searching" | "denied" | "notSearching" | "unknown";

/** What modem-status shows of the network; a field left out is not known. */
export interface NetworkSnapshot {
  readonly registration: RegistrationStatus;
  readonly operator?: string;
  readonly technology?: string;
  readonly band?: string;
  readonly rssiDbm?: number;
}

/** 3GPP TS 27.007 section 7.2. With 6 and 7 the network grants SMS only, with 8 emergency calls only. */
const STATS: Readonly<Record<number, RegistrationStatus>> = {
  0: "notSearching",
  1: "home",
  2: "searching",
  3: "denied",
  4: "unknown",
  5: "roaming",
  6: "denied",
  7: "denied",
  8: "denied",
  9: "home",
  10: "roaming",
};

/** Which of several states says most: a registration counts wherever it is, a denial more than a search. */
const MEANING: readonly RegistrationStatus[] = [
  "home",
  "roaming",
  "denied",
  "searching",
  "notSearching",
  "unknown",
];

/** `<AcT>` of 3GPP TS 27.007 section 7.3. */
const TECHNOLOGIES: Readonly<Record<number, string>> = {
  0: "GSM",
  2: "UMTS",
  3: "EDGE",
  4: "HSDPA",
  5: "HSUPA",
  6: "HSPA",
  7: "LTE",
};

interface RegistrationAnswer {
  readonly status: RegistrationStatus;
  readonly technology?: string;
}

/**
 * Asks LTE, GPRS and circuit-switched registration in turn until one is granted; where data are denied and nowhere
 * granted, that is the answer, whatever holds for calls.
 */
export async function queryRegistration(execute: Execute): Promise<RegistrationAnswer> {
  let best: RegistrationAnswer = { status: "unknown" };
  for (const domain of REGISTRATION_DOMAINS) {
    // What comes last is circuit-switched.
    if (best.status === "denied" && domain === "CREG") break;
    const answer = await ifRefused<Registration | undefined>(
      execute(registration(domain)),
      async () => undefined,
    );
    if (answer === undefined) continue;
    const status = registrationStatus(answer.stat);
    const technology = TECHNOLOGIES[answer.accessTechnology ?? -1];
    if (MEANING.indexOf(status) <= MEANING.indexOf(best.status)) {
      best = { status, ...(technology === undefined ? {} : { technology }) };
    }
    if (isRegistered(status)) break;
  }
  return best;
}

export function registrationStatus(stat: number): RegistrationStatus {
  return STATS[stat] ?? "unknown";
}

export function isRegistered(status: RegistrationStatus): boolean {
  return status === "home" || status === "roaming";
}

/** Why data cannot flow; undefined when registered. */
export function registrationError(status: RegistrationStatus): ModemError | undefined {
  switch (status) {
    case "home":
    case "roaming":
      return undefined;
    case "denied":
      return new ModemError("NETWORK_DENIED");
    case "searching":
    case "notSearching":
    case "unknown":
      return new ModemError("NETWORK_NOT_REGISTERED");
  }
}

/** Everything modem-status shows of the network; what the module refuses to tell is left out. */
export async function networkSnapshot(execute: Execute): Promise<NetworkSnapshot> {
  const { status, technology } = await queryRegistration(execute);
  const rssiDbm = signalDbm(await ifRefused(execute(signalQuality()), async () => 99));
  const seen: NetworkSnapshot = {
    registration: status,
    ...(technology === undefined ? {} : { technology }),
    ...(rssiDbm === undefined ? {} : { rssiDbm }),
  };
  if (!isRegistered(status)) return seen;
  const details = await ifRefused(execute(networkInformation()), async () => undefined);
  const name = (await ifRefused(execute(operator()), async () => undefined)) ?? details?.operator;
  return { ...seen, ...details, ...(name === undefined ? {} : { operator: name }) };
}

/** `<rssi>` of +CSQ in dBm (3GPP TS 27.007 section 8.5, TD-SCDMA from 100 on); undefined when not known. */
export function signalDbm(rssi: number): number | undefined {
  if (rssi >= 0 && rssi <= 31) return -113 + 2 * rssi;
  if (rssi >= 100 && rssi <= 191) return -116 + (rssi - 100);
  return undefined;
}
