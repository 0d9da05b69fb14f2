/**
 * Job: one call of `execute`, from the queue to its outcome.
 *
 * Its promise settles once; what happens on the line afterwards is the channel's concern. A job that its caller has
 * aborted while in flight is settled, but keeps the line until the module has finished the command.
 */
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../errors";
import { shownLine, type Command, type Response } from "./command";
import { Deferred } from "../async";
import type { Clock, Timer } from "../clock";
import { maskSecrets } from "../serial/trace";
import type { PayloadSender } from "./payload-sender";
import type { ResultCode } from "./result-codes";

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
  /** True once the promise has its outcome. */
  isSettled = false;
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
    this.refuse = outcome.reject;
    this.priority = options.priority ?? "normal";
    const giveUp = (): void => this.fail(this.error("MODEM_ABORTED", { cause: options.signal?.reason }));
    this.onAbort = () => {
      giveUp();
      aborted();
    };
    if (options.signal?.aborted === true) giveUp();
    else options.signal?.addEventListener("abort", this.onAbort, { once: true });
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
    if (this.isSettled || bytes === this.progressTold) return;
    this.progressTold = bytes;
    this.options.onProgress?.(bytes);
  }

  /** An error that names this command, secrets masked. */
  error(code: ErrorCode, options: ModemErrorOptions = {}): ModemError {
    return new ModemError(code, { ...options, command: shownLine(this.command) });
  }

  private settle(): boolean {
    const first = !this.isSettled;
    this.isSettled = true;
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

/*
 * Exchange: one command on the line, from its first byte to its final result code.
 *
 * It collects what belongs to the answer, keeps the one time limit that runs, and turns the final result code into
 * the outcome of the job.
 */

type FinalResult = Exclude<ResultCode, { kind: "connect" }>;

export class Exchange {
  /** True once the command's echo has been seen. */
  echoSeen = false;
  /** Sends the payload, from CONNECT on. */
  sender: PayloadSender | undefined;
  /** True once the last byte of a `Block` has come: only the result code may follow. */
  blockSeen = false;
  readonly command: Command<unknown>;
  private readonly lines: string[] = [];
  private readonly blocks: Buffer[] = [];
  private isOver = false;
  /** Made for the few exchanges with data: it takes longer than the rest of a plain command. */
  private over: AbortController | undefined;
  private timer: Timer | undefined;

  constructor(
    readonly job: Job,
    private readonly clock: Clock,
  ) {
    this.command = job.command;
  }

  /** Aborted when the exchange has ended. */
  get ended(): AbortSignal {
    this.over ??= new AbortController();
    if (this.isOver) this.over.abort();
    return this.over.signal;
  }

  /** True when every byte of the payload, if there is one, has been handed over. */
  get isDataComplete(): boolean {
    return this.command.payload === undefined || this.sender?.isComplete === true;
  }

  /** Replaces the running time limit. */
  limit(ms: number, onTimeout: () => void): void {
    this.timer?.clear();
    if (!this.isOver) this.timer = this.clock.after(ms, onTimeout);
  }

  addLine(line: string): void {
    this.lines.push(line);
  }

  addData(bytes: Buffer): void {
    this.blocks.push(bytes);
  }

  /** The job fails now, although the command goes on until its final result code. */
  giveUp(error: unknown): void {
    this.job.fail(error);
  }

  /** Nothing of this exchange runs on; its job has its outcome or gets it now. */
  end(error?: unknown): void {
    this.timer?.clear();
    this.sender?.stop();
    this.isOver = true;
    this.over?.abort();
    if (error !== undefined) this.job.fail(error);
  }

  /** Ends with the final result code; `line` is its text. */
  complete(result: FinalResult, line: string): void {
    this.end();
    const { job, sender } = this;
    switch (result.kind) {
      case "ok":
      case "declared":
        job.progress(sender?.bytesSent ?? 0);
        if (this.isDataComplete) job.succeed(this.response(result));
        else if (sender === undefined)
          job.fail(job.error("MODEM_ANSWER", { detail: "it did not ask for the data" }));
        else
          job.fail(job.error("MODEM_TIMEOUT", { detail: `the module took ${sender.bytesSent} bytes only` }));
        return;
      case "error":
        job.fail(job.error("MODEM_ERROR"));
        return;
      case "extended":
        job.fail(
          job.error("MODEM_CME", {
            detail: maskSecrets(line, this.command.secrets ?? []),
            ...(result.number === undefined ? {} : { modemCode: result.number }),
          }),
        );
        return;
    }
  }

  private response(result: FinalResult): Response {
    const { lines, blocks } = this;
    return {
      lines,
      ...(blocks.length === 0 ? {} : { data: Buffer.concat(blocks) }),
      ...(result.kind === "declared" ? { ending: result.text } : {}),
    };
  }
}
