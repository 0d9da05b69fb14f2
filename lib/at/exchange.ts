/**
 * Exchange: one call of `execute`, from the queue to its outcome; and the states of the channel that carries it.
 *
 * It collects what belongs to the answer, keeps the one time limit that runs, and turns the final result code into the
 * outcome of the call. Its promise settles once; one that its caller has aborted in flight is settled, but keeps the
 * line until the module has finished the command.
 */
import { Deferred } from "../async";
import type { Clock, Timer } from "../clock";
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../errors";
import { maskSecrets } from "../serial/trace";
import { shownLine, type Command } from "./command";
import type { ResultCode } from "./line-kind";
import type { PayloadSender } from "./wire";

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

/** As `Deferred`; declared by methods, so that an exchange of any result is one of an unknown result. */
interface Outcome<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Exchange<T = unknown> {
  /** True once the promise has its outcome. */
  isSettled = false;
  /** True once nothing of it runs on the line any more. */
  isOver = false;
  /** True once the command's echo has been seen. */
  echoSeen = false;
  /** True once the last byte of a `Block` has come: only the result code may follow. */
  blockSeen = false;
  /** Information text and raw bytes of the answer. */
  readonly lines: string[] = [];
  readonly blocks: Buffer[] = [];
  /** Sends the payload, from CONNECT on. */
  sender: PayloadSender | undefined;
  /** Ends what is being written beyond the command line: the payload, or the escape from the data state. */
  writing: AbortController | undefined;
  /** True where the data are given in online data state, which `+++` leaves. */
  readonly canEscape: boolean;
  /** What `execute` returned. */
  readonly promise: Promise<T>;
  private readonly outcome: Outcome<T>;
  private progressTold = 0;
  private timer: Timer | undefined;
  private readonly onAbort: () => void;

