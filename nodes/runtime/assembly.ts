/**
 * Assembly: everything that belongs to one modem while it is in use, put together from its settings.
 *
 * It is made with the first user of the modem and thrown away with the last; nothing in it is used again after `close`.
 * What sends a mail without keeping it is a workshop of its own, for a trial from the editor.
 */
import type { Clock } from "../../lib/clock";
import { composerFor } from "../../lib/mailer/qsmtp/compose/composer";
import { Outbox } from "../../lib/outbox/outbox";
import type { FileLayer } from "../../lib/mail/spool/files";
import { rootsFor } from "../../lib/mail/providers/roots";
import { Modem } from "../../lib/quectel/connection/modem";
import { ModuleClock } from "../../lib/quectel/network/module-clock";
import { NetworkSearch } from "../../lib/quectel/network/network-search";
import { PdpContext } from "../../lib/quectel/network/pdp";
import type { PinMemory } from "../../lib/quectel/network/pin-memory";
import type { Notebook } from "../../lib/quectel/notebook";
import type { Logger } from "../../lib/quectel/settings";
import { SmtpCarrier } from "../../lib/mailer/qsmtp/smtp-carrier";
import type { Line } from "../../lib/quectel/connection/line-source";
import { ModuleSockets } from "../../lib/quectel/sockets/module-sockets";
import { Trace } from "../../lib/serial/trace";
import { FileNotebook } from "./file-notebook";
import { fingerprintOf } from "./fingerprint";
import { notesDirectory, spoolDirectory } from "./folders";
import { keptPin } from "./kept-pin";
import type { ModemSettings } from "./modem-settings";
import { transportSource } from "./transports";

export interface Surroundings {
  /** Folder of this modem alone. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Left out: the files of the host. */
  readonly files?: FileLayer;
}

/** What reaches a mail server through the module, without an outbox. */
export interface Workshop {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly carrier: SmtpCarrier;
  readonly sockets: ModuleSockets;
  readonly trace: Trace;
  /** Ends all of it; the port is free after at most 5 s. */
  close(): Promise<void>;
}

export interface Assembly extends Workshop {
  readonly settings: ModemSettings;
  readonly outbox: Outbox;
  /** Ends all of it; a pending result is awaited for up to 8 s, the port is free after at most 13 s. */
  close(): Promise<void>;
}

export interface WorkshopOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly notebook: Notebook;
  readonly pinMemory: PinMemory;
  readonly trace: Trace;
}

/** Node-RED gives a node 15 s to close; the modem itself takes up to 5 s of it. */
const RESULT_GRACE = 8_000;

export function assembleWorkshop(
  { connection, network, smtp }: Pick<ModemSettings, "connection" | "network" | "smtp">,
  { clock, log, notebook, pinMemory, trace }: WorkshopOptions,
): Workshop {
  const { transport, ...source } = transportSource(connection, clock);
  const modem = new Modem({
    transport: traced(transport, trace),
    clock,
    network,
    log,
    pinMemory,
    hide: (secrets) => trace.hide(secrets),
    ...source,
  });
  const networkSearch = new NetworkSearch(modem);
  const pdp = new PdpContext(modem, network, notebook);
  const moduleClock = new ModuleClock(modem, network.contextId);
  const carrier = new SmtpCarrier({ modem, pdp, moduleClock, settings: smtp, roots: rootsFor, notebook });
  return {
    modem,
    pdp,
    moduleClock,
    carrier,
    sockets: new ModuleSockets(modem, notebook, pdp),
    trace,
    async close() {
      carrier.close();
      pdp.close();
      networkSearch.close();
      await modem.close();
    },
  };
}

export function assemble(settings: ModemSettings, { directory, clock, log, files }: Surroundings): Assembly {
  const { connection, smtp, text, queue } = settings;
  const notebook = new FileNotebook(notesDirectory(directory), files);
  const pinMemory = keptPin(notebook);
  const trace = new Trace(clock);
  const workshop = assembleWorkshop(settings, { clock, log, notebook, pinMemory, trace });
  const { carrier } = workshop;
  const outbox = new Outbox({
    directory: spoolDirectory(directory),
    clock,
    carrier,
    settings: {
      ...queue,
      bccMode: text.bccMode,
      fingerprint: fingerprintOf(settings),
      simulated: connection.kind === "simulator",
    },
    compose: composerFor({ ...smtp, charset: text.charset, lateNote: text.lateNote }, carrier),
    log,
    ...(files === undefined ? {} : { files }),
  });
  return {
    ...workshop,
    settings,
    outbox,
    async close() {
      await outbox.close(RESULT_GRACE);
      await workshop.close();
    },
  };
}

/** The same line, watched. */
function traced(line: Line, trace: Trace): Line {
  if (typeof line === "function") return () => trace.watch(line());
  return { atRate: (baudRate) => trace.watch(line.atRate(baudRate)) };
}
