/** What a new attachment is read from, on its way into the spool: counted, hashed, and only while there is time and room. */
import { ModemError } from "../../errors";

/** Bytes hashed and written in one turn. */
const PIECE = 64 * 1024;

/** A content in memory, bit by bit: hashing 5 MB at once would stop the runtime for tens of milliseconds. */
export function* inPieces(bytes: Buffer): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Passes a content on until `ask` throws. */
export async function* whileAllowed(
  source: AsyncIterable<Uint8Array>,
  ask: () => void,
): AsyncIterable<Uint8Array> {
  ask();
  for await (const chunk of source) {
    ask();
    yield chunk;
  }
}

/** Passes a content on while it is counted and hashed. What fails here is the source, not the spool. */
export async function* measured(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  filename: string,
  hash: { update(bytes: Uint8Array): unknown },
  room: number,
): AsyncIterable<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > room) break;
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw new ModemError("INVALID_ATTACHMENT", { detail: `${filename} cannot be read`, cause });
  }
  if (size > room) throw new ModemError("OUTBOX_FULL", { detail: `no room for the attachment ${filename}` });
}
