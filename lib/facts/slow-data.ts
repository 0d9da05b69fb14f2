/**
 * Data that come in two parts with a pause, or not to their end: how a module times its data state.
 *
 * The channel writes pieces of 4096 bytes, so a part is such a piece.
 */
import { delay } from "../clock";
import { isModemError } from "../errors";
import { isRefusal } from "../quectel/execute";
import type { Asker } from "./asker";
import { form } from "./forms";

/** Bytes of one part. */
export const PART = 4096;

/** Longer than any question lets a module wait for data, ms. */
const LIMIT_MS = 120_000;

export interface DataEnd {
  /** Milliseconds from CONNECT to the result. */
  readonly ms: number;
  /** How the module ended it: a result with OK, or an error with its number. */
  readonly result: "ok" | number | undefined;
}

/**
 * Gives a command that takes data, sends `parts` full parts with `pauseMs` between them, then `rest` bytes, and if the
 * command announced more, nothing until the module leaves data state on its own.
 */
export async function sendSlowly(
  asker: Asker,
  line: string,
  size: number,
  { parts, pauseMs, rest = 0 }: { readonly parts: number; readonly pauseMs: number; readonly rest?: number },
): Promise<DataEnd> {
  asker.goOn();
  const { clock } = asker;
  const over = new AbortController();
  const ends = [over.signal, asker.tools.signal] as const;
  let connected = clock.now();
  async function* source(): AsyncGenerator<Uint8Array> {
    connected = clock.now();
    for (let part = 0; part < parts; part++) {
      if (part > 0) await delay(clock, pauseMs, ...ends);
      yield Buffer.alloc(PART, "x");
    }
    if (rest > 0) {
      await delay(clock, pauseMs, ...ends);
      yield Buffer.alloc(rest, "x");
    } else {
      await delay(clock, LIMIT_MS, ...ends);
    }
  }
  const command = form(line, { payload: { size, source }, timeoutMs: LIMIT_MS });
  const ended = (result: DataEnd["result"]): DataEnd => {
    const ms = Math.round(clock.now() - connected);
    asker.note(`${line} -> CONNECT, then ${result ?? "ERROR"} after ${ms} ms`);
    return { ms, result };
  };
  try {
    await asker.execute(command);
    return ended("ok");
  } catch (error) {
    asker.goOn();
    if (!isModemError(error)) throw error;
    if (isRefusal(error)) return ended(error.modemCode);
    // The module has said OK before it had all bytes; the channel calls that a timeout.
    if (isModemError(error, "MODEM_TIMEOUT") && clock.now() - connected < LIMIT_MS) return ended("ok");
    throw error;
  } finally {
    over.abort();
    // The channel finds its step again before the next question is recorded.
    await asker.tidy("AT");
  }
}
