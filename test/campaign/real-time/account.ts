/** What became of each message of a real-time run: what the flow was told, held against what the mail server has. */
import type { Copy, Line, Sender } from "./messages";

/** A kill, or a deploy that restarts nodes: messages on their way to a node end with it. Milliseconds of the host's clock. */
export interface Interruption {
  readonly from: number;
  readonly to: number;
  readonly isKill: boolean;
}

export interface Account {
  readonly raised: number;
  readonly delivered: number;
  readonly reported: number;
  /** Raised within the last moments before an interruption, and never accepted. */
  readonly interrupted: number;
  /** Not one of these, and neither delivered nor reported as failed. */
  readonly lost: number;
  /** Delivered by a node that reports it, but never reported. */
  readonly unreported: number;
  readonly falselySent: number;
  readonly falselyNotSent: number;
  /** Reported as certainly not sent, although the server refuses nothing for good. */
  readonly givenUp: number;
  readonly duplicatesMarked: number;
  readonly duplicatesUnmarked: number;
  /** Second copies under "at most once". */
  readonly duplicatesRefused: number;
  /** Reported twice, although there was no kill between, or not as recovered. */
  readonly reportedTwice: number;
  readonly otherIds: number;
  readonly altered: number;
}

/** Milliseconds that a message may be on its way from the flow to the disk of a busy host. */
const ACCEPTANCE = 10_000;

interface Case {
  readonly sender: Sender;
  readonly bytes: number;
  readonly raisedAt: number;
  readonly lines: readonly Line[];
  readonly copies: readonly Copy[];
}

export function accountOf(
  lines: readonly Line[],
  copies: readonly Copy[],
  interruptions: readonly Interruption[],
): Account {
  const cases = casesOf(lines, copies);
  const count = (is: (one: Case) => boolean): number => cases.filter(is).length;
  const sum = (of: (one: Case) => number): number => cases.reduce((total, one) => total + of(one), 0);
  const isInterrupted = ({ raisedAt }: Case): boolean => mayBeInterrupted(raisedAt, interruptions);
  const isMissing = (one: Case): boolean => one.copies.length === 0 && failures(one).length === 0;
  const isAccepted = (one: Case): boolean => one.lines.some(({ what }) => what !== "raised");
  return {
    raised: cases.length,
    delivered: count((one) => one.copies.length > 0),
    reported: count((one) => ends(one).length > 0),
    interrupted: count((one) => isMissing(one) && !isAccepted(one) && isInterrupted(one)),
    lost: count((one) => isMissing(one) && (isAccepted(one) || !isInterrupted(one))),
    unreported: count((one) => one.sender !== "queue" && one.copies.length > 0 && ends(one).length === 0),
    falselySent: count((one) => one.copies.length === 0 && successes(one).length > 0),
    falselyNotSent: count(
      (one) => one.copies.length > 0 && failures(one).some(({ outcome }) => outcome === "notSent"),
    ),
    givenUp: count(
      (one) => one.copies.length === 0 && failures(one).some(({ outcome }) => outcome !== "unknown"),
    ),
    duplicatesMarked: sum((one) => Math.max(0, one.copies.length - 1) - unmarkedRepeats(one)),
    duplicatesUnmarked: sum(unmarkedRepeats),
    duplicatesRefused: sum((one) => (one.sender === "once" ? Math.max(0, one.copies.length - 1) : 0)),
    reportedTwice: sum((one) => repeats(one, interruptions)),
    otherIds: count(({ copies: all }) => new Set(ownIds(all)).size > 1),
    altered: count(({ bytes, copies: all }) => all.some((copy) => !isWhole(copy, bytes))),
  };
}

/** It was on its way to the outbox when Node-RED was killed or deployed. */
export function mayBeInterrupted(raisedAt: number, interruptions: readonly Interruption[]): boolean {
  return interruptions.some(({ from, to }) => from < raisedAt + ACCEPTANCE && raisedAt < to);
}

function casesOf(lines: readonly Line[], copies: readonly Copy[]): readonly Case[] {
  return lines.flatMap(({ what, topic, at, sender = "send", bytes = 0 }) => {
    if (what !== "raised") return [];
    return {
      sender,
      bytes,
      raisedAt: at,
      lines: lines.filter((line) => line.topic === topic),
      copies: copies.filter(({ subject }) => subject === topic),
    };
  });
}

const successes = ({ lines }: Case): readonly Line[] => lines.filter(({ what }) => what === "sent");
const failures = ({ lines }: Case): readonly Line[] => lines.filter(({ what }) => what === "failed");
/** In the order in which they were told. */
const ends = ({ lines }: Case): readonly Line[] =>
  lines.filter(({ what }) => what === "sent" || what === "failed");

function repeats(one: Case, interruptions: readonly Interruption[]): number {
  const all = ends(one);
  return all.slice(1).filter(({ at, isRecovered }, index) => {
    const former = all[index]?.at ?? 0;
    const wasKilled = interruptions.some(({ isKill, from, to }) => isKill && former <= to && from <= at);
    return !wasKilled || isRecovered !== true;
  }).length;
}

/** A server that thinks about a copy may take the repeat, which is marked, before it. */
function unmarkedRepeats({ copies }: Case): number {
  return Math.max(0, copies.filter(({ isMarked }) => !isMarked).length - 1);
}

/** The module's client writes none of ours. */
function ownIds(copies: readonly Copy[]): readonly string[] {
  return copies.map(({ messageId }) => messageId).filter((id) => id.endsWith("@example.com>"));
}

function isWhole({ attachments }: Copy, bytes: number): boolean {
  return bytes === 0 ? attachments.length === 0 : attachments.length === 1 && attachments[0] === bytes;
}
