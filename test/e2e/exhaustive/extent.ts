/** How many bytes an undisturbed dialogue has in each direction, and between which of them the mail is decided. */
import type { SimulatedModem } from "../../../lib/simulator";
import type { Direction } from "./mishaps";

export interface Extent {
  /** Bytes in each direction. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** First and last byte from QSMTPPUT to its result, counted from 1. */
  readonly decision: Readonly<Record<Direction, readonly [number, number]>>;
  /** The bytes that are tried, ascending; undefined: all. */
  readonly only?: Readonly<Record<Direction, readonly number[]>>;
}

/** How many places a direction has. */
export function countOf({ bytes, only }: Extent, direction: Direction): number {
  return only === undefined ? bytes[direction] : only[direction].length;
}

/** Measures what a module has heard and said so far. @throws Error when no mail was sent. */
export function extentOf({ log }: SimulatedModem): Extent {
  const bytes = { host: 0, modem: 0 };
  let decision: Extent["decision"] | undefined;
  for (const entry of log.entries) {
    switch (entry.kind) {
      case "received":
        bytes.host += entry.bytes.length;
        break;
      case "sent":
        bytes.modem += entry.bytes.length;
        break;
      case "line":
        // The line stands in the log when its terminator has come.
        if (!entry.text.startsWith("AT+QSMTPPUT=")) break;
        decision = {
          host: [bytes.host - entry.text.length, bytes.host],
          modem: [bytes.modem + 1, bytes.modem + 1],
        };
        break;
      case "urc":
        // And an unsolicited line before it is sent, between two line ends.
        if (decision === undefined || !entry.text.startsWith("+QSMTPPUT:")) break;
        decision = { ...decision, modem: [decision.modem[0], bytes.modem + entry.text.length + 4] };
        break;
      case "payload":
      case "event":
        break;
    }
  }
  if (decision === undefined) throw new Error("no mail was sent");
  return { bytes, decision };
}
