/** Rows of the outbox for a person: what waits, what is being sent, what failed; no contents. */
import type { Policy } from "./policy";
import type { MailStore } from "./mail-store";
import type { ListQuery, ListState, OutboxList, OutboxRow } from "./outbox-types";
import type { SpoolRecord } from "./spool/record";
import { nextDue } from "./lifecycle";

const MOST_ROWS = 1000;
const ROWS = 100;

/** Mails that end or vanish meanwhile are left out; so are those whose record cannot be read. */
export async function listMails(store: MailStore, policy: Policy, query: ListQuery): Promise<OutboxList> {
  const ids = idsOf(store, query.state);
  const offset = Math.max(0, query.offset ?? 0);
  const limit = Math.min(MOST_ROWS, Math.max(1, query.limit ?? ROWS));
  const rows: OutboxRow[] = [];
  for (const id of ids.slice(offset, offset + limit)) {
    const row = await rowOf(id, store, policy).catch(() => undefined);
    if (row !== undefined) rows.push(row);
  }
  return { total: ids.length, rows };
}

function idsOf(store: MailStore, state: ListState | undefined): string[] {
  if (state === "failed") return store.failed.ids();
  const isSending = (stage: string): boolean => stage !== "queued";
  return store.waiting
    .inOrder()
    .filter(({ stage }) => state === undefined || isSending(stage) === (state === "sending"))
    .map(({ id }) => id);
}

async function rowOf(id: string, store: MailStore, policy: Policy): Promise<OutboxRow> {
  const entry = store.waiting.get(id);
  const now = policy.time.now().time;
  if (entry === undefined) {
    const record = await store.failed.load(id);
    return { ...contentsOf(record), state: "failed", ageMs: Math.max(0, now - record.accepted.time) };
  }
  const record = await store.load(entry);
  return {
    ...contentsOf(record),
    state: entry.stage === "queued" ? "waiting" : "sending",
    ageMs: Math.max(0, now - entry.accepted.time),
    ...(entry.stage === "queued" && { nextTryInMs: Math.max(0, Math.min(entry.due, nextDue(record)) - now) }),
  };
}

function contentsOf(record: SpoolRecord): Omit<OutboxRow, "state" | "ageMs"> {
  const { id, priority, to, cc, bcc, subject, attempts, attachments } = record;
  const error = record.transactions
    .flatMap(({ state, lastError }) => ("error" in state ? state.error : (lastError ?? [])))
    .at(-1);
  return {
    id,
    nodeId: record.origin.nodeId,
    priority,
    to,
    cc,
    bcc,
    subject,
    size: attachments.reduce((sum, one) => sum + one.size, bytesOf(record.text)),
    attachments: attachments.map(({ filename, size }) => ({ filename, size })),
    attempts,
    raisedAt: new Date(record.raisedAt).toISOString(),
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  };
}

function bytesOf(text: SpoolRecord["text"]): number {
  return typeof text === "string" ? Buffer.byteLength(text) : text.bytes;
}
