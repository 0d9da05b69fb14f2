/** What came out of a run: one fact per question, and what a person has to know besides. */
import type { Answer, Expectation, Need } from "./question";

export interface Fact {
  readonly id: string;
  readonly asks: string;
  readonly expected: Expectation;
  readonly needs: Need;
  readonly answer: Answer;
  /** The last command lines with their answers, private values masked. */
  readonly evidence: readonly string[];
}

/** How the run ended. */
export type RunEnd =
  | { readonly kind: "complete" }
  | { readonly kind: "stopped" }
  /** The connection or the module was lost. */
  | { readonly kind: "lost"; readonly why: string };

export interface FactsReport {
  /** As AT+CGMM tells it; empty where it does not. */
  readonly model: string;
  /** As AT+QGMR tells it; empty where it does not. */
  readonly firmware: string;
  /** Wall-clock time of the beginning, ms since 1970. */
  readonly at: number;
  readonly facts: readonly Fact[];
  readonly notices: readonly string[];
  /** Settings and files that could not be put back or taken away. */
  readonly notRestored: readonly string[];
  readonly end: RunEnd;
  /** Dialogue in the format of `test/transcripts`; undefined where no trace was given. */
  readonly transcript: string | undefined;
}

/** True for a fact that is not as the fact base expects it. */
export function differs({ answer, expected }: Fact): boolean {
  if (expected.answer === undefined) return false;
  return answer.kind === "unclear" || (answer.kind === "known" && answer.value !== expected.answer);
}
