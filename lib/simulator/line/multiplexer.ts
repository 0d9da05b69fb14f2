/**
 * A port that another program has left in multiplexing mode (3GPP TS 27.010, basic option): deaf to AT until the
 * multiplexer is closed down by CLD on the control channel, or by DISC of it.
 *
 * Frames are read and their checksum is checked; what other channels carry is dropped. No channel leads to commands.
 */

const FLAG = 0xf9;
const CONTROL_CHANNEL = 0;
const UIH = 0xef;
const DISC = 0x43;
const UA = 0x63;
/** The poll/final bit of the control field. */
const POLL = 0x10;
/** Type octets of the close-down command and of its response (5.4.6.3.3). */
const CLOSE_DOWN = 0xc3;
const CLOSED_DOWN = 0xc1;
/** The response bit of an address. */
const COMMAND = 0x02;
const LONGEST_FRAME = 1600;

export class MultiplexedLine {
  private frame: number[] = [];

  /** Takes one byte of the host. @returns the frame that answers a close-down, after which the line is free again. */
  push(byte: number): Buffer | undefined {
    if (byte !== FLAG) {
      if (this.frame.length < LONGEST_FRAME) this.frame.push(byte);
      return undefined;
    }
    const [address, control, ...rest] = this.frame.splice(0);
    if (address === undefined || control === undefined || rest.length < 2) return undefined;
    const length = rest[0] ?? 0;
    const checksum = rest.at(-1);
    const information = rest.slice(1, -1);
    if (checksum !== frameCheck([address, control, length]) || length >> 1 !== information.length)
      return undefined;
    if (address >> 2 !== CONTROL_CHANNEL) return undefined;
    switch (control & ~POLL) {
      case DISC:
        return frameOf(address & ~COMMAND, UA | POLL, []);
      case UIH:
        return information[0] === CLOSE_DOWN
          ? frameOf(address & ~COMMAND, UIH, [CLOSED_DOWN, 0x01])
          : undefined;
      default:
        return undefined;
    }
  }
}

function frameOf(address: number, control: number, information: readonly number[]): Buffer {
  const head = [address, control, (information.length << 1) | 1];
  return Buffer.from([FLAG, ...head, ...information, frameCheck(head), FLAG]);
}

/** FCS of 27.010 5.2.1.6: the complement of a reversed CRC-8 with the polynomial x8 + x2 + x + 1. */
export function frameCheck(bytes: readonly number[]): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xe0 : crc >> 1;
  }
  return 0xff - crc;
}
