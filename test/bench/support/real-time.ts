/** The library from the mailer down, in real time, on a simulated module in the same process or at the end of a line. */
import { systemClock } from "../../../lib/clock";
import type { Ended, Transaction } from "../../../lib/mailer/mailer";
import { sendNow } from "../../../lib/mailer/send-now";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { TransportFactory } from "../../../lib/serial/transport";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import { internet, SimulatedModem, simulatorTransport, type Timing } from "../../../lib/simulator";
import { delivered } from "../../../lib/simulator/delivery/smtp-codes";
import { PLAIN } from "../../e2e/transaction/mail-rig";
import { modemOn, NETWORK } from "../../support/module-replies";

export interface RealModem {
  readonly module: SimulatedModem;
  send(mail: Transaction): Promise<Ended>;
  close(): Promise<void>;
}

/** A modem that is ready. @param smtpPort of a server on loopback; `none`: the simulated network takes every mail. */
export async function realModem(smtpPort: number | "none", timing: Partial<Timing> = {}): Promise<RealModem> {
  const module = new SimulatedModem({ timing });
  if (smtpPort === "none") module.state(internet).mailServer = () => Promise.resolve(delivered);
  return { module, ...(await modemThrough(simulatorTransport(module), smtpPort === "none" ? 25 : smtpPort)) };
}

/** A module at the end of any line that is ready. @param smtpPort of a server on the loopback interface of the module. */
export async function modemThrough(
  transport: TransportFactory,
  smtpPort: number,
): Promise<Omit<RealModem, "module">> {
  const { modem } = modemOn(transport, systemClock);
  const pdp = new PdpContext(modem, NETWORK);
  const mailer = new QsmtpMailer({
    modem,
    pdp,
    moduleClock: new ModuleClock(modem, 1),
    text: { ...PLAIN, charset: "auto", lateNote: 0 },
    bccMode: "private",
    settings: { ...PLAIN, user: "", password: "", host: "127.0.0.1", port: smtpPort },
    roots: () => Promise.resolve([]),
    store: memoryStore(),
  });
  modem.acquire();
  await modem.whenReady();
  return {
    send: (mail) => sendNow(mailer, mail, { signal: new AbortController().signal }),
    close: async () => {
      mailer.close();
      pdp.close();
      await modem.close();
    },
  };
}
