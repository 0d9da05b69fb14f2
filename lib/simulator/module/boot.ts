/** What a module says after its start, in the order of the manual (fact base 7, URCs). */
import { broken } from "./broken";
import { applicationReady } from "./application-ready";
import type { SimulatedModem } from "../modem";
import { loseRegistration } from "./registration";
import { reportSim } from "./sim-ready";
import { simState, simStatus } from "./sim-state";

/** Time after a start during which one processor does not serve its commands, ms. */
export const serviceDelay = 5000;

/** Time for which a module that is unsure of its card tells that there is none, ms. */
const unsureDelay = 500;

/** Commands that are served by the processor that starts later, by what firmware has on it. */
const lateCommands = {
  application: /^\+(CFUN|CBC|QPOWD|QCFG|QAPRDYIND|QTEMP|QADC)$/,
  mail: /^\+Q(I(?!N)|SMTP|F)/,
} as const;

/** The module has two processors, and one of them may start later (fact base, mail client; 8). */
export function isServed(modem: SimulatedModem, name: string): boolean {
  if (lateCommands.mail.test(name) && modem.state(broken).application) return false;
  const late = modem.variants["application-start"];
  if (late === "immediate" || !lateCommands[late].test(name)) return true;
  return modem.clock.now() - modem.startedAt >= serviceDelay;
}

/** Raises the URCs of a start; the ports answer already. Takes half of `timing.bootMs` twice. */
export async function bootSequence(modem: SimulatedModem): Promise<void> {
  await modem.faults.start();
  const sim = modem.state(simState);
  Object.assign(sim, { initialised: false, phoneBookReady: false, smsReady: false });
  loseRegistration(modem);
  if (modem.variants["start-noise"] === "nul") modem.noise(Buffer.alloc(3));
  if (modem.variants["ready-urc"] === "present") modem.raiseUrc("RDY");
  for (const line of applicationReady(modem)) modem.raiseUrc(line);
  modem.raiseUrc("+CFUN: 1");
  await modem.wait(modem.timing.bootMs / 2);
  if (modem.variants["card-start"] === "unsure") await modem.wait(unsureDelay);
  sim.initialised = true;
  const status = simStatus(modem);
  if (status === "NOT INSERTED" || status === "FAILURE") modem.raiseUrc("+CPIN: NOT INSERTED");
  else await reportSim(modem);
}
