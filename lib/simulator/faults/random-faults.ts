/** A fault plan drawn by a seed: the same seed gives the same plan. */
import type { ByteFault, FaultPlan, FaultRule, ModuleFault } from "./faults";

export interface RandomFaults {
  readonly seed: number;
  /** Number of faults; default 1. */
  readonly faults?: number;
  /** Bytes of the dialogue over which the faults are spread, each direction. */
  readonly bytes: number;
}

/** Faults to draw from; what keeps a module silent for ever is left to written plans. */
const choices: readonly (ByteFault | ModuleFault)[] = [
  { kind: "drop", count: 1 },
  { kind: "drop", count: 7 },
  { kind: "duplicate", count: 1 },
  { kind: "corrupt", count: 1, mask: 0x01 },
  { kind: "corrupt", count: 3, mask: 0x80 },
  { kind: "delay", ms: 500 },
  { kind: "delay", ms: 20_000 },
  { kind: "urc", line: '+QIND: "csq",12,99' },
  { kind: "urc", line: "+CREG: 2" },
  { kind: "contextLoss" },
  { kind: "restart" },
  { kind: "unplug" },
];

/** Draws a plan. */
export function randomFaults({ seed, faults = 1, bytes }: RandomFaults): FaultPlan {
  const below = numbers(seed);
  return Array.from({ length: faults }, (): FaultRule => {
    const fault = choices[below(choices.length)] ?? { kind: "restart" };
    return { at: { direction: below(2) === 0 ? "host" : "modem", byte: 1 + below(bytes) }, fault };
  });
}

/** Whole numbers below a bound, by the generator of Park and Miller (modulus 2^31 - 1, factor 48271). */
export function numbers(seed: number): (bound: number) => number {
  const modulus = 0x7fffffff;
  let state = (Math.abs(Math.trunc(seed)) % (modulus - 1)) + 1;
  return (bound) => {
    state = (state * 48271) % modulus;
    return state % bound;
  };
}
