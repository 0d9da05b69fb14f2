/**
 * Signs that the module has restarted, so that every setting made over this connection is gone.
 *
 * | sign                          | why it is one                                                            |
 * |-------------------------------|--------------------------------------------------------------------------|
 * | `RDY`, `APP RDY`              | said once, when the AT port is ready after power-up                      |
 * | `POWERED DOWN`                | said last before the power goes                                          |
 * | `+CFUN: 1` nobody asked for   | said at boot, where `RDY` may have been missed                           |
 * | an echo after it was off      | echo is on again after a restart; see `line-kind.ts`                     |
 *
 * Not signs by themselves: `+CPIN`, `+QUSIM` and `+QIND: … DONE`, which also follow a SIM card put in or a PIN, and
 * `+APIND`, which comes many seconds after the `RDY` of the same start. On USB the port itself vanishes, which ends
 * the connection.
 */

export type ResetCause = "ready" | "poweredDown" | "functionality" | "echo";

const WORDS: ReadonlyMap<string, ResetCause> = new Map([
  ["RDY", "ready"],
  ["APP RDY", "ready"],
  ["POWERED DOWN", "poweredDown"],
  ["NORMAL POWER DOWN", "poweredDown"],
]);

const FULL_FUNCTIONALITY = /^\+CFUN:\s*1$/;

/** So long after another sign `+CFUN: 1` belongs to the same start of the module, in ms. */
export const BOOT_TIME = 60_000;

/** The restart that an unsolicited line tells of, or undefined. `sinceLast`: ms since the last sign of a restart. */
export function resetSign(line: string, sinceLast: number): ResetCause | undefined {
  const text = line.trim();
  if (FULL_FUNCTIONALITY.test(text)) return sinceLast < BOOT_TIME ? undefined : "functionality";
  return WORDS.get(text);
}
