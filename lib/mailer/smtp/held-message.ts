/**
 * HeldMessage: the bytes of a message of which the last kilobyte is withheld until it may go.
 *
 * A server takes a mail with the dot behind its last line and not before (RFC 5321 section 4.1.1.4), so a message
 * whose end was never handed over was certainly not sent. It knows neither SMTP nor MIME.
 */
import { Readable } from "node:stream";
import { Deferred } from "../../async";
import { asModemError } from "../../errors";

/** Bytes that are withheld; a shorter message is withheld as a whole. */
const WITHHELD_BYTES = 1024;

export class HeldMessage {
  /** What the sender of the message reads. */
  readonly stream: Readable;
  /** Resolves when the reader begins, rejects never. */
  readonly begun: Promise<void>;
  /** Resolves when the source is read to its end and all but the last kilobyte was passed on; rejects with why it cannot be. */
  readonly held: Promise<void>;
  private readonly start = new Deferred<void>();
  private readonly end = new Deferred<void>();
  private readonly gate = new Deferred<void>();

  /** @param source is destroyed with the message. */
  constructor(private readonly source: Readable) {
    this.begun = this.start.promise;
    this.held = this.end.promise;
    source.on("error", () => undefined);
    this.stream = Readable.from(this.pieces(), { objectMode: false, highWaterMark: WITHHELD_BYTES });
    // Its reader has a listener of its own.
    this.stream.on("error", () => undefined);
  }

  /** Lets the rest go. */
  release(): void {
    this.gate.resolve();
  }

  /** Gives the message up; what was withheld is never passed on. */
  destroy(): void {
    this.gate.reject(new Error("the message was abandoned"));
    this.end.reject(new Error("the message was abandoned"));
    this.stream.destroy();
    this.source.destroy();
  }

  private async *pieces(): AsyncGenerator<Buffer> {
    this.start.resolve();
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of this.source as AsyncIterable<Buffer>) {
        const bytes = Buffer.concat([rest, chunk]);
        const open = Math.max(0, bytes.length - WITHHELD_BYTES);
        rest = bytes.subarray(open);
        if (open > 0) yield bytes.subarray(0, open);
      }
    } catch (cause) {
      this.end.reject(asModemError(cause));
      throw new Error("the message could not be read", { cause });
    }
    this.end.resolve();
    await this.gate.promise;
    if (rest.length > 0) yield rest;
  }
}
