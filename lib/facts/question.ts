/**
 * Question: one point of the command set that the manuals leave open, and how a module is asked about it.
 *
 * A question leaves behind an empty mail and none of its files; settings it may change freely among those that
 * `backup.ts` puts back. It is data but for `ask`, so the tables can be listed without a module.
 */
import type { Asker } from "./asker";

/** How sure the expectation is: A manual or log of such a module, B manual of a sister module, C inferred. */
export type Mark = "A" | "B" | "C";

/**
 * What has to be allowed before a question is asked: nothing, that connections to a mail server are opened, that a mail
 * goes out, that the module restarts.
 */
export type Need = "nothing" | "connect" | "send" | "restart";

export interface Expectation {
  /** Undefined: nothing is expected, it differs from model to model. */
  readonly answer: string | undefined;
  readonly mark: Mark;
}

export interface Question {
  /** Short name, unique; with `variants` that of the simulated modem's switch. */
  readonly id: string;
  /** The question as a person would ask it. */
  readonly asks: string;
  readonly expected: Expectation;
  readonly needs: Need;
  /** Answers for which the simulated modem has a switch value of that name; left out: it has no such switch. */
  readonly variants?: readonly string[];
  /**
   * How the dialogue goes into the transcript: to be replayed byte by byte, or as a remark, because it depends on
   * time, on the network, or on what else the module holds.
   */
  readonly transcript: "replay" | "remark";
  /** Asks. Rejects only when there is no way to go on: connection lost, module silent, or stopped by its caller. */
  readonly ask: (asker: Asker) => Promise<Answer>;
}

export type Answer =
  | { readonly kind: "known"; readonly value: string }
  /** The module answered, but in no way that was foreseen. */
  | { readonly kind: "unclear"; readonly why: string }
  /** It could not be asked on this module as it is now. */
  | { readonly kind: "notAsked"; readonly why: string };

export const known = (value: string | number): Answer => ({ kind: "known", value: String(value) });
export const unclear = (why: string): Answer => ({ kind: "unclear", why });
export const notAsked = (why: string): Answer => ({ kind: "notAsked", why });
