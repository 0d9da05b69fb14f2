/**
 * The result of a mail: what it means, and whose it is.
 *
 * A line of the module says whether the server has taken the mail, and from it follows the error of this package; it is
 * received in `put.ts`. The module tells only "a mail": its result belongs to a transaction if the module still shows the
 * recipients and the subject of that transaction, and if no mail that the outbox does not know of was sent since. A mark
 * holds hashes only, because marks are stored with the mails and may be shown.
 */
import { randomUUID } from "node:crypto";
import { ERROR_TABLE, type ErrorCode, isModemError, ModemError } from "../../errors";
import { queryRecipients, querySubject, type PutResult } from "../../quectel/commands/smtp";
import { moduleHash } from "../../quectel/connection/mail-lock";
import type { Modem } from "../../quectel/connection/modem";
import { codeOfNumber, errorOfNumber } from "../../quectel/error-codes";
import { ifRefused, isRefusal } from "../../quectel/execute";
import { digestOf, readJson, type KeyValueStore } from "../../quectel/key-value-store";
import { LOGIN_REFUSED, LOGIN_WANTED } from "../login-replies";
import type { Mark } from "../mailer";
import type { TransactionModem } from "./guarded-modem";

/** Numbers of the SMTP client begin here; firmware of tomorrow may add some behind those that are known. */
const FIRST_NUMBER = 651;
/** Stands for 554 and for every reply that has no number of its own, so the reply itself decides. */
const OTHER_REPLY = 682;

/** What the server said last, by the first digit (RFC 5321 section 4.2.1). */
type Reply = "none" | "positive" | "negative";

/** 0 stands for none; 354 and its like are positive too: the server wanted to go on. */
function replyOf(smtpCode: number | undefined): Reply {
  if (smtpCode === undefined || smtpCode === 0) return "none";
  return smtpCode >= 400 && smtpCode < 600 ? "negative" : "positive";
}

/**
 * The error of a `+QSMTPPUT` line; undefined when the server has accepted the mail. Its `smtpCode` is a refusal of the
 * server, never a reply with which the server agreed to go on: such a reply stands in the text.
 *
 * A line that says neither, such as `0,550`, `1,0` or a mere `0` (which is also the end of `656,0`), was damaged on its
 * way or is not understood: whether the mail was sent is unknown then, so the error is `MODEM_RESULT_UNKNOWN`.
 */
