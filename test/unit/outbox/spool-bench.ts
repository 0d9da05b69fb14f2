/** What the tests of the spool's parts share: a record, and a spool in memory. */
import { Spool } from "../../../lib/outbox/spool/spool";
import { writeRecord, type Place } from "../../../lib/outbox/spool/record";
import type { SpoolRecord, StoredTransaction } from "../../../lib/outbox/spool/record";
import { newTransaction } from "../../../lib/outbox/lifecycle";
import { FaultyFiles } from "../../support/faulty-files";

export const DIRECTORY = "/spool/modem";
export const ID = "k3m8q2xa";
export const QUEUE: Place = { folder: "queue" };

export const instant = { clock: "c", time: 1, active: 1 };

export function record(change: Partial<SpoolRecord> = {}): SpoolRecord {
  return {
    format: 1,
    id: ID,
    unique: "0123456789abcdef0123456789abcdef",
    revision: 1,
    seq: 1,
    accepted: instant,
    written: instant,
    raisedAt: 0,
    priority: "normal",
    delivery: "atLeastOnce",
    maxAge: null,
    origin: { nodeId: "n1", message: {} },
    from: null,
    to: ["ops@example.com"],
    cc: [],
    bcc: [],
    subject: "alarm",
    text: "ü",
    attachments: [],
    warnings: [],
    transactions: [
      {
        envelope: { to: ["ops@example.com"], cc: [], bcc: [] },
        state: { kind: "queued", due: 0 },
        tries: 0,
        attempts: 0,
        unknown: 0,
      },
    ],
    attempts: 0,
    ...change,
  };
}

/** A transaction to one recipient that waits. */
export function transaction(address: string, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return { ...newTransaction({ to: [address], cc: [], bcc: [] }, 0), ...more };
}

/** Puts a record where an outbox would have. */
export async function put(spool: Spool, one: SpoolRecord, place: Place): Promise<void> {
  await spool.write(spool.path(one.id, place), writeRecord(one));
}

export async function prepared(files = new FaultyFiles()): Promise<{ spool: Spool; files: FaultyFiles }> {
  const spool = new Spool(DIRECTORY, files);
  await spool.prepare();
  return { spool, files };
}
