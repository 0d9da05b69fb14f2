/**
 * Bytes that count how often they are looked at: one by one, or in a piece that is copied or made into text.
 *
 * Work is counted instead of timed, so that a test says the same on every machine.
 */
import { mock } from "node:test";

export class Work {
  /** Bytes read, copied or decoded so far. */
  bytes = 0;
  /** Texts made of bytes so far. */
  texts = 0;
  /** What stands behind the bytes that count. */
  private readonly sources = new WeakMap<Uint8Array, Buffer>();

  /** Bytes that behave as `source` and count; parts of them count as well. */
  count(source: Buffer): Buffer {
    const counted = new Proxy(source, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof name === "string" && /^\d+$/.test(name)) this.bytes++;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.call(target, name, value, args);
      },
    });
    this.sources.set(counted, source);
    return counted;
  }

  /** Counts what `Buffer.concat` copies while `run` runs, and what becomes of the copy. */
  during<T>(run: () => T): T {
    const concat = Buffer.concat.bind(Buffer);
    const spy = mock.method(Buffer, "concat", (list: readonly Uint8Array[], length?: number) => {
      const all = concat(
        list.map((part) => this.sources.get(part) ?? part),
        length,
      );
      this.bytes += all.length;
      return this.count(all);
    });
    try {
      return run();
    } finally {
      spy.mock.restore();
    }
  }

  private call(target: Buffer, name: string | symbol, method: Function, args: readonly unknown[]): unknown {
    const result: unknown = Reflect.apply(method, target, args);
    if (name === "subarray" && Buffer.isBuffer(result)) return this.count(result);
    if (typeof result === "string") {
      this.bytes += result.length;
      this.texts++;
    }
    // A search looks at what lies between its start and what it finds.
    if (name === "indexOf" && typeof result === "number") {
      this.bytes += (result < 0 ? target.length : result + 1) - Number(args[1] ?? 0);
    }
    return result;
  }
}
