/**
 * Job: one call of `execute`, from the queue to its outcome.
 *
 * Its promise settles once; what happens on the line afterwards is the channel's concern. A job that its caller has
 * aborted while in flight is settled, but keeps the line until the module has finished the command.
 */
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../errors";
import { shownLine, type Command, type Response } from "./command";
import { Deferred } from "../async";

export type Priority = "high" | "normal" | "low";

export interface ExecuteOptions {
  /** Place in the queue; first come, first served within one priority. Default `normal`. */
  readonly priority?: Priority;
  /**
   * Queued: the command is removed. In flight: the promise rejects at once with `MODEM_ABORTED`, and the line stays
   * taken until the module has finished the command.
   */
  readonly signal?: AbortSignal;
  /** Called when the command has its turn and its line is about to be written: before that the module cannot know of it. */
  readonly onStart?: () => void;
  /** Payload bytes handed over so far; rises to the payload's size. */
  readonly onProgress?: (bytes: number) => void;
}

export class Job<T = unknown> {
  /** What `execute` returned. */
  readonly promise: Promise<T>;
  readonly priority: Priority;
  private open = true;
  private progressTold = 0;
  private readonly accept: (response: Response) => void;
  private readonly refuse: (error: unknown) => void;
  private readonly onAbort: () => void;

  /** @param aborted called when the caller aborts the job later on, after its promise was rejected. */
  constructor(
    readonly command: Command<T>,
    private readonly options: ExecuteOptions,
    aborted: () => void,
  ) {
    const outcome = new Deferred<T>();
    this.promise = outcome.promise;
    this.accept = (response) => outcome.resolve(command.parse(response));
    this.refuse = (error) => outcome.reject(error);
    this.priority = options.priority ?? "normal";
    const giveUp = (): void => this.fail(this.error("MODEM_ABORTED", { cause: options.signal?.reason }));
    this.onAbort = () => {
      giveUp();
      aborted();
    };
    if (options.signal?.aborted === true) giveUp();
    else options.signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  /** True once the promise has its outcome. */
  get isSettled(): boolean {
    return !this.open;
  }

  /** Resolves with what the command makes of the answer. */
  succeed(response: Response): void {
    if (!this.settle()) return;
    try {
      this.accept(response);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Rejects; without effect when settled. */
  fail(error: unknown): void {
    if (this.settle()) this.refuse(error);
  }

  /** Its line is about to be written. */
  begin(): void {
    this.options.onStart?.();
  }

  /** So many bytes of the payload have been handed over; told once for each number. */
  progress(bytes: number): void {
    if (!this.open || bytes === this.progressTold) return;
    this.progressTold = bytes;
    this.options.onProgress?.(bytes);
  }

  /** An error that names this command, secrets masked. */
  error(code: ErrorCode, options: ModemErrorOptions = {}): ModemError {
    return new ModemError(code, { ...options, command: shownLine(this.command) });
  }

  private settle(): boolean {
    const first = this.open;
    this.open = false;
    this.options.signal?.removeEventListener("abort", this.onAbort);
    return first;
  }
}

const ORDER = ["high", "normal", "low"] as const satisfies readonly Priority[];

/** Jobs that wait for the line: by priority, then in the order they came. */
export class JobQueue {
  private readonly waiting: Record<Priority, Job[]> = { high: [], normal: [], low: [] };

  get length(): number {
    return ORDER.reduce((sum, priority) => sum + this.waiting[priority].length, 0);
  }

  add(job: Job): void {
    this.waiting[job.priority].push(job);
  }

  /** Removes and returns the job whose turn it is. */
  take(): Job | undefined {
    for (const priority of ORDER) {
      const job = this.waiting[priority].shift();
      if (job !== undefined) return job;
    }
    return undefined;
  }

  remove(job: Job): void {
    this.waiting[job.priority] = this.waiting[job.priority].filter((other) => other !== job);
  }

  /** Empties the queue and returns what was in it. */
  clear(): Job[] {
    const jobs = ORDER.flatMap((priority) => this.waiting[priority]);
    for (const priority of ORDER) this.waiting[priority] = [];
    return jobs;
  }
}
