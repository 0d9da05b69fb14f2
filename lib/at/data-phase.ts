/**
 * Data phase: what happens between CONNECT and the final result code of a command.
 *
 * CONNECT is an intermediate result here. The data are part of the command, so there is no data mode to be left
 * switched on: the phase ends with the last byte announced, or with `+++`. What follows a prompt is of a fixed length
 * and has no escape: it is sent to its end, even when its result is no longer awaited.
 */
import type { Command } from "./command";
import type { Exchange } from "./job";
import { BLOCK, PayloadSender, PIECE } from "./payload-sender";
import type { ChannelEvent } from "./state";
import type { Tokenizer } from "./tokenizer";
import { type Wire, escapeByPlus, GUARD_TIME_MS } from "./wire";

/** Milliseconds for the final result code after `+++` and its guard times. */
const RESULT_TIME_MS = 5_000;

/** The part of the channel that the data phase acts on. */
export interface DataPhaseHost {
  readonly wire: Wire;
  readonly tokenizer: Tokenizer;
  advance(event: ChannelEvent): void;
  onTimeout(): void;
}

/** True where the data of `command` are given in online data state, which `+++` leaves. */
export function canEscape({ payload, download }: Command<unknown>): boolean {
  return payload === undefined ? download === true : payload.prompted !== true;
}

/** The prompt has come. */
export function beginPrompted(host: DataPhaseHost, exchange: Exchange): void {
  host.advance({ kind: "connect" });
  send(host, exchange);
}

/** The header of a `Block` of `length` bytes has come; the time limit of the command goes on. */
export function beginBlock(host: DataPhaseHost, exchange: Exchange, length: number): void {
  host.advance({ kind: "connect" });
  // None is an answer too.
  exchange.addData(Buffer.alloc(0));
  host.tokenizer.expectBytes(length);
  if (length === 0) host.advance({ kind: "dataSent" });
}

/** CONNECT has come, with the number of raw bytes it announced, if any. */
export function beginData(host: DataPhaseHost, exchange: Exchange, length: number | undefined): void {
  const { command, job } = exchange;
  host.advance({ kind: "connect" });
  if (job.isSettled) leaveData(host, exchange);
  else if (command.payload !== undefined && exchange.sender === undefined && canEscape(command))
    send(host, exchange);
  else if (command.download === true && length !== undefined) receive(host, exchange, length);
  else {
    exchange.giveUp(job.error("MODEM_ANSWER", { detail: "the module went into data state unasked" }));
    leaveData(host, exchange);
  }
}

/** The data are given up: nothing more is written but `+++`, and the final result code is awaited. */
export function leaveData(host: DataPhaseHost, exchange: Exchange): void {
  const { sender } = exchange;
  host.advance({ kind: "leave" });
  sender?.stop();
  host.tokenizer.expectLines();
  exchange.limit(2 * GUARD_TIME_MS + RESULT_TIME_MS + host.wire.lineTime(PIECE), () => host.onTimeout());
  // The guard time counts from the last byte that was still on its way.
  Promise.resolve(sender?.flushed)
    .then(() => host.wire.drain())
    .then(() => escapeByPlus(host.wire, exchange.ended))
    // Ended by its result, or the line takes no bytes: then the time limit decides.
    .catch(() => undefined);
}

function send(host: DataPhaseHost, exchange: Exchange): void {
  const { command, job } = exchange;
  const { payload } = command;
  if (payload === undefined) return;
  const restartLimit = (): void =>
    exchange.limit(command.timeout + host.wire.lineTime(PIECE), () => host.onTimeout());
  const sender = new PayloadSender(host.wire, payload, (bytes) => {
    restartLimit();
    job.progress(bytes);
  });
  exchange.sender = sender;
  if (payload.acknowledged === true) host.tokenizer.expectAcks(Math.floor(payload.size / BLOCK));
  restartLimit();
  sender.run().then(
    () => {
      // Given up meanwhile: the time limit that runs is that of the escape, or of another command.
      if (exchange.ended.aborted || !sender.isComplete || (job.isSettled && canEscape(command))) return;
      restartLimit();
      host.advance({ kind: "dataSent" });
    },
    (error: unknown) => {
      if (exchange.ended.aborted) return;
      exchange.giveUp(error);
      // Of a block that cannot be filled up, the time limit decides: the resync ladder fills it up.
      if (canEscape(command)) leaveData(host, exchange);
    },
  );
}

function receive(host: DataPhaseHost, exchange: Exchange, length: number): void {
  const { command } = exchange;
  host.tokenizer.expectBytes(length);
  exchange.limit(command.timeout, () => host.onTimeout());
  if (length === 0) host.advance({ kind: "dataSent" });
}
