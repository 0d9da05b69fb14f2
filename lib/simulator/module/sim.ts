/** What the module knows of its SIM card since the start. */
import { broken } from "./broken";
import { stateKey, type Device } from "../device/device";
import { simCard } from "./world";

export interface SimState {
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
