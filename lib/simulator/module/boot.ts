/**
 * What a module says after its start, in the order of the manual (fact base 7, URCs): which parts are ready, how the
 * card is, phone book, messages.
 */
import { broken, simState, simStatus } from "./world";
import { stateKey, type Device } from "../device/device";
import { loseRegistration, startRegistration } from "./registration";

/** Time after a start during which one processor does not serve its commands, ms. */
export const serviceDelayMs = 5000;

/** Time for which a module that is unsure of its card tells that there is none, ms. */
const unsureDelayMs = 500;

/** Commands that are served by the processor that starts later, by what firmware has on it. */
const lateCommands = {
  application: /^\+(CFUN|CBC|QPOWD|QCFG|QAPRDYIND|QTEMP|QADC)$/,
  mail: /^\+Q(I(?!N)|SMTP|F)/,
} as const;

/** The module has two processors, and one of them may start later (fact base, mail client; 8). */
export function isServed(modem: Device, name: string): boolean {
  if (lateCommands.mail.test(name) && modem.state(broken).application) return false;
  const late = modem.variants["application-start"];
  if (late === "immediate" || !lateCommands[late].test(name)) return true;
  return modem.clock.now() - modem.startedAt >= serviceDelayMs;
}

/** Raises the URCs of a start; the ports answer already. Takes half of `timing.bootMs` twice. */
export async function bootSequence(modem: Device): Promise<void> {
  await modem.faults.start();
  const sim = modem.state(simState);
  Object.assign(sim, { initialised: false, phoneBookReady: false, smsReady: false });
  loseRegistration(modem);
  if (modem.variants["start-noise"] === "nul") modem.noise(Buffer.alloc(3));
  if (modem.variants["ready-urc"] === "present") modem.raiseUrc("RDY");
  for (const line of applicationReady(modem)) modem.raiseUrc(line);
  modem.raiseUrc("+CFUN: 1");
  await modem.wait(modem.timing.bootMs / 2);
  if (modem.variants["card-start"] === "unsure") await modem.wait(unsureDelayMs);
  sim.initialised = true;
  const status = simStatus(modem);
  if (status === "NOT INSERTED" || status === "FAILURE") modem.raiseUrc("+CPIN: NOT INSERTED");
  else await reportSim(modem);
}

/** Parts of the application processor that report after a start: bit of the mask of AT+QAPRDYIND and name in the URC. */
const parts = [
  [1, "UART DDP"],
  [2, "QUEC DAEMON"],
  [4, "ATFWD"],
  [8, "QMI"],
] as const;

/** Stored; in effect after the next start. */
export const readyMask = stateKey("flash", "QAPRDYIND", () => ({ mask: 0 }));

/** The `+APIND` lines of a start. */
function applicationReady(modem: Device): readonly string[] {
  const { mask } = modem.state(readyMask);
  return parts.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => `+APIND: ${name} READY`);
}

/** Reports the state of a card that was found or unlocked; goes on when it asks for no PIN (any more). */
export async function reportSim(modem: Device): Promise<void> {
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
