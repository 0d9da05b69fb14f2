/**
 * Sends the payload of a command after CONNECT: exactly its size in bytes, as fast as the transport takes them.
 *
 * Without acknowledgements the bytes go out in full pieces with nothing between them but the transport's own
 * back-pressure. With them the module is asked to say `A` after each 1024 bytes (`QFUPL` with ackmode 1). There are no
 * pauses: a `+++` inside the payload is an escape only with a second of silence on both sides.
 */
import { ModemError } from "../errors";
import type { Payload } from "./command";
import type { Wire } from "./wire";

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
  private stopped = false;
  /** Goes on with a wait for an acknowledgement. */
  private wake: (() => void) | undefined;

  /** @param onProgress called after each piece with the bytes handed over so far. */
  constructor(
    private readonly wire: Wire,
    private readonly payload: Payload,
    private readonly onProgress: (bytes: number) => void,
  ) {}

  /** The module has taken another block. */
  acknowledge(): void {
    this.acks++;
    this.wake?.();
  }

  /** Nothing more is to be written. */
  stop(): void {
    this.stopped = true;
    this.wake?.();
  }

  /**
   * Writes the payload; resolves when its last byte has left, or when stopped.
   *
   * Rejects when the source fails or does not make `size` bytes (`INVALID_ARGUMENT`), or the transport fails.
   */
  async run(): Promise<void> {
    const { size, acknowledged } = this.payload;
    for await (const piece of inPieces(this.payload, acknowledged === true ? BLOCK : PIECE)) {
      if (this.stopped) return;
      if (this.bytesSent + piece.length > size) throw wrongSize(`more than ${size}`, size);
      // Counted before the write: once handed over, the bytes go out whatever happens.
      this.bytesSent += piece.length;
      this.written = this.wire.transport.write(piece);
      await this.written;
      const blocks = acknowledged === true ? Math.floor(this.bytesSent / BLOCK) : 0;
      while (this.acks < blocks && !this.stopped) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      if (this.stopped) return;
      this.onProgress(this.bytesSent);
    }
    if (this.stopped) return;
    if (this.bytesSent !== size) throw wrongSize(String(this.bytesSent), size);
    await this.wire.transport.drain();
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
