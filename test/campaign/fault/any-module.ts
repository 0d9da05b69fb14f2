/** A module of chance: its variants of firmware, how long it takes for what, and the line to it. */
import { SimulatedModem, variantNames, variantTable, type VariantChoice } from "../../../lib/simulator";
import type { FastClock } from "../../support/fast-clock";
import type { Dice } from "./dice";

export interface Place {
  readonly clock: FastClock;
  /** True wall-clock time when `clock` began, ms since 1970. */
  readonly begin: number;
  /** The line is paced and has no checksums. */
  readonly isNoisy: boolean;
  /** Announces work on real sockets. */
  readonly busy: <T>(work: Promise<T>) => Promise<T>;
}

export function anyModule(dice: Dice, { clock, begin, isNoisy, busy }: Place): SimulatedModem {
  return new SimulatedModem({
    // The network's time is right, whatever the host takes for the time.
    clock: {
      now: () => clock.now(),
      after: (ms, fire) => clock.after(ms, fire),
      wall: () => begin + clock.now(),
    },
    busy,
    variants: anyVariants(dice),
    timing: {
      bootMs: dice.between(1_000, 15_000),
      networkMs: dice.between(100, 5_000),
      airMs: dice.between(200, 20_000),
      thinkingMs: dice.between(0, 20),
      line: isNoisy ? 115_200 : "unpaced",
    },
  });
}

function anyVariants(dice: Dice): VariantChoice {
  const chosen = variantNames.flatMap((name) =>
    dice.hit(0.12) && !BARRING.has(name) ? [[name, dice.pick<string>(variantTable[name].values)]] : [],
  );
  return Object.fromEntries(chosen) as VariantChoice;
}

/** Switches with a value under which a result can never come, or the settings of all episodes are refused. */
const BARRING: ReadonlySet<string> = new Set(["smtp-string-limit", "attachment-limit", "data-mode-urc"]);
