/** A mailer on a module that is scripted down to single calls: state, restarts and results come when a test says so. */
import { ModemError } from "../../../lib/errors";
import { MailLock } from "../../../lib/quectel/connection/mail-lock";
import type { Modem, ModemState } from "../../../lib/quectel/connection/modem";
import { stateWhere } from "../../../lib/quectel/connection/modem-state";
import type { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import type { Ended, OutgoingAttachment, OutgoingMail, Transaction } from "../../../lib/mailer/mailer";
import { sendNow, type SendNowOptions } from "../../../lib/mailer/send-now";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import { transaction } from "../../support/memory-mailer";
import { ACCOUNT } from "../../support/memory-rig";
import { HeardModem } from "./called-modem";

export const SENT = "+QSMTPPUT: 0,0";

const SETTINGS: SmtpSettings = { ...ACCOUNT, sendTimeout: 60 };

type Part = "lock" | "state" | "restartAllowed" | "notReady" | "whenReady";

export class StatefulModem extends HeardModem implements Pick<Modem, Part> {
  readonly lock = new MailLock();
  readonly options = { network: { contextId: 1, shared: false } };
  readonly restartAllowed = false;
  current: ModemState = { name: "ready" };

  get state(): ModemState {
    return this.current;
  }

  enter(name: ModemState["name"]): void {
    this.current = { name } as ModemState;
    this.events.emit("state", this.current);
  }

  /** The module has restarted: what was set is void, and nobody's line comes any more. */
  override restarts(): void {
    this.epoch++;
    super.restarts();
  }

  notReady(): ModemError | undefined {
    return this.current.name === "ready" ? undefined : new ModemError("MODEM_NOT_READY");
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    return stateWhere(this.asModem, () => this.current.name === "ready", signal);
  }

  get asModem(): Modem {
    return this as unknown as Modem;
  }
}

export interface MailerBench {
  readonly modem: StatefulModem;
  readonly mailer: QsmtpMailer;
  /** What the mailer asked of the data connection and the module's clock, in turn. */
  readonly asked: string[];
  readonly pdp: { renew: () => Promise<void> };
  /** Begins to send a mail; the clock is left alone. */
  readonly begin: (parts?: Partial<OutgoingMail>, how?: Partial<SendNowOptions>) => Promise<Ended>;
  /** The same to its end on the virtual clock. */
  readonly send: (parts?: Partial<OutgoingMail>, how?: Partial<SendNowOptions>) => Promise<Ended>;
  /** Command lines that begin so. */
  readonly count: (line: string) => number;
}

export function mailerBench(settings: Partial<SmtpSettings> = {}): MailerBench {
  const modem = new StatefulModem();
  const asked: string[] = [];
  const asks = (what: string) => (): Promise<void> => {
    asked.push(what);
    return Promise.resolve();
  };
  const pdp = { ensure: asks("ensure"), renew: asks("renew"), used: () => void asked.push("used") };
  const mailer = new QsmtpMailer({
    modem: modem.asModem,
    pdp: pdp as unknown as PdpContext,
    moduleClock: { ensure: asks("clock") } as unknown as ModuleClock,
    settings: { ...SETTINGS, ...settings },
    text: { ...SETTINGS, charset: "auto", lateNote: 0 },
    bccMode: "module",
    roots: () => Promise.resolve([]),
    store: memoryStore(),
  });
  modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 4"]);
  // The mail goes out three seconds after it was put on the air.
  modem.when("AT+QSMTPPUT", () => {
    modem.clock.after(3_000, () => modem.say(SENT));
    return [];
  });
  const begin: MailerBench["begin"] = (parts = {}, how = {}) =>
    sendNow(mailer, mail(parts), { signal: new AbortController().signal, ...how });
  return {
    modem,
    mailer,
    asked,
    pdp,
    begin,
    send: (parts, how) => modem.clock.until(begin(parts, how)),
    count: (line) => modem.called.filter((called) => called.startsWith(line)).length,
  };
}

let mails = 0;

export function mail(parts: Partial<OutgoingMail> = {}): Transaction {
  return transaction({ id: `mail-${++mails}`, subject: "alarm", text: "high", ...parts });
}

export function attachment(filename: string, size: number): OutgoingAttachment {
  return {
    filename,
    size,
    sha256: filename,
    open: async function* () {
      yield Buffer.alloc(size);
    },
  };
}
