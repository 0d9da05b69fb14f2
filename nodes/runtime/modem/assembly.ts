/**
 * Assembly: everything that belongs to one modem while it is in use, put together from its settings.
 *
 * It is made with the first user of the modem and thrown away with the last; nothing in it is used again after `close`.
 * What sends a mail without keeping it is a mail path of its own, for a connection test from the editor.
 */
import type { Clock } from "../../../lib/clock";
import { asModemError, copyOf, type ModemError } from "../../../lib/errors";
import { AbsentMailer } from "../../../lib/mailer/absent-mailer";
import type { Mailer } from "../../../lib/mailer/mailer";
import { AutoMailer } from "../../../lib/mailer/auto/auto-mailer";
import { moduleFits } from "../../../lib/mailer/auto/choice";
import { QsmtpMailer } from "../../../lib/mailer/qsmtp/qsmtp-mailer";
import { Outbox } from "../../../lib/outbox/outbox";
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { Host } from "../../../lib/outbox/spool/lock";
import { rootsFor } from "../../../lib/mail/providers/roots";
import { Modem } from "../../../lib/quectel/connection/modem";
import { ModuleClock } from "../../../lib/quectel/network/module-clock";
import { NetworkSearch } from "../../../lib/quectel/network/network-search";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import { ModuleRecovery } from "../../../lib/quectel/recovery/module-recovery";
import type { PinMemory } from "../../../lib/quectel/registration/pin-memory";
import type { KeyValueStore } from "../../../lib/quectel/key-value-store";
import type { Logger } from "../../../lib/quectel/settings";
import type { Line } from "../../../lib/quectel/connection/line-source";
import { ModuleSockets } from "../../../lib/quectel/sockets/module-sockets";
import { PayloadMask } from "../../../lib/quectel/sockets/payload-mask";
import { Trace } from "../../../lib/serial/trace";
import { FolderStore } from "../disk/folder-store";
import { fingerprintOf } from "../settings/fingerprint";
import { notesDirectory, spoolDirectory } from "../disk/folders";
import { keptPin } from "../disk/kept-pin";
import type { ModemSettings } from "../settings/modem-settings";
import { smtpPart } from "./smtp-part";
import { transportSource } from "./transports";

export interface Surroundings {
  /** Folder of this modem alone. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Left out: the files of the host. */
  readonly files?: FileLayer;
  /** Left out: this process. */
  readonly host?: Host;
  /** Of the same connection, already at work; left out: one is made. */
  readonly station?: Station;
}

/** A module and its way into the network. */
export interface Station {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly sockets: ModuleSockets;
  readonly trace: Trace;
  /** What is noted about the module. */
  readonly store: KeyValueStore;
  /** From now on another node speaks for the modem. */
  speakBy(log: Logger): void;
  /** Ends all of it; the port is free after at most 5 s. */
  close(): Promise<void>;
}

/** What reaches a mail server through the module, without an outbox. */
export interface MailPath extends Station, Way {}

/** How mails leave. */
interface Way {
  readonly mailer: Mailer;
  /** The same, where it is the module's own client that sends all of them. */
  readonly client: QsmtpMailer | undefined;
  /** All ways that a mail may take. */
  readonly byWay: { readonly module?: QsmtpMailer; readonly socket?: Mailer };
  /** Why a way that the settings ask for could not be taken when the modem was started. */
  readonly missing?: ModemError;
}

export interface Assembly extends Station, Way {
  readonly settings: ModemSettings;
  readonly outbox: Outbox;
  /** Ends all of it; a pending result is awaited for up to 8 s, the port is free after at most 13 s. */
  close(): Promise<void>;
  /** The same, but the module stays connected: what is left of it is given back. */
  leave(): Promise<Station>;
}

interface StationOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: KeyValueStore;
  readonly pinMemory: PinMemory;
  readonly trace: Trace;
}

export interface MailPathOptions extends StationOptions {
  /** Notes of the modem whose mails may be in flight in the module. */
  readonly testNotes: KeyValueStore;
}

/** Node-RED gives a node 15 s to close; the modem itself takes up to 5 s of it. */
const RESULT_GRACE_MS = 8_000;

type StationSettings = Pick<ModemSettings, "connection" | "network">;
type MailSettings = Pick<ModemSettings, "mailer" | "smtp" | "text">;

/** For test mails. */
export function assembleMailPath(
  settings: StationSettings & MailSettings,
  options: MailPathOptions,
): MailPath {
  const station = assembleStation(settings, options);
  const way = assembleWay(station, settings, options);
  return { ...station, ...way, close: () => closed(station, way) };
}

