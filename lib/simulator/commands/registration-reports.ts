/** Which of CREG, CGREG and CEREG report changes, and how: the <n> of 3GPP TS 27.007 7.2, 10.1.20, 10.1.22. */
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";

/** Circuit switched, packet switched, LTE. */
export const domains = ["CREG", "CGREG", "CEREG"] as const;
export type Domain = (typeof domains)[number];

/** 0 no report, 1 state, 2 state and place. */
export type ReportLevel = 0 | 1 | 2;
type Reporting = Record<Domain, ReportLevel>;

const none: Readonly<Reporting> = { CREG: 0, CGREG: 0, CEREG: 0 };

const stored = stateKey<Reporting>("flash", "stored registration reports", () => ({ ...none }));
const current = stateKey<Reporting>("start", "registration reports", (modem) => ({ ...modem.state(stored) }));

export function reportLevel(modem: SimulatedModem, domain: Domain): ReportLevel {
  return modem.state(current)[domain];
}

export function setReportLevel(modem: SimulatedModem, domain: Domain, level: ReportLevel): void {
  modem.state(current)[domain] = level;
}

/** As AT&F does. */
export function resetReporting(modem: SimulatedModem): void {
  Object.assign(modem.state(current), none);
}

/** As AT&W does. */
export function storeReporting(modem: SimulatedModem): void {
  Object.assign(modem.state(stored), modem.state(current));
}
