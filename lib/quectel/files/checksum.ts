/**
 * Checksum of QFUPL and QFDWL: exclusive or over all 16-bit words, the first byte of a pair being the high one. Of
 * an odd number of bytes the last is a high byte with a low byte of 0 (Quectel FILE AT Commands Manual).
 */
export class FileChecksum {
  private high = 0;
  private low = 0;
  private bytes = 0;

  /** Takes the next bytes of the file, however it is cut. */
  update(piece: Uint8Array): void {
    for (const byte of piece) {
      if (this.bytes++ % 2 === 0) this.high ^= byte;
      else this.low ^= byte;
    }
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.bytes;
  }

  /** 0..0xFFFF; modules write it in hex with or without leading zeros, so it is compared as a number. */
  get value(): number {
    return this.high * 0x100 + this.low;
  }
}
