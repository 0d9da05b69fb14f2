/**
 * What hangs on abort signals: a listener, or another signal made by AbortSignal.any, stays as long as the signal itself, and
 * that of a config node lives from one deploy to the next.
 */
import { getEventListeners } from "node:events";

export class WatchedSignals {
  private readonly signals = new Set<WeakRef<AbortSignal>>();
  private readonly original = globalThis.AbortController;

  /** From now on each AbortController that is made is watched. */
  constructor() {
    const { signals, original } = this;
    globalThis.AbortController = class extends original {
      constructor() {
        super();
        signals.add(new WeakRef(this.signal));
      }
    };
  }

  /** Of all signals that are still there. To be called when garbage has been collected. */
  dependants(): number {
    let sum = 0;
    for (const reference of this.signals) {
      const signal = reference.deref();
      if (signal === undefined) this.signals.delete(reference);
      else sum += getEventListeners(signal, "abort").length + joinedTo(signal);
    }
    return sum;
  }

  end(): void {
    globalThis.AbortController = this.original;
  }
}

/** Signals made of it by AbortSignal.any: Node.js keeps them in a set without a public name. */
function joinedTo(signal: AbortSignal): number {
  const name = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kDependantSignals",
  );
  const joined: unknown = name === undefined ? undefined : Reflect.get(signal, name);
  return typeof joined === "object" && joined !== null && "size" in joined ? Number(joined.size) : 0;
}
