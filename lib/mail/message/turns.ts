/** Long work in small pieces, so that one large message never holds up the whole runtime. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** Work that lets go of the event loop wherever it yields. */
export type Work<T> = Generator<void, T, void>;

/** Does `work` with a turn of the event loop between its pieces; rejects with what it throws. */
export async function inTurns<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
