/** What the program prints with `--trace`: one line per entry of the modem's log. Pure. */
import type { LogEntry } from "../device/log";

/** Longest payload shown whole, bytes. */
const shownPayload = 64;

/** One printed line, or undefined for what another entry tells better. */
export function traceLine(entry: LogEntry): string | undefined {
  const time = (entry.at / 1000).toFixed(3).padStart(10);
  switch (entry.kind) {
    case "received":
      return `${time} ${entry.port} > ${printable(entry.bytes)}`;
    case "sent":
      return `${time} ${entry.port} < ${printable(entry.bytes)}`;
    case "payload":
      return `${time} ${entry.port}   ${entry.bytes.length} bytes of data collected`;
    case "event":
      return `${time} ${entry.text}`;
    case "line":
    case "urc":
      return undefined;
  }
}

function printable(bytes: Buffer): string {
  const shown = bytes.subarray(0, shownPayload).toString("latin1");
  const rest = bytes.length > shownPayload ? ` ... ${bytes.length} bytes` : "";
  return JSON.stringify(shown).slice(1, -1) + rest;
}
