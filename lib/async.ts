/**
 * What code that waits is made of, one of each: a deferred promise, a semaphore, a time limit, joined signals, a back-off.
 *
 * Of no layer, and knows nothing of modems or mails; time comes from the clock that is passed in.
 */
import { delay, type Clock } from "./clock";

/** A promise whose outcome is decided elsewhere. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  /** A rejection without a handler does not end the process. */
  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => undefined);
  }
}

/** Lets in so many at a time, first come, first served. */
export class Semaphore {
  private readonly waiting = new Set<() => void>();
  private inside = 0;

  /**
   * @param places 1 or more.
   * @param handOver lets the next one in; by default at once, else in a turn of its own.
   */
  constructor(
    private readonly places = 1,
    private readonly handOver: (enter: () => void) => unknown = (enter) => enter(),
  ) {}

  /** True while every place is taken. */
  get full(): boolean {
    return this.inside === this.places;
  }

  /** True while somebody waits for a place. */
  get isWanted(): boolean {
    return this.waiting.size > 0;
  }

  /** Resolves with what gives the place back, once; rejects with the signal's reason when aborted while waiting. */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    // Who leaves hands the place over.
    if (this.inside < this.places) this.inside++;
    else await this.turn(signal);
    let isInside = true;
    const leave = (): void => {
      if (!isInside) return;
      isInside = false;
      const [next] = this.waiting;
      if (next === undefined) this.inside--;
      else {
        this.waiting.delete(next);
        this.handOver(next);
      }
    };
    if (signal?.aborted !== true) return leave;
    // Aborted while the place was on its way: nothing is begun any more.
    leave();
    throw signal.reason;
  }

  /** Resolves or rejects as `work` does, or with the signal's reason when aborted before. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const leave = await this.acquire(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  private async turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = new Deferred<void>();
    const enter = (): void => resolve();
    const onAbort = (): void => {
      // One that is being let in already gives its place back in `acquire`.
      if (this.waiting.delete(enter)) reject(signal?.reason);
    };
    this.waiting.add(enter);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

/**
 * The outcome of `work`, or what `late` returns or throws when `ms` milliseconds are over first; `work` then goes on,
 * and its outcome is ignored.
 */
export async function within<T, L>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
  late: () => L,
): Promise<T | L> {
  const over = new AbortController();
  work.catch(() => undefined);
  try {
    return await Promise.race([work, delay(clock, ms, over.signal).then(late)]);
  } finally {
    over.abort();
  }
}

/** A signal that is aborted with the first of several, until it is released. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** To be called when what it ends is over. */
  readonly release: () => void;
}

/** As `AbortSignal.any`, which leaves a trace in each of them that lasts as long as that signal does. */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const joined = new AbortController();
  const onAbort = (): void => joined.abort(signals.find((one) => one?.aborted)?.reason);
  for (const one of signals) one?.addEventListener("abort", onAbort);
  if (signals.some((one) => one?.aborted)) onAbort();
  return {
    signal: joined.signal,
    release: () => {
      for (const one of signals) one?.removeEventListener("abort", onAbort);
    },
  };
}

/** `work` with a signal that is aborted as `outer` is, or with `late` as reason when `ms` milliseconds are over first. */
export async function limited<T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  late?: Error,
): Promise<T> {
  const limit = new AbortController();
  const timer = clock.after(ms, () => limit.abort(late));
  const { signal, release } = joinSignals(outer, limit.signal);
  try {
    return await work(signal);
  } finally {
    timer.clear();
    release();
  }
}

export interface BackOffOptions {
  /** Milliseconds before the second attempt; each further wait is twice as long. */
  readonly firstMs: number;
  /** The longest wait in milliseconds, chance not counted. */
  readonly capMs: number;
  /** Factors between which chance shortens or lengthens a wait, so that many gateways do not call in step. */
  readonly chance: readonly [least: number, most: number];
}

/**
 * Milliseconds to wait after `failures` attempts in a row, 1 or more.
 *
 * @param random 0 (included) to 1 (excluded).
 */
export function backOff(
  failures: number,
  { firstMs, capMs, chance }: BackOffOptions,
  random: number,
): number {
  const [least, most] = chance;
  const wait = Math.min(capMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return Math.round(wait * (least + (most - least) * random));
}

/** `make`, called when its result is first asked for and never again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
