/** What a module says after its start, in the order of the manual (fact base 7, URCs). */
import { applicationReady } from "./application-ready";
import type { SimulatedModem } from "../modem";
import { loseRegistration } from "./registration";
import { reportSim } from "./sim-ready";
import { simState, simStatus } from "./sim-state";

/** Time after a start during which one processor does not serve its commands, ms. */
export const serviceDelay = 5000;

/** Commands that are served by the processor that starts later, by what firmware has on it. */
const lateCommands = {
  application: /^\+(CFUN|CBC|QPOWD|QCFG|QAPRDYIND|QTEMP|QADC)$/,
  mail: /^\+Q(I(?!N)|SMTP|F)/,
} as const;

/** The module has two processors, and one of them may start later (fact base, mail client; 8). */
export function isServed(modem: SimulatedModem, name: string): boolean {
  const late = modem.variants["application-start"];
  if (late === "immediate" || !lateCommands[late].test(name)) return true;
  return modem.clock.now() - modem.startedAt >= serviceDelay;
}

/** Raises the URCs of a start; the ports answer already. Takes half of `timing.bootMs` twice. */
export async function bootSequence(modem: SimulatedModem): Promise<void> {
  const sim = modem.state(simState);
  Object.assign(sim, { initialised: false, phoneBookReady: false, smsReady: false });
  loseRegistration(modem);
  if (modem.variants["start-noise"] === "nul") modem.noise(Buffer.alloc(3));
  if (modem.variants["ready-urc"] === "present") modem.raiseUrc("RDY");
  for (const line of applicationReady(modem)) modem.raiseUrc(line);
  modem.raiseUrc("+CFUN: 1");
  await modem.wait(modem.timing.bootMs / 2);
  sim.initialised = true;
  if (simStatus(modem) === "NOT INSERTED") modem.raiseUrc("+CPIN: NOT INSERTED");
  else await reportSim(modem);
}
