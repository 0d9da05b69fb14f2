/**
 * Lines behind which a text follows that somebody outside has written: the sender of a short message, a network, a
 * peer. Other programs switch them on (`AT+CNMI=2,2`), and what such a text says is no word of the module.
 *
 * How many lines a text has, nobody tells. Certain is that the module writes header and text in one go, so the text is
 * over when the module has answered a command that was written after its header had come.
 */
import { headerOf, parseParameters } from "./parameters";

/** Deliveries of messages and broadcasts: 3GPP TS 27.005 section 3.4.1. */
const DELIVERIES: ReadonlySet<string> = new Set(["+CMT", "+CBM", "+CDS"]);

/** Other lines with such a text: messages that another program reads, USSD, data of sockets and of MQTT. */
const OTHERS: ReadonlySet<string> = new Set([
  "+CMGR",
  "+CMGL",
  "+QCMGR",
  "+QCMGL",
  "+CUSD",
  "+QIRD",
  "+QSSLRECV",
  "+QMTRECV",
]);

/**
 * Data of a socket in direct push mode, with their length: `+QIURC: "recv",0,4` and then the data. Without a length
 * it says that data wait for `AT+QIRD`, as on the sockets of this package, and nothing follows.
 */
const PUSHED_DATA = /^\+QIURC:\s*"recv",\s*\d+\s*,/i;

/** True for a line whose next line is text; a status report has one in PDU form only (`+CDS: 25`). */
export function isBeforeText(line: string): boolean {
  const header = headerOf(line);
  if (header === undefined || !DELIVERIES.has(header)) return false;
  return header !== "+CDS" || parseParameters(line).length === 1;
}

/** True for a line behind which, or in which, lines of such a text may come. */
export function bringsText(line: string): boolean {
  const header = headerOf(line);
  return header !== undefined && (DELIVERIES.has(header) || OTHERS.has(header) || PUSHED_DATA.test(line));
}
