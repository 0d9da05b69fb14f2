/** A carrier on a module that is scripted down to single calls: state, restarts and results come when a test says so. */
import type { Waiter } from "../../../lib/at/channel";
import { Waiters } from "../../../lib/at/waiters";
import { ModemError } from "../../../lib/errors";
import { MailLock } from "../../../lib/quectel/connection/mail-lock";
import type { Modem, ModemState } from "../../../lib/quectel/connection/modem";
import { stateWhere } from "../../../lib/quectel/connection/state-wait";
import type { ModuleClock } from "../../../lib/quectel/network/module-clock";
import type { PdpContext } from "../../../lib/quectel/network/pdp";
import { memoryNotebook } from "../../../lib/quectel/notebook";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import type { MailTransaction, SendOptions } from "../../../lib/mailer/qsmtp/carrier";
import type { TransactionAttachment } from "../../../lib/quectel/files/file-store";
import { SmtpCarrier } from "../../../lib/mailer/qsmtp/smtp-carrier";
import { CalledModem } from "./called-modem";

export const SENT = "+QSMTPPUT: 0,0";

const SETTINGS: SmtpSettings = {
  host: "mail.example.com",
  port: 25,
  security: "none",
  user: "pump7@example.com",
  password: "s3cret-word",
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  tls: { verify: true, root: { from: "auto" }, contextId: 1 },
  encoding: "auto",
  sendTimeout: 60,
};

type Part = "lock" | "state" | "restartAllowed" | "expect" | "notReady" | "whenReady";

export class StatefulModem extends CalledModem implements Pick<Modem, Part> {
  readonly lock = new MailLock();
  readonly options = { network: { contextId: 1, shared: false } };
  readonly restartAllowed = false;
  readonly waiters = new Waiters(this.clock);
  current: ModemState = { name: "ready" };

  constructor() {
    super();
    this.events.on("unsolicited", (line: string) => this.waiters.offer(line));
  }

  get state(): ModemState {
    return this.current;
  }

  enter(name: ModemState["name"]): void {
    this.current = { name } as ModemState;
    this.events.emit("state", this.current);
  }

  /** The module has restarted: what was set is void, and nobody's line comes any more. */
  restarts(): void {
    this.epoch++;
    this.waiters.failAll(new ModemError("MODEM_RESET"));
  }

  notReady(): ModemError | undefined {
    return this.current.name === "ready" ? undefined : new ModemError("MODEM_NOT_READY");
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    return stateWhere(this.asModem, () => this.current.name === "ready", signal);
  }

  expect(match: (line: string) => boolean): Waiter {
    return this.waiters.expect(match);
  }

  get asModem(): Modem {
    return this as unknown as Modem;
  }
}

export interface CarrierBench {
  readonly modem: StatefulModem;
  readonly carrier: SmtpCarrier;
  /** What the carrier asked of the data connection and the module's clock, in turn. */
  readonly asked: string[];
  readonly pdp: { renew: () => Promise<void> };
  /** Sends a mail on the virtual clock. */
  readonly send: (parts?: Partial<MailTransaction>, options?: SendOptions) => ReturnType<SmtpCarrier["send"]>;
  /** Command lines that begin so. */
  readonly count: (line: string) => number;
}

export function carrierBench(settings: Partial<SmtpSettings> = {}): CarrierBench {
  const modem = new StatefulModem();
  const asked: string[] = [];
  const asks = (what: string) => (): Promise<void> => {
    asked.push(what);
    return Promise.resolve();
  };
  const pdp = { ensure: asks("ensure"), renew: asks("renew"), used: () => void asked.push("used") };
  const carrier = new SmtpCarrier({
    modem: modem.asModem,
    pdp: pdp as unknown as PdpContext,
    moduleClock: { ensure: asks("clock") } as unknown as ModuleClock,
    settings: { ...SETTINGS, ...settings },
    roots: () => Promise.resolve([]),
    notebook: memoryNotebook(),
  });
  modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 4"]);
  // The mail goes out three seconds after it was put on the air.
  modem.when("AT+QSMTPPUT", () => {
    modem.clock.after(3_000, () => modem.say(SENT));
    return [];
  });
  return {
    modem,
    carrier,
    asked,
    pdp,
    send: (parts = {}, options = {}) => modem.clock.until(carrier.send(mail(parts), options)),
    count: (line) => modem.called.filter((called) => called.startsWith(line)).length,
  };
}

export function mail(parts: Partial<MailTransaction> = {}): MailTransaction {
  return {
    senderName: "Pump 7",
    senderAddress: "pump7@example.com",
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: ascii("alarm"),
    body: ascii("high"),
    attachments: [],
    ...parts,
  };
}

export function ascii(text: string): MailTransaction["subject"] {
  return { charset: "ascii", bytes: Buffer.from(text, "latin1") };
}

export function attachment(name: string, size: number): TransactionAttachment {
  return {
    name,
    size,
    sha256: name,
    open: async function* () {
      yield Buffer.alloc(size);
    },
  };
}
