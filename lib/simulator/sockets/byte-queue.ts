/** Bytes that wait to be read, first in, first out. */
export class ByteQueue {
  private pieces: Buffer[] = [];
  private size = 0;

  get length(): number {
    return this.size;
  }

  push(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  /** Takes up to `most` bytes. */
  take(most: number): Buffer {
    const taken: Buffer[] = [];
    let room = most;
    while (room > 0) {
      const piece = this.pieces.shift();
      if (piece === undefined) break;
      taken.push(piece.subarray(0, room));
      if (piece.length > room) this.pieces.unshift(piece.subarray(room));
      room -= Math.min(room, piece.length);
    }
    const bytes = Buffer.concat(taken);
    this.size -= bytes.length;
    return bytes;
  }

  clear(): void {
    this.pieces = [];
    this.size = 0;
  }
}
