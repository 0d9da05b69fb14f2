/**
 * Account of a run with kills: what was accepted, what reached its recipients, what was told, and what must not be.
 *
 * A recipient may get a mail twice only when the second copy says so.
 */
import type { Delivered } from "./fake-mailer";

export interface Accepted {
  readonly subject: string;
  readonly recipients: readonly string[];
  /** Nobody may get it twice, marked or not. */
  readonly isOnce?: boolean;
}

/** An end as a node heard it. */
export interface Told {
  readonly subject: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
}

export interface Totals {
  readonly accepted: number;
  /** Accepted mails that have reached a recipient; the server refuses some. */
  readonly delivered: number;
  /** Accepted mails whose end was told. */
  readonly reported: number;
  readonly duplicatesMarked: number;
  readonly duplicatesUnmarked: number;
  /** Copies of mails that were to come once. */
  readonly duplicatesRefused: number;
  /** Recipients of accepted mails who have nothing and of whom nobody was told. */
  readonly lost: number;
  /** Recipients told as served who have nothing. */
  readonly falselySent: number;
}

export function balance(
  accepted: readonly Accepted[],
  delivered: readonly Pick<Delivered, "subject" | "recipients" | "isMarked">[],
  told: readonly Told[],
): Totals {
  const copies = new Map<string, { marked: number; unmarked: number }>();
  for (const { subject, recipients, isMarked } of delivered) {
    for (const address of recipients) {
      const key = `${subject}|${address}`;
      const count = copies.get(key) ?? { marked: 0, unmarked: 0 };
      copies.set(
        key,
        isMarked ? { ...count, marked: count.marked + 1 } : { ...count, unmarked: count.unmarked + 1 },
      );
    }
  }
  const rejected = new Set(told.flatMap((one) => one.rejected.map((address) => `${one.subject}|${address}`)));
  const served = told.flatMap((one) => one.accepted.map((address) => `${one.subject}|${address}`));
  const reported = new Set(told.map(({ subject }) => subject));
  const keysOf = (one: Accepted): string[] => one.recipients.map((address) => `${one.subject}|${address}`);
  const counts = [...copies.values()];
  return {
    accepted: accepted.length,
    delivered: accepted.filter((one) => keysOf(one).some((key) => copies.has(key))).length,
    reported: accepted.filter(({ subject }) => reported.has(subject)).length,
    duplicatesMarked: sum(counts.map(({ marked, unmarked }) => marked - (unmarked === 0 ? 1 : 0))),
    duplicatesUnmarked: sum(counts.map(({ unmarked }) => Math.max(0, unmarked - 1))),
    duplicatesRefused: sum(
      accepted
        .filter(({ isOnce }) => isOnce)
        .flatMap(keysOf)
        .map((key) => {
          const { marked = 0, unmarked = 0 } = copies.get(key) ?? {};
          return marked + unmarked - 1;
        }),
    ),
    lost: accepted.flatMap(keysOf).filter((key) => !copies.has(key) && !rejected.has(key)).length,
    falselySent: served.filter((key) => !copies.has(key)).length,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + Math.max(0, one), 0);
}
