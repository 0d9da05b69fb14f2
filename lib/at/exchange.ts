/**
 * Exchange: one command on the line, from its first byte to its final result code.
 *
 * It collects what belongs to the answer, keeps the one time limit that runs, and turns the final result code into
 * the outcome of the job.
 */
import type { Clock, Timer } from "../clock";
import { maskSecrets } from "../serial/secrets";
import type { Command, Response } from "./command";
import type { Job } from "./job";
import type { PayloadSender } from "./payload-sender";
import type { ResultCode } from "./result-codes";

type FinalResult = Exclude<ResultCode, { kind: "connect" }>;

export class Exchange {
  /** True once the command's echo has been seen. */
  echoSeen = false;
  /** Sends the payload, from CONNECT on. */
  sender: PayloadSender | undefined;
  /** True once the last byte of a `Block` has come: only the result code may follow. */
  blockSeen = false;
  private readonly lines: string[] = [];
  private readonly blocks: Buffer[] = [];
  private isOver = false;
  /** Made for the few exchanges with data: it takes longer than the rest of a plain command. */
  private over: AbortController | undefined;
  private timer: Timer | undefined;

  constructor(
    readonly job: Job,
    private readonly clock: Clock,
  ) {}

  get command(): Command<unknown> {
    return this.job.command;
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
