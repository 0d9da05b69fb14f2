/**
 * Wire: what goes out over the transport, and how long that may take: command lines, payloads, and the ways out of the
 * online data state (V.250 section 6.2.9, S12 for the guard time).
 *
 * The module takes three plus signs as escape only with a second of silence on both sides, otherwise they are data;
 * and a carriage return behind them would be data too. So they go out in one write, alone.
 */
import { type Clock, delay } from "../clock";
import { ModemError } from "../errors";
import type { Transport } from "../serial/transport";
import type { Payload } from "./command";

/** V.250 section 6.2.1: S3, the command line terminator. */
const TERMINATOR = "\r";

/** Milliseconds beyond its own line time after which a write counts as stuck: the module holds CTS, or the peer is gone. */
const WRITE_TIME_MS = 10_000;

export class Wire {
  constructor(
    readonly transport: Transport,
    readonly clock: Clock,
  ) {}

  /**
   * Writes bytes, or a command line with its terminator; resolves when the last byte has left, rejects with
   * `MODEM_TIMEOUT` when the line does not take them.
   */
  write(what: Uint8Array | string): Promise<void> {
    const bytes = typeof what === "string" ? Buffer.from(what + TERMINATOR, "latin1") : what;
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(WRITE_TIME_MS + this.lineTime(bytes.length), () =>
        reject(new ModemError("MODEM_TIMEOUT", { detail: "the serial line accepts no bytes" })),
      );
      this.transport
        .write(bytes)
        .then(() => this.transport.drain())
        .then(resolve, reject)
        .finally(() => timer.clear());
    });
  }

  /** Milliseconds that `bytes` take on the line; 0 where it is not paced. A byte is 10 bits (8N1). */
  lineTime(bytes: number): number {
    const rate = this.transport.bitRate;
    return rate === undefined ? 0 : (bytes * 10_000) / rate;
  }
}

/** Silence before and after `+++` in ms: S12 is 50 x 20 ms, and some reserve for the host's own buffers. */
export const GUARD_TIME_MS = 1_100;

/** DTR is held low for so long, in ms; with AT&D1 or AT&D2 its fall ends the data state. */
const DTR_TIME_MS = 200;

/** Writes `+++` between its guard times. Nothing else may be written meanwhile. Rejects when `signal` aborts it. */
export async function escapeByPlus(wire: Wire, signal: AbortSignal): Promise<void> {
  await delay(wire.clock, GUARD_TIME_MS, signal);
  await wire.write(Buffer.from("+++"));
  await delay(wire.clock, GUARD_TIME_MS, signal);
}

/** Drops DTR and raises it again; without effect where there is no such line, or the settings keep it off. Rejects when `signal` aborts it. */
export async function escapeByDtr(wire: Wire, signal: AbortSignal): Promise<void> {
  await wire.transport.set({ dtr: false });
  await delay(wire.clock, DTR_TIME_MS, signal);
  await wire.transport.set({ dtr: true });
  await delay(wire.clock, DTR_TIME_MS, signal);
}

/*
 * Sends the payload of a command after CONNECT: exactly its size in bytes, as fast as the transport takes them.
 *
 * Without acknowledgements the bytes go out in full pieces with nothing between them but the transport's own
 * back-pressure. With them the module is asked to say `A` after each 1024 bytes (`QFUPL` with ackmode 1). There are no
 * pauses: a `+++` inside the payload is an escape only with a second of silence on both sides.
 */

/** The module acknowledges blocks of so many bytes. */
export const BLOCK = 1024;

/** Bytes per write without acknowledgements; also the most that can still go out after a stop. */
export const PIECE = 4096;

export class PayloadSender {
  /** Bytes handed to the transport. */
  bytesSent = 0;
  /** Settles when what was handed over is no longer in the host's hands. */
  written: Promise<void> = Promise.resolve();
  private acks = 0;
  /** Goes on with a wait for an acknowledgement. */
  private wake: (() => void) | undefined;

  /** The module has taken another block. */
  acknowledge(): void {
    this.acks++;
    this.wake?.();
  }

  /**
   * Writes the payload; resolves when its last byte has left, or when `signal` was aborted: nothing more is written then.
   *
   * Rejects when the source fails or does not make `size` bytes (`INVALID_ARGUMENT`), or the transport fails.
   *
   * @param onProgress called after each piece with the bytes handed over so far.
   */
  async run(
    wire: Wire,
    payload: Payload,
    signal: AbortSignal,
    onProgress: (bytes: number) => void,
  ): Promise<void> {
    const { size, acknowledged } = payload;
    if (acknowledged === true) signal.addEventListener("abort", () => this.wake?.(), { once: true });
    for await (const piece of inPieces(payload, acknowledged === true ? BLOCK : PIECE)) {
      if (signal.aborted) return;
      if (this.bytesSent + piece.length > size) throw wrongSize(`more than ${size}`, size);
      // Counted before the write: once handed over, the bytes go out whatever happens.
      this.bytesSent += piece.length;
      this.written = wire.transport.write(piece);
      await this.written;
      const blocks = acknowledged === true ? Math.floor(this.bytesSent / BLOCK) : 0;
      while (this.acks < blocks && !signal.aborted) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      if (signal.aborted) return;
      onProgress(this.bytesSent);
    }
    if (signal.aborted) return;
    if (this.bytesSent !== size) throw wrongSize(String(this.bytesSent), size);
    await wire.transport.drain();
  }
}

/** The bytes of the payload in pieces of `size`; only the last may be shorter. */
async function* inPieces(payload: Payload, size: number): AsyncGenerator<Uint8Array> {
  if (payload.source instanceof Uint8Array) {
    for (let at = 0; at < payload.source.length; at += size) yield payload.source.subarray(at, at + size);
    return;
  }
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of payload.source()) {
    let rest = chunk;
    while (length + rest.length >= size) {
      const part = rest.subarray(0, size - length);
      rest = rest.subarray(part.length);
      yield Buffer.concat([...held, part]);
      held = [];
      length = 0;
    }
    if (rest.length > 0) held.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(held);
}

function wrongSize(made: string, size: number): ModemError {
  return new ModemError("INVALID_ARGUMENT", { detail: `the payload has ${made} bytes instead of ${size}` });
}

/* How long bytes take on the line to the module, for the time limits of data mode. */

/** What a connection can carry. */
export type LineProperties = Pick<Transport, "bitRate" | "flowControlled">;

/** 8N1: a byte takes ten bits. */
const BITS_PER_BYTE = 10;
/** Supposed rate of a line without pace: a slow serial-over-IP server. */
const SLOWEST_BIT_RATE = 38_400;
/** Acknowledgements, other bytes on a shared host and a busy module lengthen a transfer by so much at most. */
const SLACK = 1.5;
/** Seconds on top, for a host that is slow to begin. */
const START_SECONDS = 30;
const LONGEST_SECONDS = 65_535;

/** Seconds to ask of the module for taking `bytes` in data mode: 1.5 times the line's own time and 30 s, at most 65535. */
export function inputSeconds(bytes: number, line: LineProperties): number {
  const lineSeconds = (bytes * BITS_PER_BYTE) / (line.bitRate ?? SLOWEST_BIT_RATE);
  return Math.min(LONGEST_SECONDS, START_SECONDS + Math.ceil(lineSeconds * SLACK));
}

/** True where a module without flow control may lose bytes, so that it has to acknowledge each block. */
export function canOverrun(line: LineProperties): boolean {
  return line.bitRate !== undefined && !line.flowControlled;
}
