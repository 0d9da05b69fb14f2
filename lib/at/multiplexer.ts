/**
 * The way out of multiplexing mode (3GPP TS 27.010, basic option), in which another program has left the port: `AT+CMUX`
 * was given and the multiplexer never closed down, so the module takes frames only and is deaf to command lines.
 *
 * Not a multiplexer: no channel is ever opened. To a module in command state the frames are characters before a command
 * prefix, which it ignores (V.250 section 5.2.1); the carriage return behind them ends that line.
 */
import type { Wire } from "./wire";

const FLAG = 0xf9;
/** The control channel, DLCI 0: a command of the side that started the multiplexer (section 5.2.1.2). */
const COMMAND_ADDRESS = 0x03;
/** Address octets that a frame of the control channel may have in its response. */
const CONTROL_CHANNEL: readonly number[] = [0x01, COMMAND_ADDRESS];
/** Control field octets, the poll bit set where it is wanted (table 2). */
const UIH = 0xef;
const DISC = 0x53;
/** Close-down command with no value octets (section 5.4.6.3.3). */
const CLOSE_DOWN: readonly number[] = [0xc3, 0x01];
/** Octets of a frame other than its information and flags: address, control, length, FCS. */
const OVERHEAD = 4;

/** Close-down on the control channel, then DISC of it for a module that knows that alone. */
const FRAMES = Buffer.from([...frame(UIH, CLOSE_DOWN), ...frame(DISC, []), 0x0d]);

/** Asks the module to leave multiplexing mode. */
export async function closeMultiplexer(wire: Wire): Promise<void> {
  await wire.write(FRAMES);
}

/** True when `bytes` hold a frame of the control channel, which nothing but a multiplexer sends. */
export function holdsFrame(bytes: Buffer): boolean {
  for (let flag = bytes.indexOf(FLAG); flag >= 0; flag = bytes.indexOf(FLAG, flag + 1)) {
    if (isFrame(bytes.subarray(flag + 1))) return true;
  }
  return false;
}

/** @param bytes what follows a flag. */
function isFrame(bytes: Buffer): boolean {
  const [address = 0, control = 0, length = 0] = bytes;
  // A length octet that is not the last one belongs to longer frames, of which the control channel has none.
  if (!CONTROL_CHANNEL.includes(address) || (length & 1) === 0) return false;
  const end = (length >> 1) + OVERHEAD;
  return bytes[end] === FLAG && bytes[end - 1] === checksum([address, control, length]);
}

function frame(control: number, information: readonly number[]): readonly number[] {
  const head = [COMMAND_ADDRESS, control, (information.length << 1) | 1];
  return [FLAG, ...head, ...information, checksum(head), FLAG];
}

/** FCS of section 5.2.1.6 over address, control and length: reversed CRC-8 of x^8 + x^2 + x + 1, complemented. */
function checksum(octets: readonly number[]): number {
  let remainder = 0xff;
  for (const octet of octets) {
    remainder ^= octet;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ ((remainder & 1) * 0xe0);
  }
  return 0xff ^ remainder;
}
