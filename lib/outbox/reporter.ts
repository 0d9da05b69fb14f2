/**
 * Reporter: tells the end of a mail, and only then lets it go.
 *
 * The result is durable before it is reported, and the record stays until the listeners' work is done: a kill in between
 * reports it again after the restart. So each result is reported once, or over a crash at least once. What a flow is told,
 * `msg.smtp` and `msg.error`, is made from the record of the mail.
 */
import { ERROR_TABLE, isModemError, knownFields, ModemError } from "../errors";
import type { RejectedRecipient, SmtpResult } from "../mail/mail";
import { reviveMessage } from "../mail/message/foreign";
import { recipientsOf } from "../mailer/outgoing";
import { next } from "./lifecycle";
import type { Entry, Order } from "./order";
import type { EndedAttachment, MailEnded, Tell } from "./outbox-types";
import { isInDoubt } from "./outcome";
import type { KeptAttachment, SpoolRecord, StoredTransaction, TransactionState } from "./spool/record";
import { restoreError, storeError, type StoredError } from "../stored-error";
import type { OutboxTime } from "./spool/state";
import type { MailStore } from "./spool/store";

export interface ReporterParts {
  readonly order: Order;
  readonly store: MailStore;
  readonly time: OutboxTime;
  readonly simulated: boolean;
  /** Without a listener the mail is kept, to be told at the next start. */
  readonly tell: Tell;
  readonly trouble: (error: ModemError) => void;
}

