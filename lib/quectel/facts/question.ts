/**
 * Question: one point of the command set that the manuals leave open, and how a module is asked about it.
 *
 * A question changes nothing that it does not put back, or that the runner does not put back for it (`restore.ts`).
 */
import type { Bench } from "./bench";

/** How sure the expectation is: A manual or log of such a module, B manual of a sister module, C inferred. */
export type Mark = "A" | "B" | "C";

/** What has to be allowed before a question is asked: nothing, that a mail goes out, that the module restarts. */
export type Need = "nothing" | "send" | "restart";

export interface Expectation {
  readonly answer: string;
  readonly mark: Mark;
}

export interface Question {
  /** Short name, unique; for `kind: "variant"` the name of the simulated modem's switch. */
  readonly id: string;
  /** `variant`: the answer is a value of that switch. `measure`: a number or text that no switch has. */
  readonly kind: "variant" | "measure";
  /** The question as a person would ask it. */
  readonly asks: string;
  readonly expected: Expectation;
  readonly needs: Need;
  /** Asks. Rejects only when nobody can go on: connection lost, module silent, or stopped by its caller. */
  readonly ask: (bench: Bench) => Promise<Answer>;
}

export type Answer =
  | { readonly kind: "known"; readonly value: string }
  /** The module answered, but in no way that was foreseen. */
  | { readonly kind: "unclear"; readonly why: string }
  /** It could not be asked on this module as it is now. */
  | { readonly kind: "notAsked"; readonly why: string };
