/** What follows when the SIM card can be used: reports, phone book, messages, the search for a network. */
import type { SimulatedModem } from "../modem";
import { startRegistration } from "./registration";
import { simState, simStatus } from "./sim-state";

/** Reports the state of a card that was found or unlocked; goes on when it asks for no PIN (any more). */
export async function reportSim(modem: SimulatedModem): Promise<void> {
  const state = modem.state(simState);
  const status = simStatus(modem);
  modem.raiseUrc(`+CPIN: ${status}`);
  if (status !== "READY") return;
  modem.raiseUrc("+QUSIM: 1");
  startRegistration(modem);
  await modem.wait(modem.timing.bootMs / 2);
  const phoneBook = (): void => {
    state.phoneBookReady = true;
    modem.raiseUrc("+QIND: PB DONE");
  };
  const sms = (): void => {
    state.smsReady = true;
    modem.raiseUrc("+QIND: SMS DONE");
  };
  const order = modem.variants["ready-order"] === "sms-first" ? [sms, phoneBook] : [phoneBook, sms];
  for (const report of order) report();
}
