/**
 * What every way does alike with a mail that goes out: whom it is for, its outcome where the caller does not wait any
 * more, the notes above its text, and what is remembered of it until the next try.
 */
import { isModemError, ModemError } from "../errors";
import { isAscii } from "../mail/message/text";
import type { Ended, Envelope, OutgoingMail, PrepareOptions } from "./mailer";

/** All recipients: To, then Cc, then Bcc. */
export function recipientsOf(envelope: Envelope): readonly string[] {
  return [...envelope.to, ...envelope.cc, ...envelope.bcc];
}

/** True where an address has letters beyond ASCII, for which a server must offer SMTPUTF8 (RFC 6531). */
export function needsUtf8(...addresses: readonly string[]): boolean {
  return !addresses.every(isAscii);
}

/** The outcome of a transaction that was called off: nothing was sent. */
export function calledOff(envelope: Envelope, cause: unknown): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "deferred" })),
    error: isModemError(cause, "MODEM_ABORTED") ? cause : new ModemError("MODEM_ABORTED", { cause }),
    retry: { kind: "whenAvailable" },
    open: false,
    warnings: [],
  };
}

/**
 * What a way sends in one transaction, or the outcome that divides it: nothing was tried yet, the parts are due at once, and
 * none of it counts as a try. @param parts as the way plans it
 */
export function undivided(envelope: Envelope, parts: readonly Envelope[]): Envelope | Ended {
  const [only = envelope, ...more] = parts;
  if (more.length === 0) return only;
  const detail = "it is sent in several transactions by the module's own mail client";
  return { ...calledOff(envelope, new ModemError("MODEM_ABORTED", { detail })), split: parts };
}

/*
 * Notes: lines that a mail carries above its text, because the reader must know them before he acts.
 *
 * In plain ASCII but for names of files, so that every module carries them.
 */

const MINUTE_MS = 60_000;

/** The notes of a copy, often none. @param lateMinutes age after which a mail says when it was raised; 0 = never */
export function notesOf(
  { id, raisedAt, lost = [] }: Pick<OutgoingMail, "id" | "raisedAt" | "lost">,
  { ageMs, possibleDuplicate }: Pick<PrepareOptions, "ageMs" | "possibleDuplicate">,
  lateMinutes: number,
): readonly string[] {
  const isLate = lateMinutes > 0 && ageMs >= lateMinutes * MINUTE_MS;
  return [
    ...(isLate ? [lateNote(raisedAt, ageMs)] : []),
    ...(possibleDuplicate ? [repeatNote(id)] : []),
    ...lost,
  ];
}

/** Says when the mail was raised and how long it waited. @param raisedAt milliseconds since 1970 @param ageMs milliseconds */
export function lateNote(raisedAt: number, ageMs: number): string {
  return `Created ${localTime(raisedAt)}, sent ${duration(ageMs)} later.`;
}

/** Says that the reader may have this mail already. */
export function repeatNote(id: string): string {
  return `Possible duplicate, id ${id}.`;
}

/** ISO 8601 in the host's time zone, such as `2026-03-01T02:03:04+01:00`. @param time milliseconds since 1970 */
export function localTime(time: number): string {
  const offset = -new Date(time).getTimezoneOffset();
  const local = new Date(time + offset * MINUTE_MS).toISOString().slice(0, 19);
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? "-" : "+"}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/*
 * MailMemories: what a mailer remembers of the mails that are still to be sent, from one try to the next.
 *
 * Nothing in it decides what becomes of a mail; what is forgotten, at the latest with the process, is found out again.
 */

/** Mails with a failure behind them; of more, those that were tried longest ago are forgotten. */
const MOST = 500;

export class MailMemories<Memory> {
  private readonly memories = new Map<string, Memory>();

  /** @param fresh makes that of a mail of which nothing is known. */
  constructor(private readonly fresh: () => Memory) {}

  /** That of a mail, by its id; the newest from now on. */
  of(id: string): Memory {
    const memory = this.memories.get(id) ?? this.fresh();
    this.memories.delete(id);
    this.memories.set(id, memory);
    const [oldest] = this.memories.keys();
    if (this.memories.size > MOST && oldest !== undefined) this.memories.delete(oldest);
    return memory;
  }

  forget(id: string): void {
    this.memories.delete(id);
  }
}
