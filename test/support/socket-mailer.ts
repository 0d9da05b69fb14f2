/**
 * The mailer over a socket of a simulated module: to real servers on loopback in real time, or to servers in memory in
 * virtual time.
 */
import { duplexPair, type Duplex } from "node:stream";
import { systemClock } from "../../lib/clock";
import { AutoMailer } from "../../lib/mailer/auto/auto-mailer";
import type { Ended, Mailer, Outcome, Prepared, PrepareOptions, Transaction } from "../../lib/mailer/mailer";
import type { ComposeSettings } from "../../lib/mailer/qsmtp/compose/compose";
import { QsmtpMailer } from "../../lib/mailer/qsmtp/qsmtp-mailer";
import type { MessageSettings } from "../../lib/mailer/smtp/message";
import { SmtpMailer } from "../../lib/mailer/smtp/smtp-mailer";
import { ModuleClock } from "../../lib/quectel/network/module-clock";
import { PdpContext } from "../../lib/quectel/network/pdp";
import { memoryStore, type KeyValueStore } from "../../lib/quectel/key-value-store";
import { ModuleRecovery } from "../../lib/quectel/recovery/module-recovery";
import type { SmtpSettings } from "../../lib/quectel/settings";
import { ModuleSockets } from "../../lib/quectel/sockets/module-sockets";
import { PayloadMask } from "../../lib/quectel/sockets/payload-mask";
import { Trace } from "../../lib/serial/trace";
import type { Transport } from "../../lib/serial/transport";
import {
  internet,
  SimulatedModem,
  simulatorTransport,
  type PortName,
  type SimulatedModemOptions,
} from "../../lib/simulator";
import { transaction } from "./memory-mailer";
import { ACCOUNT } from "./memory-rig";
import { KeptLog, modemOn, NETWORK } from "./module-replies";

export interface SocketHostOptions {
  readonly module?: SimulatedModemOptions;
  /** Port of the module that the host is connected to; default `usbat`. */
  readonly portName?: PortName;
  /** Takes each connection of the module; left out: they go to this computer. */
  readonly serve?: (peer: Duplex) => void;
  /** Sees each connection to the module before it is opened. */
  readonly watch?: (transport: Transport) => void;
  /** What an earlier host has left. */
  readonly former?: { readonly module: SimulatedModem; readonly store: KeyValueStore };
}

export interface SocketMailerOptions {
  readonly smtp?: Partial<SmtpSettings>;
  readonly text?: Partial<MessageSettings & Pick<ComposeSettings, "charset">>;
}

export type SocketHost = ReturnType<typeof socketHost>;
export type SocketMailer = ReturnType<SocketHost["mailer"]>;

/** A modem on a simulated module; it is opened, and ready when `ready` says so. */
export function socketHost(options: SocketHostOptions = {}) {
  const module = options.former?.module ?? new SimulatedModem(options.module);
  const { serve, portName = "usbat" } = options;
  if (serve !== undefined) {
    module.state(internet).givenOnly = true;
    module.state(internet).tcpServer = () => {
      const [near, far] = duplexPair({ allowHalfOpen: true });
      near.on("error", () => undefined);
      serve(far);
      return near;
    };
  }
  const clock = options.module?.clock ?? systemClock;
  const trace = new Trace(clock, 8 * 1024 * 1024, new PayloadMask());
  trace.enabled = true;
  const connect = simulatorTransport(module, { portName });
  const log = new KeptLog();
  const transport = (): Transport => {
    const made = connect();
    options.watch?.(made);
    return trace.watch(made);
  };
  const { modem } = modemOn(transport, clock, { log, hide: (them) => trace.hide(them) });
  const pdp = new PdpContext(modem, NETWORK);
  const store = options.former?.store ?? memoryStore();
  const sockets = new ModuleSockets(modem, store, pdp);
  modem.acquire();
  return {
    module,
    store,
    modem,
    pdp,
    sockets,
    trace,
    log,
    clock,
    ready: modem.whenReady(),
    /** A mailer without encryption and login to a server on loopback, unless told otherwise. */
    mailer: ({ smtp, text }: SocketMailerOptions = {}) => {
      const settings: SmtpSettings = { ...ACCOUNT, host: "127.0.0.1", user: "", password: "", ...smtp };
      const { senderName, senderAddress } = settings;
      const mailer = new SmtpMailer({
        modem,
        pdp,
        sockets,
        settings,
        moduleClock: new ModuleClock(modem, 1),
        store,
        text: { senderName, senderAddress, lateNote: 0, ...text },
      });
      return { ...inTwoPhases(mailer), settings };
    },
    /** A mailer that takes the module's own client or a socket, whichever fits the mail. */
    autoMailer: ({ smtp, text }: SocketMailerOptions = {}) => {
      const settings: SmtpSettings = { ...ACCOUNT, user: "", password: "", ...smtp };
      const { senderName, senderAddress } = settings;
      const common = { modem, pdp, settings, store, moduleClock: new ModuleClock(modem, 1) };
      const texts = { senderName, senderAddress, charset: "auto", lateNote: 0, ...text } as const;
      const recovery = new ModuleRecovery({ modem, pdp, store, host: settings.host, settings: "auto" });
      const ways = {
        module: new QsmtpMailer({
          ...common,
          recovery,
          hasOtherWay: () => true,
          roots: () => Promise.resolve([]),
          text: texts,
          bccMode: "private",
        }),
        socket: new SmtpMailer({ ...common, recovery, sockets, text: texts }),
      };
      const readableCoding = () => ways.module.readableCoding();
      return {
        ...inTwoPhases(new AutoMailer({ modem, ways, settings, text: texts, store, readableCoding })),
        ways,
      };
    },
    close: async (): Promise<void> => {
      pdp.close();
      await modem.close();
    },
  };
}

/** What tests ask of a mailer. */
function inTwoPhases<M extends Mailer>(mailer: M) {
  const prepare = (one: Transaction, how: Partial<PrepareOptions> = {}): Promise<Prepared | Ended> =>
    mailer.prepare(one, {
      signal: new AbortController().signal,
      ageMs: 0,
      possibleDuplicate: false,
      ...how,
    });
  return {
    mailer,
    prepare,
    /** Both phases; what ended it. */
    send: async (one = transaction(), how: Partial<PrepareOptions> = {}): Promise<Outcome> => {
      const prepared = await prepare(one, how);
      return prepared.kind === "prepared" ? prepared.commit(new AbortController().signal) : prepared;
    },
  };
}
