/**
 * Identifiers, tokens and jitter of an episode from its seed: what the code draws from `node:crypto` and `Math.random`
 * comes from here while a task runs, so that two runs of it differ in nothing. Encryption has its own source of chance.
 */
import crypto from "node:crypto";
import { Dice } from "./dice";

/**
 * Runs `task` with all that the process draws coming from `seed`. One task at a time.
 */
export async function withSeededChance<T>(seed: number, task: () => Promise<T>): Promise<T> {
  const dice = new Dice(seed);
  const { randomBytes, randomInt, randomUUID } = crypto;
  const { random } = Math;
  const seeded = {
    randomBytes: (size: number) => dice.bytes(size),
    randomInt: (low: number, high?: number) =>
      high === undefined ? dice.between(0, low - 1) : dice.between(low, high - 1),
    randomUUID: () =>
      dice
        .bytes(16)
        .toString("hex")
        .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5"),
  };
  Object.assign(crypto, seeded);
  Math.random = dice.random;
  try {
    return await task();
  } finally {
    Object.assign(crypto, { randomBytes, randomInt, randomUUID });
    Math.random = random;
  }
}
