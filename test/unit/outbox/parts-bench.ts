/** The parts of an outbox without the loop that drives them, on simulated files, each to be called by itself. */
import type { ModemError } from "../../../lib/errors";
import type { MailAttachment } from "../../../lib/mail/mail";
import { composerFor } from "../../../lib/mailer/qsmtp/compose/composer";
import { Conclusion } from "../../../lib/outbox/conclusion";
import { Ending } from "../../../lib/outbox/ending";
import { Expiry } from "../../../lib/outbox/expiry";
import { Ledger } from "../../../lib/outbox/ledger";
import { LostResults } from "../../../lib/outbox/lost-results";
import { MailStore } from "../../../lib/outbox/mail-store";
import type { SenderParts } from "../../../lib/outbox/sender";
import type { Composer, HoldReason, MailEnded, OutboxSettings } from "../../../lib/outbox/outbox-types";
import { newTransaction } from "../../../lib/outbox/transactions";
import type { Entry } from "../../../lib/outbox/waiting-mails";
import type { SpoolRecord, StoredTransaction } from "../../../lib/mail/spool/record";
import { Spool } from "../../../lib/mail/spool/spool";
import { FakeCarrier } from "../../support/fake-carrier";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { DIRECTORY, fakeHost, SETTINGS } from "./bench";
import { record } from "./spool-bench";

export interface PartsOptions {
  readonly files?: FaultyFiles;
  readonly clock?: VirtualClock;
  readonly settings?: Partial<OutboxSettings>;
  readonly simulated?: boolean;
  /** False: nobody listens. */
  readonly tell?: (ended: MailEnded) => boolean;
}

export type Parts = Awaited<ReturnType<typeof parts>>;

export async function parts(options: PartsOptions = {}) {
  const { files = new FaultyFiles(), clock = new VirtualClock(), simulated = false } = options;
  const settings = { ...SETTINGS, ...options.settings };
  const holds: (HoldReason | undefined)[] = [];
  const troubles: ModemError[] = [];
  const ended: MailEnded[] = [];
  const logged: string[] = [];
  const trouble = (error: ModemError): void => void troubles.push(error);
  const spool = new Spool(DIRECTORY, files);
  await spool.prepare();
  const host = fakeHost(clock);
  const ledger = await Ledger.open(spool, clock, host, settings, {
    hold: (reason) => holds.push(reason),
    trouble,
  });
  const store = new MailStore(spool, ledger.time, trouble);
  const untold = await store.open();
  const tell = (one: MailEnded): boolean => {
    ended.push(one);
    return options.tell?.(one) ?? true;
  };
  const log = {
    error: (text: string) => void logged.push(text),
    warn: () => undefined,
    info: () => undefined,
    debug: () => undefined,
  };
  const ending = new Ending({ store, time: ledger.time, simulated, tell, trouble, log });
  const conclusion = new Conclusion({ store, ledger, ending, random: () => 0 });
  const carrier = new FakeCarrier();
  const today = (): string => new Date(clock.wall()).toISOString();
  const lost = new LostResults({ clock, carrier, store, ending, conclusion, today });
  const expiry = new Expiry({ carrier, store, ledger, ending, lost, maxAge: settings.maxAge });
  return {
    options,
    files,
    clock,
    spool,
    ledger,
    store,
    ending,
    conclusion,
    carrier,
    lost,
    expiry,
    log,
    /** Mails that the last run has ended and perhaps not told. */
    untold,
    /** What was told of holds, of trouble, of ends, and to the log. */
    holds,
    troubles,
    ended,
    logged,
    /** Accepts a mail and returns it as the order of sending knows it. */
    async insert(id: string, change: Partial<SpoolRecord> = {}, contents: readonly MailAttachment[] = []) {
      const now = ledger.time.now();
      const make = ({ attachments }: Pick<SpoolRecord, "attachments">): SpoolRecord =>
        record({ id, seq: store.nextSeq(), accepted: now, written: now, attachments, ...change });
      const kept = { subject: "", text: "", message: {}, attachments: contents };
      await store.insert(id, kept, 1e6, make, () => undefined);
      return entryOf(store, id);
    },
    /** The files of the mails: folder and name. */
    mails(): string[] {
      return files
        .paths()
        .map((path) => path.slice(DIRECTORY.length + 1))
        .filter((path) => /^(queue|sending|failed|contents|damaged)\//.test(path));
    },
    /** The record on the disk. */
    written(path: string): SpoolRecord {
      return JSON.parse(files.text(`${DIRECTORY}/${path}`)) as SpoolRecord;
    },
  };
}

/** What the next start finds after a kill (`all`) or a power cut (`nothing`). */
export async function nextStart(
  { options, files, clock }: Parts,
  survives: "all" | "nothing",
): Promise<Parts> {
  return parts({ ...options, files: files.after(survives), clock });
}

export function entryOf(store: MailStore, id: string): Entry {
  const entry = store.waiting.get(id);
  if (entry === undefined) throw new Error(`mail ${id} is not there`);
  return entry;
}

/** A transaction to one recipient. */
export function transaction(address: string, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return { ...newTransaction({ to: [address], cc: [], bcc: [] }, 0), ...more };
}

const TEXT = {
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  charset: "auto",
  lateNote: 0,
} as const;

/** What a sender works with; `tried` gets the mails, envelopes and histories that are composed. */
export function senderParts(bench: Parts, tried: Parameters<Composer>[] = []): SenderParts {
  const { clock, carrier, store, ledger, ending, conclusion, lost, expiry } = bench;
  const compose = composerFor(TEXT, carrier);
  return {
    clock,
    carrier,
    store,
    ledger,
    ending,
    conclusion,
    lost,
    expiry,
    compose: async (...asked) => {
      tried.push(asked);
      return compose(...asked);
    },
    today: () => new Date(clock.wall()).toISOString(),
    assertHeld: async () => undefined,
    progress: () => undefined,
    changed: () => undefined,
    log: bench.log,
    keepFailedDays: 7,
  };
}

/** All that changes the disk fails. */
export function noWrites(files: FaultyFiles, code = "EIO"): void {
  files.fault = ({ name }) => (READS.has(name) ? undefined : code);
}
const READS: ReadonlySet<string> = new Set(["read", "list", "size"]);
