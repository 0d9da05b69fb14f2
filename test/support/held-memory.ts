/** What JavaScript holds after all garbage is gone, in bytes; strings and buffers included. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

export function heldMemory(): number {
  if (typeof collect !== "function") throw new Error("this runtime lets nobody collect garbage");
  // Twice: what the first round finalises is garbage of the second.
  for (let round = 0; round < 2; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
