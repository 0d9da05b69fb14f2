/** Running commands one after the other where a refusal (`ERROR`, `+CME ERROR`) is an answer too. */
import type { Command } from "../at/command";
import { isModemError } from "../errors";

/** Runs one command and waits for its final result. @throws ModemError what the channel throws */
export type Execute = <T>(command: Command<T>) => Promise<T>;

/** The outcome of `work`, or of `instead` when the module refused it. */
export async function ifRefused<T>(work: Promise<T>, instead: () => Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error)) return instead();
    throw error;
  }
}

/** True when the module answered, but with an error: the line is in step and the command has no effect. */
export function isRefusal(error: unknown): boolean {
  return isModemError(error) && (error.modemCode !== undefined || REFUSALS.has(error.code));
}

const REFUSALS: ReadonlySet<string> = new Set(["MODEM_ERROR", "MODEM_CME", "MODEM_ANSWER"]);