  /** @param aborted called when the caller aborts it later on, after its promise was rejected. */
  constructor(
    readonly command: Command<T>,
    readonly options: ExecuteOptions,
    private readonly clock: Clock,
    aborted: () => void,
  ) {
    this.outcome = new Deferred<T>();
    const { signal } = options;
    const { payload, download } = command;
    this.canEscape = payload === undefined ? download === true : payload.prompted !== true;
    this.promise = this.outcome.promise;
    this.onAbort = () => {
      this.fail(this.error("MODEM_ABORTED", { cause: signal?.reason }));
      aborted();
    };
    if (signal?.aborted === true) this.fail(this.error("MODEM_ABORTED", { cause: signal.reason }));
    else signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  /** Rejects; without effect when settled. The command may go on until its final result code. */
  fail(error: unknown): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.outcome.reject(error);
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

  /** Replaces the running time limit. */
  limit(ms: number, onTimeout: () => void): void {
    this.timer?.clear();
    if (!this.isOver) this.timer = this.clock.after(ms, onTimeout);
  }

  /** Nothing of it runs on; its promise has its outcome, or gets it now. */
  end(error?: unknown): void {
    this.timer?.clear();
    this.writing?.abort();
    this.isOver = true;
    this.options.signal?.removeEventListener("abort", this.onAbort);
    if (error !== undefined) this.fail(error);
  }

  /**
   * Ends with the final result code; `line` is its text.
   *
   * @param isGiven every byte of the payload, if there is one, has been handed over
   */
  complete(result: Exclude<ResultCode, { kind: "connect" }>, line: string, isGiven: boolean): void {
    this.end();
    const { command, sender, lines, blocks } = this;
    switch (result.kind) {
      case "ok":
      case "declared":
        this.progress(sender?.bytesSent ?? 0);
        if (isGiven) {
          if (this.isSettled) return;
          this.isSettled = true;
          const data = blocks.length === 0 ? {} : { data: Buffer.concat(blocks) };
          const ending = result.kind === "declared" ? { ending: result.text } : {};
          try {
            this.outcome.resolve(command.parse({ lines, ...data, ...ending }));
          } catch (error) {
            this.outcome.reject(error);
          }
        } else if (sender === undefined) {
          this.fail(this.error("MODEM_ANSWER", { detail: "it did not request the data" }));
        } else {
          this.fail(
            this.error("MODEM_TIMEOUT", { detail: `the module took ${sender.bytesSent} bytes only` }),
          );
        }
        return;
      case "error":
        this.fail(this.error("MODEM_ERROR"));
        return;
      case "extended":
        this.fail(
          this.error("MODEM_CME", {
            detail: maskSecrets(line, command.secrets ?? []),
            ...(result.number === undefined ? {} : { modemCode: result.number }),
          }),
        );
        return;
    }
  }
}

/*
 * The states of a channel and the one function that changes them. Pure: no clock, no bytes.
 *
 *                 ┌─────────── timedOut, restarted, cutShort ────────────┐
 *                 ▼                                                      │
 *   new ───> outOfSync ──sync──> syncing ──synced──> idle ──start──> command ──connect──> data
 *                 ▲                │  ▲               │ ▲             │   ▲                │ │
 *                 └── syncFailed ──┘  └───── sync ────┘ └─ finished ──┘   └─── dataSent ───┘ │
 *                 ▲                                                                          │ leave
 *                 └───────────── timedOut, restarted, cutShort ───────── escaping <──────────┘
 *
 *   data has the arrows of command too; `restarted` leads from idle to outOfSync; `close` from any state to closed.
 *
 *   outOfSync  the state of the module is unknown; no command may go out
 *   syncing    the resync ladder runs
 *   idle       the module is in command state (V.250 section 5.2) and waits for a command line
 *   command    a command line is out, its final result code is awaited
 *   data       the module takes or gives the data of the command: in online data state, or so many bytes of a prompt
 *              or block, which no escape cuts short
 *   escaping   the data are given up; `+++` or a result will bring the module back to command state
 */

export type ChannelState =
  | { readonly kind: "outOfSync"; readonly exchange?: undefined }
  | { readonly kind: "syncing"; readonly exchange?: undefined }
  | { readonly kind: "idle"; readonly exchange?: undefined }
  | { readonly kind: "command"; readonly exchange: Exchange }
  | { readonly kind: "data"; readonly exchange: Exchange }
  | { readonly kind: "escaping"; readonly exchange: Exchange }
  | { readonly kind: "closed"; readonly exchange?: undefined; readonly error: ModemError | undefined };

export type ChannelEvent =
  | { readonly kind: "sync" }
  | { readonly kind: "synced" }
  | { readonly kind: "syncFailed" }
  | { readonly kind: "start"; readonly exchange: Exchange }
  | { readonly kind: "connect" }
  | { readonly kind: "dataSent" }
  | { readonly kind: "leave" }
  /** The final result code has come, and all bytes announced have been passed. */
  | { readonly kind: "finished" }
  /** The final result code has come in the middle of the data, so the module may take the rest for command lines. */
  | { readonly kind: "cutShort" }
  | { readonly kind: "timedOut" }
  | { readonly kind: "restarted" }
  | { readonly kind: "close"; readonly error: ModemError | undefined };

/** The state after `event`; an event that has no arrow from `state` leaves it as it is. */
export function nextState(state: ChannelState, event: ChannelEvent): ChannelState {
  if (state.kind === "closed") return state;
  switch (event.kind) {
    case "sync":
      return state.kind === "outOfSync" || state.kind === "idle" ? { kind: "syncing" } : state;
    case "synced":
      return state.kind === "syncing" ? { kind: "idle" } : state;
    case "syncFailed":
      return state.kind === "syncing" ? { kind: "outOfSync" } : state;
    case "start":
      return state.kind === "idle" ? { kind: "command", exchange: event.exchange } : state;
    case "connect":
      return state.kind === "command" ? { kind: "data", exchange: state.exchange } : state;
    case "dataSent":
      return state.kind === "data" ? { kind: "command", exchange: state.exchange } : state;
    case "leave":
      return state.kind === "data" ? { kind: "escaping", exchange: state.exchange } : state;
    case "finished":
      return state.kind === "command" || state.kind === "data" ? { kind: "idle" } : state;
    case "cutShort":
    case "timedOut":
      return state.exchange === undefined ? state : { kind: "outOfSync" };
    case "restarted":
      return state.kind === "syncing" ? state : { kind: "outOfSync" };
    case "close":
      return { kind: "closed", error: event.error };
  }
}
