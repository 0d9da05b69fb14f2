/** The account of an episode: what was accepted and told, held against what the mail server has got. */
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { Letter } from "./letters";

/** A copy of a letter as one recipient has it. */
export interface Copy {
  readonly recipient: string;
  /** Says that it may be a repeat. */
  readonly isMarked: boolean;
  readonly hasAttachments: boolean;
  readonly hasText: boolean;
}

/** What became of one letter. */
export interface Case {
  readonly letter: Letter;
  readonly recipients: readonly string[];
  /** Undefined: neither accepted nor refused, because the process died meanwhile. */
  answer: "accepted" | "refused" | undefined;
  readonly ends: MailEnded[];
  /** Milliseconds for which it was older than it may become, when it ended; below 0 when it ended in its time. */
  overdue: number | undefined;
  readonly copies: Copy[];
}

export interface Account {
  mails: number;
  accepted: number;
  delivered: number;
  reported: number;
  /** Nobody has a copy, and its end was told. */
  toldNotDelivered: number;
  lost: number;
  falselySent: number;
  falselyNotSent: number;
  unmarkedRepeats: number;
  markedRepeats: number;
  /** Copies of a mail that was to be sent at most once. */
  repeatedAtMostOnce: number;
  /** Refused at once, and delivered all the same. */
  deliveredThoughRefused: number;
  alteredAttachments: number;
  alteredTexts: number;
  /** The same on a line without checksums. */
  spoiltTexts: number;
  /** Never ended. */
  stuck: number;
  /** Ended long behind its maximum age. */
  late: number;
}

export function emptyAccount(): Account {
  return {
    mails: 0,
    accepted: 0,
    delivered: 0,
    reported: 0,
    toldNotDelivered: 0,
    lost: 0,
    falselySent: 0,
    falselyNotSent: 0,
    unmarkedRepeats: 0,
    markedRepeats: 0,
    repeatedAtMostOnce: 0,
    deliveredThoughRefused: 0,
    alteredAttachments: 0,
    alteredTexts: 0,
    spoiltTexts: 0,
    stuck: 0,
    late: 0,
  };
}

/** Milliseconds that a try which has begun within the maximum age may take: upload, slow server, lost result. */
const LAST_TRY = 30 * 60_000;

/** Counts one letter. */
export function accountOf({ letter, recipients, answer, ends, overdue, copies }: Case): Account {
  const account = { ...emptyAccount(), mails: 1 };
  const have = new Set(copies.map(({ recipient }) => recipient));
  for (const recipient of have) {
    const [, ...repeats] = copies.filter((copy) => copy.recipient === recipient);
    account.unmarkedRepeats += repeats.filter(({ isMarked }) => !isMarked).length;
    account.markedRepeats += repeats.filter(({ isMarked }) => isMarked).length;
    if (letter.delivery === "atMostOnce") account.repeatedAtMostOnce += repeats.length;
  }
  account.alteredAttachments = copies.filter(({ hasAttachments }) => !hasAttachments).length;
  account.alteredTexts = copies.filter(({ hasText }) => !hasText).length;
  if (answer === "refused") account.deliveredThoughRefused = have.size;
  if (answer !== "accepted") return account;
  account.accepted = 1;
  account.delivered = have.size > 0 ? 1 : 0;
  account.reported = ends.length > 0 ? 1 : 0;
  account.toldNotDelivered = ends.length > 0 && have.size === 0 ? 1 : 0;
  account.stuck = ends.length > 0 ? 0 : 1;
  account.late = overdue !== undefined && overdue > LAST_TRY ? 1 : 0;
  const served = new Set(ends.flatMap(({ result }) => result.accepted));
  const rejected = new Set(ends.flatMap(({ result }) => result.rejected.map(({ address }) => address)));
  // An end without its record names nobody.
  const namesNobody = ends.some(({ result }) => result.accepted.length + result.rejected.length === 0);
  account.lost = recipients.filter((one) => !have.has(one) && !rejected.has(one) && !namesNobody).length;
  account.falselySent = [...served].filter((one) => !have.has(one)).length;
  account.falselyNotSent =
    ends.some(({ failure }) => failure?.outcome === "notSent") && have.size > 0 ? 1 : 0;
  return account;
}

export function add(to: Account, more: Account): void {
  for (const key of Object.keys(to) as (keyof Account)[]) to[key] += more[key];
}
