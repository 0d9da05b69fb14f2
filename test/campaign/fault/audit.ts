/** The account of an episode: what was accepted and told, held against what the mail server has got. */
import type { ModemError } from "../../../lib/errors";
import type { MailFailure } from "../../../lib/mail/mail";
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

/** The end of a mail as an outbox tells it, or as far as a node does. */
export interface End extends Pick<MailEnded, "id" | "origin" | "result" | "recovered"> {
  readonly failure?: Pick<MailFailure, "code" | "outcome">;
  readonly error?: ModemError;
}

/** An end that was told. */
export interface Told extends End {
  /** Another one: its process may have ended between telling and noting it. */
  readonly epoch: number;
}

/** What became of one letter. */
export interface Case {
  readonly letter: Letter;
  readonly recipients: readonly string[];
  /** Address of the config node that has accepted it. */
  readonly sender: string;
  /** Undefined: neither accepted nor refused, because the process died meanwhile. */
  answer: "accepted" | "refused" | undefined;
  /** Of an accepted mail, in its outbox. */
  id: string | undefined;
  readonly ends: Told[];
  /** Milliseconds for which it was older than it may become, when it ended; below 0 when it ended in its time. */
  overdue: number | undefined;
  /** The module named a refusal of a mail that the server had taken. */
  isContradicted: boolean;
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
  /** Told more than once although nothing had come between, or as another mail. */
  toldAgain: number;
  /** Told to an open mail again after the end of a process, as it may be. */
  toldAfterCrash: number;
  /** A recipient has two copies, and the result does not say so. */
  unmarkedResults: number;
  /** Of mails that the server had taken while the module named a refusal: copies without the mark, "not sent". */
  contradicted: number;
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
    toldAgain: 0,
    toldAfterCrash: 0,
    unmarkedResults: 0,
    contradicted: 0,
    stuck: 0,
    late: 0,
  };
}

/** Milliseconds that a try which has begun within the maximum age may take: upload, slow server, lost result. */
const LAST_TRY = 30 * 60_000;

/** Counts one letter. */
export function accountOf(one: Case): Account {
  const account = judged(one);
  if (!one.isContradicted) return account;
  const { unmarkedRepeats, falselyNotSent, repeatedAtMostOnce, unmarkedResults } = account;
  const contradicted = unmarkedRepeats + falselyNotSent + repeatedAtMostOnce + unmarkedResults;
  return {
    ...account,
    contradicted,
    unmarkedRepeats: 0,
    falselyNotSent: 0,
    repeatedAtMostOnce: 0,
    unmarkedResults: 0,
  };
}

function judged({ letter, recipients, answer, id, ends, overdue, copies }: Case): Account {
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
  const again = ends.slice(1);
  const isRightAgain = (end: Told, at: number): boolean => end.recovered && end.epoch !== ends[at]?.epoch;
  account.toldAfterCrash = again.filter(isRightAgain).length;
  account.toldAgain = again.length - account.toldAfterCrash + ends.filter((end) => end.id !== id).length;
  const hasTwo = (address: string): boolean =>
    copies.filter(({ recipient }) => recipient === address).length > 1;
  const last = ends.at(-1);
  if (last !== undefined && last.result.accepted.some(hasTwo) && last.result.possibleDuplicate !== true)
    account.unmarkedResults = 1;
  return account;
}

export function add(to: Account, more: Account): void {
  for (const key of Object.keys(to) as (keyof Account)[]) to[key] += more[key];
}