/** @param options with `testNotes` for test mails */
function assembleWay(
  station: Station,
  settings: MailSettings,
  options: Pick<StationOptions, "store"> & { readonly testNotes?: KeyValueStore },
): Way {
  switch (settings.mailer) {
    case "module": {
      const client = moduleMailer(station, settings, options);
      return { mailer: client, client, byWay: { module: client } };
    }
    case "socket": {
      const { mailer, ...missing } = socketMailer(station, settings, options);
      return { mailer, client: undefined, byWay: { socket: mailer }, ...missing };
    }
    case "auto": {
      const { modem, pdp } = station;
      const { smtp, text } = settings;
      const { host, port, security, user } = smtp;
      const recovery = new ModuleRecovery({
        modem,
        pdp,
        store: options.store,
        host,
        settings: JSON.stringify({ via: "auto", host, port, security, user }),
      });
      const { mailer: socket, ...missing } = socketMailer(station, settings, { ...options, recovery });
      const module = moduleMailer(station, settings, {
        ...options,
        recovery,
        hasOtherWay: () => socket.trouble === undefined,
      });
      const byWay = { module, socket };
      const mailer = new AutoMailer({
        modem,
        ways: byWay,
        settings: smtp,
        text: { ...smtp, ...text },
        store: options.store,
        readableCoding: () => module.readableCoding(),
      });
      return { mailer, client: undefined, byWay, ...missing };
    }
  }
}

interface WayOptions extends Pick<StationOptions, "store"> {
  readonly testNotes?: KeyValueStore;
  readonly recovery?: ModuleRecovery;
  readonly hasOtherWay?: () => boolean;
}

function moduleMailer(
  { modem, pdp, moduleClock }: Station,
  { smtp, text }: MailSettings,
  options: WayOptions,
): QsmtpMailer {
  return new QsmtpMailer({
    modem,
    pdp,
    moduleClock,
    settings: smtp,
    roots: rootsFor,
    text: { ...smtp, charset: text.charset, lateNote: text.lateNote },
    bccMode: text.bccMode,
    ...options,
  });
}

function socketMailer(
  { modem, pdp, moduleClock, sockets }: Station,
  { mailer, smtp, text }: MailSettings,
  { store, recovery }: WayOptions,
): { readonly mailer: Mailer; readonly missing?: ModemError } {
  const load = (): Mailer => {
    const { SmtpMailer } = smtpPart();
    return new SmtpMailer({
      modem,
      pdp,
      moduleClock,
      sockets,
      settings: smtp,
      text: { ...smtp, lateNote: text.lateNote },
      store,
      ...(recovery !== undefined && { recovery }),
    });
  };
  try {
    return { mailer: load() };
  } catch (cause) {
    const missing = asModemError(cause);
    const isReplaceable = mailer === "auto" && moduleFits(smtp);
    // What only a socket carries must not hold the mails that the module's client does.
    const error = isReplaceable ? copyOf(missing, { class: "transient" }) : missing;
    return { mailer: new AbsentMailer({ modem, error, isReplaceable, load }), missing };
  }
}

async function closed(station: Station, { mailer }: Way): Promise<void> {
  mailer.close();
  await station.close();
}

function assembleStation(
  { connection, network }: StationSettings,
  { clock, log: speaker, store, pinMemory, trace }: StationOptions,
): Station {
  const { transport, ...source } = transportSource(connection, clock);
  const log = new PassedLog(speaker);
  const modem = new Modem({
    transport: traced(transport, trace),
    clock,
    network,
    log,
    pinMemory,
    hide: (secrets) => trace.hide(secrets),
    ...source,
  });
  const networkSearch = new NetworkSearch(modem, store);
  const pdp = new PdpContext(modem, network, store);
  const moduleClock = new ModuleClock(modem, network.contextId);
  return {
    modem,
    pdp,
    moduleClock,
    sockets: new ModuleSockets(modem, store, pdp),
    trace,
    store,
    speakBy: (other) => (log.speaker = other),
    async close() {
      pdp.close();
      networkSearch.close();
      await modem.close();
    },
  };
}

export function assemble(settings: ModemSettings, surroundings: Surroundings): Assembly {
  const { directory, clock, log, files, host, station = newStation(settings, surroundings) } = surroundings;
  const { connection, queue } = settings;
  station.speakBy(log);
  const way = assembleWay(station, settings, { store: station.store });
  const outbox = new Outbox({
    directory: spoolDirectory(directory),
    clock,
    mailer: way.mailer,
    settings: {
      ...queue,
      fingerprint: fingerprintOf(settings),
      simulated: connection.kind === "simulator",
    },
    log,
    ...(files === undefined ? {} : { files }),
    ...(host === undefined ? {} : { host }),
  });
  const leave = async (): Promise<Station> => {
    await outbox.close(RESULT_GRACE_MS);
    way.mailer.close();
    return station;
  };
  return { ...station, ...way, settings, outbox, leave, close: async () => (await leave()).close() };
}

function newStation(settings: ModemSettings, { directory, clock, log, files }: Surroundings): Station {
  const store = new FolderStore(notesDirectory(directory, settings.connection), files);
  const trace = new Trace(clock, undefined, new PayloadMask());
  return assembleStation(settings, { clock, log, store, pinMemory: keptPin(store), trace });
}

/** The log of a modem whose node may be replaced while it is at work. */
class PassedLog implements Logger {
  constructor(public speaker: Logger) {}

  error(message: string): void {
    this.speaker.error(message);
  }

  warn(message: string): void {
    this.speaker.warn(message);
  }

  info(message: string): void {
    this.speaker.info(message);
  }

  debug(message: string): void {
    this.speaker.debug(message);
  }
}

/** The same line, watched. */
function traced(line: Line, trace: Trace): Line {
  if (typeof line === "function") return () => trace.watch(line());
  return { atRate: (baudRate) => trace.watch(line.atRate(baudRate)) };
}
