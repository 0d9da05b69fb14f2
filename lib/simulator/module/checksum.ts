/** The checksum of QFUPL and QFDWL (fact base 3.5). */

/** XOR of all 16-bit words, high byte first; an odd last byte is a high byte. */
export function fileChecksum(content: Uint8Array): number {
  let high = 0;
  let low = 0;
  content.forEach((byte, index) => {
    if (index % 2 === 0) high ^= byte;
    else low ^= byte;
  });
  return high * 256 + low;
}
