/**
 * Ownership: by what a result of the module is known to be that of one transaction and of no other.
 *
 * The module has one mail and tells only "a mail": its result belongs to a transaction if the module still shows the
 * recipients and the subject of that transaction, and if no mail that the outbox does not know of was sent since. What
 * stands in a mark is hashed, because marks are kept beside the mails and may be shown.
 */
import { randomUUID } from "node:crypto";
import { isModemError, ERROR_TABLE, ModemError } from "../../errors";
import { queryRecipients, querySubject } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { isRefusal, ifRefused } from "../../quectel/execute";
import { digestOf, readJson, type KeyValueStore } from "../../quectel/key-value-store";
import type { Mark } from "../mailer";
import type { TransactionModem } from "./guarded-modem";
import { resultUnknown } from "./put";
import { areSame, comparable, hasAddresses } from "./transaction";

export interface MarkData {
  /** Hash of the module's IMEI; empty where it tells none. */
  readonly module: string;
  /** Hash of recipients and subject. */
  readonly shows: string;
  /** Test mails sent by this host until then. */
  readonly testMails: number;
  /** Differs from run to run of the host. */
  readonly run: string;
}

export const VIA = "module";
/** Differs from process to process. */
export const RUN = randomUUID();

/** Undefined for a mark that was not made here, or is damaged. */
export function readMark({ via, data }: Mark): MarkData | undefined {
  if (via !== VIA || typeof data !== "object" || data === null || !("module" in data)) return undefined;
  const { module, shows, testMails, run } = data;
  return typeof module === "string" &&
    typeof shows === "string" &&
    typeof run === "string" &&
    typeof testMails === "number" &&
    Number.isInteger(testMails)
    ? { module, shows, testMails, run }
    : undefined;
}

/** What a transaction shows, as a hash. @param subject as it stands on the line */
export function shownAs(recipients: readonly string[], subject: string): string {
  const shown = JSON.stringify([comparable(recipients), subject.toLowerCase()]);
  return digestOf(shown);
}

/** What the module shows now; undefined where it shows nothing, or does not tell. Rejects when the dialogue ends. */
export async function shownNow(
  modem: Pick<Modem, "execute">,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const recipients = await modem.execute(queryRecipients(), { signal });
    const subject = await modem.execute(querySubject(), { signal });
    return subject === undefined ? undefined : shownAs(recipients, subject);
  } catch (error) {
    if (isRefusal(error) || isModemError(error, "SMTP_BUSY")) return undefined;
    throw error;
  }
}

/** The same after the connection was lost; rejects with `MODEM_RESULT_UNKNOWN` where it cannot be seen. */
export async function shownAfterLoss(
  { guarded, modem }: { readonly guarded: TransactionModem; readonly modem: Modem },
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    // The result may come while the line is still being synchronised.
    await guarded.settled(signal);
    return await shownNow(modem, signal);
  } catch (cause) {
    throw resultUnknown(cause, "it is unknown whose result it was");
  }
}

const TEST_MAILS_KEY = "test-mails";

/** Counts, durably, the mails that were sent without the outbox knowing of it. */
export class TestMailCount {
  constructor(private readonly store: KeyValueStore) {}

  async now(): Promise<number> {
    return (await readJson(this.store, TEST_MAILS_KEY, isCount)) ?? 0;
  }

  /** One more is about to be sent; durable when it resolves. */
  async add(): Promise<void> {
    await this.store.write(TEST_MAILS_KEY, JSON.stringify((await this.now()) + 1));
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/*
 * ForeignUse: another process or host was seen to send mails through the module, which no lock of ours keeps out.
 *
 * It may replace recipients between our commands and QSMTPPUT. So for a day after a sign of it the recipients are read
 * back at the last moment before each mail, and with the subject after its result; a person is informed once. The last sign
 * is noted, because a host that starts again would otherwise trust the module at once.
 */

const DAY_MS = 24 * 3600_000;
const FOREIGN_USE_KEY = "foreign-use";

export class ForeignUse {
  /** Moment of the clock, -Infinity: never; undefined before it was looked up. */
  private seenAt: number | undefined;

  constructor(
    private readonly modem: Modem,
    private readonly store: KeyValueStore,
  ) {}

  /** True while recipients are to be read back. */
  async isLikely(): Promise<boolean> {
    const { clock } = this.modem;
    if (this.seenAt === undefined) {
      const kept = await readJson(this.store, FOREIGN_USE_KEY, isTime).catch(() => undefined);
      // A clock that was set back meanwhile makes nothing last for longer than a day from now.
      this.seenAt ??= kept === undefined ? -Infinity : clock.now() - Math.max(0, clock.wall() - kept);
    }
    return clock.now() - this.seenAt < DAY_MS;
  }

  /** A mail that is none of ours was in the module. A disk that does not take the note costs only its memory. */
  async seen(): Promise<void> {
    const { clock, log } = this.modem;
    const isNews = !(await this.isLikely());
    this.seenAt = clock.now();
    if (isNews) this.modem.warn(new ModemError("MODEM_SHARED"));
    await this.store
      .write(FOREIGN_USE_KEY, JSON.stringify(Math.round(clock.wall())))
      .catch((error: unknown) =>
        log.warn(`the use by another program could not be recorded: ${String(error)}`),
      );
  }

  /** Tells from an error whether it is a sign. @param error what refused the first command of a mail */
  async judge(error: unknown): Promise<void> {
    if (isModemError(error, "SMTP_BUSY") && error.stage === "clear") await this.seen();
  }

  /** Rejects with `MODEM_NOT_READY` when the module holds other recipients than these; asks only while likely. */
  async check(recipients: readonly string[], signal: AbortSignal): Promise<void> {
    if (!(await this.isLikely())) return;
    const held = await ifRefused(this.modem.execute(queryRecipients(), { signal }), async () => recipients);
    const isUnreadable = held.length > 0 && !hasAddresses(held);
    if (isUnreadable || areSame(held, recipients)) return;
    await this.seen();
    throw new ModemError("MODEM_NOT_READY", {
      stage: "send",
      detail: "another program has changed the recipients",
      hint: ERROR_TABLE.MODEM_SHARED.hint,
    });
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