export class Reporter {
  private readonly telling = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly parts: ReporterParts) {}

  /** Tells a durable end. Never rejects. */
  async tell(entry: Entry, record: SpoolRecord): Promise<void> {
    const { order, store, time, tell, trouble, simulated } = this.parts;
    const { recovered } = entry;
    const { origin } = record;
    const works: Promise<unknown>[] = [];
    let message: unknown = {};
    try {
      message = reviveMessage(
        "message" in origin ? origin.message : await store.spool.message(record.id, origin),
      );
    } catch (cause) {
      // The result of a mail is reported even if the rest of its message cannot be read any more.
      trouble(new ModemError("OUTBOX_DAMAGED", { detail: `message of mail ${record.id}`, cause }));
    }
    const isTold = tell("ended", {
      id: record.id,
      origin: { nodeId: origin.nodeId, message },
      subject: record.subject,
      ...conclusionOf(record, { queuedMs: Math.round(time.age(entry.accepted)), recovered, simulated }),
      recovered,
      attachments: record.attachments.map((one, index) =>
        readable(one, () => store.spool.content(record.id, index, one)),
      ),
      readText: () => store.spool.text(record),
      waitUntil: (work) => void works.push(work),
    });
    if (!isTold) {
      order.delete(entry);
      return;
    }
    const done = Promise.allSettled(works).then(async (settled) => {
      const isTaken = settled.every(({ status }) => status === "fulfilled");
      // What was not taken stays in the record and is reported at the next start.
      const effects =
        isTaken && !this.stopped ? next(record, { kind: "told" }, time.now().time, 0).effects : [];
      for (const effect of effects) {
        if (effect.kind !== "leave") continue;
        order.delete(entry);
        await store.finish(entry, record, effect.keep);
      }
      this.telling.delete(done);
    });
    this.telling.add(done);
  }

  /**
   * Ends a mail whose record cannot be read: its sender is informed, and no more is known. The record is set aside, so
   * that no later start sends what was told as failed. Never rejects.
   */
  async endWithoutRecord(entry: Entry, cause: unknown): Promise<void> {
    const { order, store, time, tell, trouble } = this.parts;
    order.startEnding(entry);
    const error =
      cause instanceof ModemError
        ? cause
        : new ModemError("OUTBOX_DISK", { detail: `mail ${entry.id}`, cause });
    order.delete(entry);
    await store.setAside(entry);
    const { message, code, hint } = error;
    const outcome = entry.place.folder === "sending" ? "unknown" : "notSent";
    tell("ended", {
      id: entry.id,
      origin: { nodeId: entry.nodeId, message: {} },
      subject: "",
      result: {
        status: "failed",
        id: entry.id,
        accepted: [],
        rejected: [],
        attempts: 0,
        queuedMs: Math.round(time.age(entry.accepted)),
        bytes: 0,
        warnings: [],
      },
      failure: { message, code, hint, class: error.class, outcome, attempts: 0 },
      error,
      recovered: entry.recovered,
      attachments: [],
      readText: () => Promise.reject(error),
      waitUntil: () => undefined,
    });
    trouble(error);
  }

  /** Tells an end that the last run decided and perhaps did not tell. Never rejects. */
  async tellAgain(entry: Entry): Promise<void> {
    try {
      await this.tell(entry, await this.parts.store.load(entry));
    } catch (cause) {
      if (isModemError(cause, "OUTBOX_DAMAGED")) {
        await this.endWithoutRecord(entry, cause);
        return;
      }
      // What became of the mail stands in the record, which the next start may be able to read.
      this.parts.order.delete(entry);
      this.parts.trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${entry.id}`, cause }));
    }
  }

  /** Resolves when all that was told is done with. */
  async settled(): Promise<void> {
    while (this.telling.size > 0) await Promise.all(this.telling);
  }

  /** From now on no file is touched. */
  stop(): void {
    this.stopped = true;
  }
}

function readable(
  { filename, size, place }: KeptAttachment,
  open: () => AsyncIterable<Uint8Array>,
): EndedAttachment {
  return {
    filename,
    size,
    ...(place !== undefined && { place }),
    open,
    async readBack() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of open()) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}

interface ResultFlags {
  readonly queuedMs: number;
  readonly recovered: boolean;
  readonly simulated: boolean;
}

/** How a mail ended, for the flow: `partial` when some recipients have it and some never will. */
function conclusionOf(
  record: SpoolRecord,
  { queuedMs, recovered, simulated }: ResultFlags,
): Pick<MailEnded, "result" | "failure" | "error"> {
  const { id, transactions, attempts, warnings, unreadable = [] } = record;
  const served: StoredTransaction[] = [];
  let last: Extract<TransactionState, { kind: "done" }> | undefined;
  // Sums of what was sent; not known where that of one transaction is not.
  let [sendMs, bytes]: readonly (number | undefined)[] = [0, 0];
  const rejected: RejectedRecipient[] = [...unreadable];
  for (const one of transactions) {
    const { envelope, state } = one;
    if (state.kind === "done") {
      served.push(one);
      last = state;
      sendMs = sendMs === undefined || state.sendMs === undefined ? undefined : sendMs + state.sendMs;
      bytes = bytes === undefined || state.bytes === undefined ? undefined : bytes + state.bytes;
    } else if (state.kind === "failed") {
      const { modemCode, smtpCode, code } = state.error;
      const isNumbered = modemCode !== undefined || smtpCode !== undefined;
      const why = isNumbered ? knownFields({ modemCode, smtpCode }) : { code };
      for (const address of recipientsOf(envelope)) rejected.push({ address, ...why });
    }
  }
  const isComplete = served.length === transactions.length && unreadable.length === 0;
  const error = isComplete ? undefined : errorOf(record);
  const status = isComplete ? "sent" : served.length > 0 ? "partial" : "failed";
  const result: SmtpResult = {
    status,
    id,
    accepted: served.flatMap(({ envelope }) => recipientsOf(envelope)),
    rejected,
    attempts,
    queuedMs,
    warnings,
    ...(served.at(-1) ?? transactions.findLast(({ passage }) => passage !== undefined))?.passage,
    ...knownFields({
      acceptedAt: last?.at,
      sendMs: last === undefined || sendMs === undefined ? undefined : Math.round(sendMs),
      bytes,
      possibleDuplicate: served.some(isInDoubt) ? true : undefined,
      recovered: recovered ? true : undefined,
      simulated: simulated ? true : undefined,
      modemCode: error?.modemCode,
      smtpCode: error?.smtpCode,
    }),
  };
  if (error === undefined) return { result };
  const outcome = status === "partial" ? status : transactions.some(isInDoubt) ? "unknown" : "notSent";
  return { result, failure: { ...error, outcome, attempts }, error: restoreError(error) };
}

/** Why not all recipients have the mail; undefined when they have. Of several errors an unknown result, else the last. */
function errorOf({ transactions, unreadable = [] }: SpoolRecord): StoredError | undefined {
  const errors = transactions.flatMap(({ state }) => ("error" in state ? [state.error] : []));
  const error = errors.find((one) => one.class === "unknown") ?? errors.at(-1);
  const [first] = unreadable;
  if (error !== undefined || first === undefined) return error;
  const detail = unreadable.map(({ address }) => JSON.stringify(address)).join(", ");
  return storeError(new ModemError(first.code, { detail }));
}

/** OUTBOX_EXPIRED with what a person has to know of the last failure: its text, numbers and hint, itself as the cause. */
export function expired(last: StoredError | undefined): ModemError {
  if (last === undefined) return new ModemError("OUTBOX_EXPIRED");
  const { message, hint, stage, modemCode, smtpCode } = last;
  return new ModemError("OUTBOX_EXPIRED", {
    detail: message,
    hint,
    cause: restoreError(last),
    // A reply 4yz makes an error transient, but nothing is tried again here.
    class: ERROR_TABLE.OUTBOX_EXPIRED.class,
    ...knownFields({ stage, modemCode, smtpCode }),
  });
}
