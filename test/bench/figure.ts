/** Figure: one measured thing as the table shows it, with its goal and the peer that was measured in the same run. */
import { median } from "./statistics";

/** What a figure's median has to be; without a goal it is shown only. */
export type Goal =
  | { readonly kind: "atMost"; readonly limit: number }
  | { readonly kind: "below"; readonly limit: number }
  | { readonly kind: "exactly"; readonly value: number }
  /** The median of the rounds' ratios, because in one round both met the same load: at most `factor`, or above 1. */
  | { readonly kind: "timesPeer"; readonly factor: number }
  | { readonly kind: "moreThanPeer" };

export interface Peer {
  readonly name: string;
  readonly samples: readonly number[];
}

export interface Figure {
  readonly what: string;
  /** Empty for a ratio. */
  readonly unit: string;
  /** One value per round, at least five. */
  readonly samples: readonly number[];
  readonly goal?: Goal;
  readonly peer?: Peer;
  /** For a share in percent: of what, and which part of it. */
  readonly share?: { readonly whole: string; readonly part: string };
}

export type Verdict = "met" | "missed" | "shown";

/** @throws Error when the goal speaks of a peer that was not measured. */
export function verdict({ samples, goal, peer }: Figure): Verdict {
  if (goal === undefined) return "shown";
  switch (goal.kind) {
    case "atMost":
      return judged(median(samples) <= goal.limit);
    case "below":
      return judged(median(samples) < goal.limit);
    case "exactly":
      return judged(median(samples) === goal.value);
    case "timesPeer":
      return judged(timesPeer(samples, peer?.samples ?? []) <= goal.factor);
    case "moreThanPeer":
      return judged(timesPeer(samples, peer?.samples ?? []) > 1);
  }
}

/** Median of the ratios of the rounds. @throws Error when the peer was not measured in each of them. */
export function timesPeer(samples: readonly number[], ofPeer: readonly number[]): number {
  if (ofPeer.length !== samples.length) throw new Error("the peer was not measured in the same rounds");
  return median(samples.map((sample, round) => sample / (ofPeer[round] ?? Number.NaN)));
}

function judged(met: boolean): Verdict {
  return met ? "met" : "missed";
}
