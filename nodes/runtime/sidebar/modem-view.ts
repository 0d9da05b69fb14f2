/**
 * What the sidebar shows of one modem, as plain data: no credential, no address in full, no text of a mail, but for the
 * mailbox of the simulated modem.
 */
import type { HoldReason, OutboxRow } from "../../../lib/outbox/outbox-types";
import type { NetworkSnapshot } from "../../../lib/quectel/registration/registration";
import type { Assembly } from "../modem/assembly";
import type { SimulatedMail } from "../modem/simulated-inbox";
import type { ShownStatus } from "../status/status";
import type { EndedMail } from "./ended-mails";
import { shownRecipients } from "./recipients";
import { shownError, type ShownError } from "./shown-error";
import type { SignalSample } from "./signal-samples";

/** A modem in the list. */
export interface ListedModem {
  readonly id: string;
  readonly name: string;
  /** Inside a subflow: ids of the node in the template, and of the instance. */
  readonly template?: string;
  readonly instance?: string;
}

export interface ModemView {
  readonly status: ShownStatus;
  readonly module?: { readonly model: string; readonly firmware: string };
  /** What is wrong with the module although mails go out. */
  readonly trouble?: ShownError;
  /** As it was last seen; absent while the modem does not tell. */
  readonly network?: NetworkSnapshot;
  /** Milliseconds until the next attempt to connect, 0 while one is under way; only while the modem is away. */
  readonly nextConnectInMs?: number;
  /** Oldest first. */
  readonly samples: readonly SignalSample[];
  readonly queue: QueueView;
  /** Newest first. */
  readonly ended: readonly EndedMail[];
  readonly trace: TraceView;
  /** What has arrived, newest first; only for a simulated modem that sends to its own mailbox. */
  readonly inbox?: readonly SimulatedMail[];
}

export interface QueueView {
  readonly hold?: HoldView;
  /** Mails in each state; the rows are at most the first of them. */
  readonly waiting: number;
  readonly failed: number;
  /** What waits and is being sent, in the order of sending, then failed ones from the newest. */
  readonly rows: readonly QueueRow[];
}

export interface HoldView {
  readonly kind: HoldReason["kind"];
  /** ISO 8601. */
  readonly since: string;
  readonly error?: ShownError;
}

export interface QueueRow extends Pick<
  OutboxRow,
  "id" | "state" | "priority" | "subject" | "size" | "attempts" | "raisedAt"
> {
  /** Masked. */
  readonly recipients: readonly string[];
  readonly attachments: number;
  readonly nextTryInMs?: number;
  readonly error?: ShownError;
}

/** `endsInMs` while it is recorded. */
export interface TraceView {
  readonly endsInMs?: number;
  readonly hasEntries: boolean;
}

/** Rows of each state. */
const MOST_ROWS = 50;

export const EMPTY_QUEUE: QueueView = { waiting: 0, failed: 0, rows: [] };

/** Empty where the folder of the outbox cannot be used, as the status then says. */
export async function queueOf({ outbox }: Assembly): Promise<QueueView> {
  const { hold } = outbox.summary();
  try {
    const waiting = await outbox.list({ limit: MOST_ROWS });
    const { total } = await outbox.list({ state: "failed", limit: 1 });
    const newest = { state: "failed", limit: MOST_ROWS, offset: Math.max(0, total - MOST_ROWS) } as const;
    const failed = await outbox.list(newest);
    return {
      ...(hold === undefined ? {} : { hold: holdOf(hold) }),
      waiting: waiting.total,
      failed: failed.total,
      rows: [...waiting.rows, ...failed.rows.toReversed()].map(rowOf),
    };
  } catch {
    return EMPTY_QUEUE;
  }
}

function holdOf(hold: HoldReason): HoldView {
  const { kind, since } = hold;
  return hold.kind === "setup" ? { kind, since, error: shownError(hold) } : { kind, since };
}

function rowOf(row: OutboxRow): QueueRow {
  const { id, state, priority, subject, size, attempts, raisedAt, nextTryInMs, error } = row;
  return {
    id,
    state,
    priority,
    subject,
    size,
    attempts,
    raisedAt,
    recipients: shownRecipients([...row.to, ...row.cc, ...row.bcc]),
    attachments: row.attachments.length,
    ...(nextTryInMs === undefined ? {} : { nextTryInMs }),
    ...(error === undefined ? {} : { error: shownError(error) }),
  };
}