export function putError(result: PutResult): ModemError | undefined {
  const { error, smtpCode = 0 } = result;
  const isAccepted = result.smtpCode === 0 || (smtpCode >= 200 && smtpCode < 300);
  if (error === 0 && isAccepted) return undefined;
  if (error < FIRST_NUMBER)
    return resultUnknown(undefined, `the module said ${error},${result.smtpCode ?? "and no more"}`);
  if (isUnreadFile(result)) {
    const detail = `the module said ${error},${smtpCode}; an empty mail may have arrived`;
    return new ModemError("SMTP_FILE_OPEN_FAILED", { stage: "send", modemCode: error, detail });
  }
  const reply = replyOf(result.smtpCode);
  const details = {
    stage: "send",
    modemCode: error,
    ...(reply === "negative" ? { smtpCode } : {}),
  } as const;
  // The module has numbers for 530 and 535 only.
  const refusal = reply === "negative" ? (LOGIN_WANTED[smtpCode] ?? LOGIN_REFUSED[smtpCode]) : undefined;
  if (refusal !== undefined) {
    const { code, hint } = refusal;
    return new ModemError(code, {
      ...details,
      ...saying(code, smtpCode),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  // Whoever was content has not refused, and 682 without a reply stands for no reply in particular.
  const isNoRefusal = reply === "positive" || (error === OTHER_REPLY && reply === "none");
  return errorOfNumber(error, {
    ...details,
    ...saying(codeOfNumber(error), smtpCode),
    ...(isNoRefusal ? { class: "transient" } : {}),
  });
}

/**
 * With this Quectel's client was seen to say that it could not read an attachment, and before it to end the mail without
 * a content: the second number is the module's own and no reply.
 */
function isUnreadFile({ error, smtpCode }: PutResult): boolean {
  return error === OTHER_REPLY && (smtpCode === 651 || smtpCode === 661);
}

/**
 * Numbers with which the module says, without a reply of the server, that it had not yet begun to hand the mail over:
 * busy with another one, name not found, no login it knows, and a recipient or a value that was missing. Not 661: a file
 * is read when the mail has begun, and an empty mail may have arrived.
 */
const BEFORE_THE_MAIL: ReadonlySet<number> = new Set([652, 653, 655, 659, 664]);

/**
 * True for a result that proves that the server has not taken the mail: the server refused (4yz, 5yz), or the module
 * had not begun. Everything else may come after the server has taken it: the confirmation of its last line was lost or
 * came too late (RFC 1047 section 2), or the module reports what happened when the connection was closed.
 */
export function provesRefusal({ error, smtpCode }: PutResult): boolean {
  if (error < FIRST_NUMBER) return false;
  switch (replyOf(smtpCode)) {
    case "negative":
      return true;
    case "none":
      return smtpCode !== undefined && BEFORE_THE_MAIL.has(error);
    case "positive":
      return false;
  }
}

/** The server's reply, where the text of the code does not name it already. */
function saying(code: ErrorCode | undefined, smtpCode: number): { readonly detail?: string } {
  const isNamed = code !== undefined && ERROR_TABLE[code].text.includes(`(${smtpCode}`);
  return smtpCode === 0 || isNamed ? {} : { detail: `the server said ${smtpCode}` };
}

/** As `provesRefusal`, the other way round, by the error alone; true where another copy must be marked for its reader. */
export function mayHaveArrived(error: unknown): boolean {
  if (!isModemError(error) || error.stage !== "send" || error.smtpCode !== undefined) return false;
  const { modemCode = 0 } = error;
  return modemCode >= FIRST_NUMBER && !BEFORE_THE_MAIL.has(modemCode);
}

/** After these the module can no longer be heard. */
const DIALOGUE_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PORT_CLOSED",
  "PORT_UNPLUGGED",
  "PORT_FAILED",
  "PORT_MULTIPLEXED",
  "PORT_TELNET",
  "MODEM_SILENT",
  "MODEM_TIMEOUT",
  "MODEM_OUT_OF_SYNC",
  "MODEM_RESET",
  "MODEM_ABORTED",
  "MODEM_DEAD",
  "MODEM_RESULT_UNKNOWN",
]);

/** True for an error that means the result of a mail in flight is lost, not that the mail has failed. */
export function endsDialogue(error: unknown): boolean {
  return isModemError(error) && DIALOGUE_ENDS.has(error.code);
}

/** The error for a mail whose result can no longer come: it may have been sent or not. */
export function resultUnknown(cause: unknown, detail: string): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", { cause, detail, stage: "send" });
}

/* Whose result it is. */

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
const RUN = randomUUID();

/** A mark that was made here. */
export interface OwnMark extends Mark {
  /** Mapped, because an interface is no JSON value. */
  readonly data: { readonly [K in keyof MarkData]: MarkData[K] };
}

/** By what the result of a transaction will be known. @param subject as it stands on the line */
export function markOf(
  { identity }: Pick<Modem, "identity">,
  recipients: readonly string[],
  subject: string,
  testMails: number,
): OwnMark {
  const data = {
    module: moduleHash(identity?.imei),
    shows: shownAs(recipients, subject),
    testMails,
    run: RUN,
  };
  return { via: VIA, data };
}

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
function shownAs(recipients: readonly string[], subject: string): string {
  return digestOf(JSON.stringify([comparable(recipients), subject.toLowerCase()]));
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
async function shownAfterLoss(
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

  /** Rejects when a result that was looked for may be that of another mail; whatever goes wrong, it may have been sent. */
  async prove({ data }: OwnMark, guarded: TransactionModem, signal: AbortSignal): Promise<void> {
    if ((await shownAfterLoss({ guarded, modem: this.modem }, signal)) === data.shows) return;
    await this.seen();
    throw resultUnknown(undefined, "the result that came may be that of another mail");
  }

  /** Rejects with `MODEM_NOT_READY` when the module holds other recipients than these. */
  async check(recipients: readonly string[], signal: AbortSignal): Promise<void> {
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

/** What two lists of the same addresses have in common. */
function comparable(addresses: readonly string[]): readonly string[] {
  return addresses.map((address) => address.toLowerCase()).sort();
}

/** True for the same addresses. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return comparable(some).join("\n") === comparable(others).join("\n");
}

/** False for a list in no known form, which tells nothing. */
export function hasAddresses(listed: readonly string[]): boolean {
  return listed.some((address) => address.includes("@"));
}
