/** What may come over a line instead of what a module says. */
import { Dice } from "../fault/dice";

/** Bytes that are written at a time. */
const CHUNK = 64 * 1024;
export interface Flood {
  readonly bytes: Buffer;
  /** One byte every five seconds instead of all at once. */
  readonly isDrip?: true;
}

function repeated(text: string): Buffer {
  return Buffer.from(text.repeat(Math.ceil(CHUNK / text.length)), "latin1");
}

/** Each with a seed, so that a flood can be poured again. */
export const FLOODS = {
  "bytes without sense": (seed: number): Flood => ({ bytes: new Dice(seed).bytes(CHUNK) }),
  RDY: (): Flood => ({ bytes: repeated("\r\nRDY\r\n") }),
  "unsolicited lines": (): Flood => ({ bytes: repeated('\r\n+QIURC: "recv",0\r\n+CREG: 1\r\n') }),
  "a line without end": (): Flood => ({ bytes: repeated("x") }),
  "one byte every 5 s": (): Flood => ({ bytes: repeated("x"), isDrip: true }),
} as const satisfies Record<string, (seed: number) => Flood>;

export type FloodName = keyof typeof FLOODS;
