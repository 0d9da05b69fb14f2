/** From bytes as latin1 characters, as they are kept inside the engine, to text for people. */

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Text of a line or parameter: UTF-8 where the bytes are valid UTF-8, else latin1.
 *
 * Done for a whole line at once, so a character cut in two by a read is whole, and a byte that is not UTF-8 spoils
 * nothing but itself.
 */
export function decodeText(latin1: string): string {
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}
