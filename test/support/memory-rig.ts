/**
 * The module's mailer on a simulated module that delivers into memory: no socket, no file, one fast virtual clock.
 *
 * A whole mail takes milliseconds, so a test can run thousands of them.
 */
import type { ModemOptions } from "../../lib/quectel/connection/modem";
import { ModuleClock } from "../../lib/quectel/network/module-clock";
import { memoryStore, type KeyValueStore } from "../../lib/quectel/key-value-store";
import { PdpContext } from "../../lib/quectel/network/pdp";
import type { NetworkSettings, SmtpSettings } from "../../lib/quectel/settings";
import type { Ended, Mark, Outcome, Transaction } from "../../lib/mailer/mailer";
import type { ComposeSettings } from "../../lib/mailer/qsmtp/compose/compose";
import type { BccMode } from "../../lib/mailer/qsmtp/compose/envelopes";
import { QsmtpMailer } from "../../lib/mailer/qsmtp/qsmtp-mailer";
import type { RootProvider } from "../../lib/mailer/qsmtp/tls";
import { sendNow, type SendNowOptions } from "../../lib/mailer/send-now";
import type { Transport } from "../../lib/serial/transport";
import {
  internet,
  SimulatedModem,
  simulatorTransport,
  type PortName,
  type SimulatedModemOptions,
} from "../../lib/simulator";
import { storageOf } from "../../lib/simulator/module/file-store";
import { FastClock } from "./fast-clock";
import { MemoryMailServer } from "./memory-mail-server";
import { modemOn, NETWORK } from "./module-replies";
import { watchedMailer } from "./watched-mailer";

export const ACCOUNT: SmtpSettings = {
  host: "mail.example.com",
  port: 25,
  security: "none",
  user: "pump7@example.com",
  password: "s3cret-word",
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  tls: { verify: true, root: { from: "auto" }, contextId: 1 },
  encoding: "auto",
  sendTimeout: 300,
};

/** Names of the files in a module, with their storage. */
export function filesIn(module: SimulatedModem): readonly string[] {
  return (["RAM", "UFS"] as const).flatMap((storage) =>
    storageOf(module, storage)
      .all()
      .map((file) => `${storage}:${file.name}`),
  );
}

export interface MemoryRigOptions {
  readonly module?: Omit<SimulatedModemOptions, "clock" | "busy">;
  readonly network?: Partial<NetworkSettings>;
  readonly smtp?: Partial<SmtpSettings>;
  readonly modem?: Partial<ModemOptions>;
  /** Port of the module that the host is connected to; default `usbat`. */
  readonly port?: PortName;
  /** Left out: no root certificate is known. */
  readonly roots?: RootProvider;
  readonly text?: Partial<ComposeSettings>;
  readonly bccMode?: BccMode;
  /** The mailer is for test mails. */
  readonly isTestMail?: boolean;
  /** Sees each connection to the module before it is opened. */
  readonly watch?: (transport: Transport) => void;
}

export type MemoryRig = ReturnType<typeof memoryRig>;

/** What is there without the host: the module, the server, and what the host has written down of the module. */
export interface Surroundings {
  readonly clock: FastClock;
  readonly module: SimulatedModem;
  readonly server: MemoryMailServer;
  readonly store: KeyValueStore;
}

export function memorySurroundings(options: MemoryRigOptions["module"] = {}): Surroundings {
  const clock = new FastClock();
  const module = new SimulatedModem({ ...options, clock });
  const server = new MemoryMailServer();
  Object.assign(module.state(internet), { mailServer: server.take, givenOnly: true });
  return { clock, module, server, store: memoryStore() };
}

/**
 * The rig with a modem that nobody has opened yet.
 *
 * @param surroundings what a former rig has left, for a host that starts again.
 */
export function memoryRig(
  options: MemoryRigOptions = {},
  surroundings: Surroundings = memorySurroundings(options.module),
) {
  const { clock, module, store } = surroundings;
  const connect = simulatorTransport(module, { portName: options.port ?? "usbat" });
  /** All that the host has handed to its transport, as latin1 text. */
  let written = "";
  const transport: typeof connect = () => {
    const made = connect();
    options.watch?.(made);
    const write = made.write.bind(made);
    made.write = (bytes) => {
      written += Buffer.from(bytes).toString("latin1");
      return write(bytes);
    };
    return made;
  };
  const network = { ...NETWORK, ...options.network };
  const { modem } = modemOn(transport, clock, { ...options.modem, settings: network });
  const pdp = new PdpContext(modem, network);
  const settings = { ...ACCOUNT, ...options.smtp };
  const { senderName, senderAddress } = settings;
  const mailer = new QsmtpMailer({
    modem,
    pdp,
    moduleClock: new ModuleClock(modem, network.contextId),
    settings,
    roots: options.roots ?? (() => Promise.resolve([])),
    store,
    text: { senderName, senderAddress, charset: "auto", lateNote: 0, ...options.text },
    bccMode: options.bccMode ?? "private",
    ...(options.isTestMail === true && { testNotes: store }),
  });
  const watched = watchedMailer(mailer);
  const begin = (one: Transaction, how: Partial<SendNowOptions> = {}): Promise<Ended> =>
    sendNow(watched.mailer, one, { signal: new AbortController().signal, ...how });
  return {
    ...surroundings,
    modem,
    pdp,
    mailer,
    /** Begins to send a mail, with whatever the mailer itself can do about a failure; the clock is left alone. */
    begin,
    /** The same to its end on the virtual clock. */
    sendNow: (one: Transaction, how: Partial<SendNowOptions> = {}, patience?: number): Promise<Ended> =>
      clock.until(begin(one, how), patience),
    /** The mark of the mail that was prepared last by `sendNow`. */
    mark: watched.mark,
    /** Asks for the result of that mail, or of one of an earlier host. */
    ask: (one: Transaction, mark?: Mark, patience?: number): Promise<Outcome> =>
      clock.until(watched.recover(one, mark), patience),
    written: () => written,
    /** Forgets what was handed over so far. */
    forget: (): void => {
      written = "";
    },
    /** Names of the files in the module. */
    filesInModule: () => filesIn(module),
    close: async (): Promise<void> => {
      mailer.close();
      pdp.close();
      await clock.until(modem.close());
    },
  };
}
