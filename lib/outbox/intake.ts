/**
 * Intake: takes a new mail in when there is room for it, durably, or says why not.
 *
 * The rule of a full outbox: failed mails go first, oldest before younger, for they have been told. A `high` mail then
 * pushes out the youngest `low` ones that wait, each of which ends with OUTBOX_FULL. Any other mail is refused.
 */
import { randomInt } from "node:crypto";
import { ModemError } from "../errors";
import type { Clock } from "../clock";
import type { Mailer } from "../mailer/mailer";
import type { Mail, MailOptions } from "../mail/mail";
import type { MailStore } from "./mail-store";
import type { MailOrigin, OutboxSettings } from "./outbox-types";
import { diskError } from "./spool/files";
import { RECORD_FORMAT, type SpoolRecord } from "./spool/record";
import type { KeptContents } from "./spool/spool";
import { storableMessage } from "./spool/stored-message";
import { newTransaction } from "./lifecycle";
import type { Entry } from "./order";
import type { Policy } from "./policy";
import type { Worker } from "./worker";

export interface IntakeParts {
  readonly clock: Clock;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly worker: Worker;
  readonly mailer: Pick<Mailer, "plan">;
  readonly settings: Pick<OutboxSettings, "maxQueued" | "maxSpoolMB">;
}

const MEGABYTE = 1e6;
/** Bytes of a record beside its text and message. */
const RECORD_FRAME = 1_000;
/** Nobody mistakes one of these for another when an id is read out. */
const ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

export class Intake {
  /** Mails and bytes on their way to the disk. */
  private reserved = { mails: 0, bytes: 0 };

  constructor(private readonly parts: IntakeParts) {}

  /** Returns the id. Rejects with OUTBOX_FULL, OUTBOX_DISK or INVALID_ATTACHMENT; nothing is kept then. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<string> {
    const { store, worker } = this.parts;
    const id = this.newId();
    const message = storableMessage(origin.message);
    const size = RECORD_FRAME + Buffer.byteLength(mail.text) + JSON.stringify(message).length;
    const contents = await this.contentSize(mail);
    const pushed = await this.reserve(size + contents, mail.priority === "high");
    let isReserved = true;
    const release = (): void => {
      if (isReserved) {
        this.reserved.mails--;
        this.reserved.bytes -= size + contents;
      }
      isReserved = false;
    };
    try {
      const room = this.roomLeft() + contents + pushed.reduce((sum, { bytes }) => sum + bytes, 0);
      const make = (kept: KeptContents): SpoolRecord => this.record(id, mail, options, origin.nodeId, kept);
      const { attachments, text, subject } = mail;
      // A mail that counts twice for a moment would refuse another for which there is room.
      await store.insert(id, { subject, attachments, text, message }, room, make, release);
    } catch (cause) {
      release();
      for (const entry of pushed) store.waiting.cancelEnding(entry);
      throw diskError(cause);
    }
    for (const entry of pushed) {
      const error = new ModemError("OUTBOX_FULL", { detail: "pushed out by a mail of high priority" });
      await worker.end(entry, { kind: "evict", error });
    }
    const entry = store.waiting.get(id);
    if (entry !== undefined) await worker.supersede(entry);
    return id;
  }

  private newId(): string {
    for (;;) {
      const letters = Array.from({ length: 8 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]);
      const id = letters.join("");
      if (!this.parts.store.has(id)) return id;
    }
  }

  private async contentSize(mail: Mail): Promise<number> {
    let size = 0;
    for (const { filename, content } of mail.attachments) {
      if (content.kind === "bytes") {
        size += content.bytes.length;
        continue;
      }
      try {
        size += await this.parts.store.spool.files.size(content.path);
      } catch (cause) {
        throw new ModemError("INVALID_ATTACHMENT", { detail: `${filename} cannot be read`, cause });
      }
    }
    return size;
  }

  /** Counts the new mail as if it were there. Returns the mails that leave when it is kept. */
  private async reserve(size: number, isHigh: boolean): Promise<Entry[]> {
    const { store } = this.parts;
    const { maxQueued, maxSpoolMB } = this.parts.settings;
    for (const failed of this.roomLeft() < size ? store.failed.ids() : []) {
      if (this.roomLeft() >= size) break;
      if (store.failed.has(failed)) await store.failed.remove(failed);
    }
    const pushed: Entry[] = [];
    let room = this.roomLeft();
    while (room < size || store.waiting.depth + this.reserved.mails >= maxQueued) {
      const victim = isHigh ? store.waiting.youngestLow() : undefined;
      if (victim === undefined) {
        for (const entry of pushed) store.waiting.cancelEnding(entry);
        const limit = room < size ? `${maxSpoolMB} MB on the disk` : `${maxQueued} mails`;
        throw new ModemError("OUTBOX_FULL", { detail: `its limit is ${limit}` });
      }
      store.waiting.startEnding(victim);
      pushed.push(victim);
      room += victim.bytes;
    }
    this.reserved.mails++;
    this.reserved.bytes += size;
    return pushed;
  }

  private roomLeft(): number {
    return this.parts.settings.maxSpoolMB * MEGABYTE - this.parts.store.bytes - this.reserved.bytes;
  }

  private record(
    id: string,
    mail: Mail,
    options: MailOptions,
    nodeId: string,
    { attachments, text, message }: KeptContents,
  ): SpoolRecord {
    const { clock, policy, store, mailer } = this.parts;
    const now = policy.time.now();
    const { to, cc, bcc, unreadable = [], subject, priority, warnings } = mail;
    return {
      format: RECORD_FORMAT,
      id,
      revision: 1,
      seq: store.nextSeq(),
      accepted: now,
      written: now,
      raisedAt: clock.wall(),
      priority,
      ...(mail.replaces !== undefined && { replaces: mail.replaces }),
      delivery: options.delivery,
      maxAge: options.maxAge ?? null,
      origin: { nodeId, ...message },
      from: mail.from ?? null,
      ...(mail.replyTo !== undefined && { replyTo: mail.replyTo }),
      to,
      cc,
      bcc,
      ...(unreadable.length > 0 && { unreadable }),
      subject,
      text,
      attachments,
      warnings,
      transactions: mailer.plan(mail).map((one) => newTransaction(one, now.time)),
      attempts: 0,
    };
  }
}
