/**
 * Words of the data mode: what a command may ask of its port when it collects or sends raw bytes.
 *
 * The collecting itself is done by the port (`data-collector.ts`), which also knows about guard times and DTR.
 */

/** What a command asks for when it takes bytes after CONNECT. */
export interface CollectOptions {
  /** Text of the intermediate result; default `CONNECT`. */
  readonly connect?: string;
  /** Sent as it is instead of an intermediate result. */
  readonly prompt?: string;
  /** False: neither `+++` nor DTR ends it. Default true. */
  readonly escapable?: boolean;
  /** Called with all bytes that are taken, as they arrive. */
  readonly onBytes?: (bytes: Buffer) => void;
  /** Ends after exactly so many bytes; what else came in the same packet is dropped. Left out: no such end. */
  readonly length?: number;
  /** A byte that ends the data, and one that cancels them; neither is among the bytes. */
  readonly terminators?: { readonly end: number; readonly cancel: number };
  /** Ends after so many milliseconds; left out: never. */
  readonly timeMs?: number;
  /** What `timeMs` counts from: CONNECT (default) or the last byte. */
  readonly timeFrom?: "connect" | "lastByte";
  /** Called each time another full `blockSize` bytes have come, with the number of bytes so far. */
  readonly onBlock?: (bytesSoFar: number) => void;
  /** Default 1024 bytes. */
  readonly blockSize?: number;
}

/** How the collecting ended. */
export type CollectEnd =
  /** All bytes are there, or the byte has come that ends them. */
  | "length"
  /** The byte has come that cancels them. */
  | "cancel"
  /** `+++` with its guard times; the three characters are not among the bytes. */
  | "escape"
  /** DTR changed under AT&D1 or AT&D2. */
  | "dtr"
  /** The time was over. */
  | "time";

export interface Collected {
  readonly bytes: Buffer;
  readonly end: CollectEnd;
}
