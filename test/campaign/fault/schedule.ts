/**
 * What is to come in an episode: its mails and mishaps, each with its moment and with chance of its own, so that the rest
 * stays as it is when some are left out.
 *
 * How many mishaps, of which kinds and how close together differs from episode to episode (swarm testing): among all
 * kinds at once, what one would show is often hidden by another.
 */
import { Dice, mixed } from "./dice";
import { anyLetter, type Charset, type Letter } from "./letters";
import type { Mishap } from "./mishap";

/** Positions of the mails and mishaps that an episode has. */
export interface Chosen {
  readonly mails: readonly number[];
  readonly mishaps: readonly number[];
}

export interface Schedule {
  readonly mails: readonly {
    readonly position: number;
    /** Milliseconds from the start of the episode. */
    readonly at: number;
    readonly letter: Letter;
  }[];
  readonly mishaps: readonly {
    readonly position: number;
    readonly at: number;
    readonly mishap: Mishap;
    readonly dice: Dice;
  }[];
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly number: number;
  readonly charset: Charset;
  /** Kinds of mishaps that may come. */
  readonly pool: readonly Mishap[];
  /** Milliseconds within which all of it is to happen. */
  readonly span: number;
  /** Undefined: all. */
  readonly chosen: Chosen | undefined;
}

/** Mails of an episode. */
export const MAILS = 20;
/** Numbers of an episode's streams of chance. */
const OF_MAILS = 1_000;
const OF_MISHAPS = 2_000;

/** Mishaps of an episode; 12 on average. */
const RATES = [3, 8, 12, 12, 25] as const;
/** Shares of all kinds that an episode may have. */
const SHARES = [0.1, 0.3, 1] as const;
/** Shares of the time within which they strike. */
const CROWDING = [1, 1, 0.2] as const;

/** All that an episode can have. */
export const ALL: Chosen = { mails: positions(MAILS), mishaps: positions(Math.max(...RATES)) };

export function anySchedule(options: ScheduleOptions): Schedule {
  const { seed, number, charset, span, chosen } = options;
  const stream = (which: number): Dice => new Dice(mixed(mixed(seed, number), which));
  const dice = stream(0);
  const kinds = anyKinds(options.pool, dice);
  const rate = dice.pick(RATES);
  const crowd = span * dice.pick(CROWDING);
  const from = dice.random() * (span - crowd);
  return {
    mails: positions(MAILS, chosen?.mails).map((position) => {
      const own = stream(OF_MAILS + position);
      const letter = anyLetter(number * 1000 + position, charset, own);
      return { position, at: own.between(0, span), letter };
    }),
    mishaps: positions(rate, chosen?.mishaps).map((position) => {
      const own = stream(OF_MISHAPS + position);
      return { position, at: from + own.random() * crowd, mishap: own.weighted(kinds), dice: own };
    }),
  };
}

function anyKinds(pool: readonly Mishap[], dice: Dice): readonly Mishap[] {
  const share = dice.pick(SHARES);
  const kinds = pool.filter(() => dice.hit(share));
  return kinds.length > 0 ? kinds : [dice.weighted(pool)];
}

function positions(count: number, chosen?: readonly number[]): readonly number[] {
  const all = Array.from({ length: count }, (_none, position) => position);
  return chosen === undefined ? all : all.filter((position) => chosen.includes(position));
}
