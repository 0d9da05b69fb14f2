/**
 * The bytes of a line that are none of an encrypted payload: AT commands and answers, a session before its encryption,
 * and what lies around the borders of TLS records.
 *
 * What a mishap between two bytes within one record does, it does between any two of them: a record is known when it is
 * whole. So a session under TLS is tried at these bytes.
 */
import type { SimulatedModem } from "../../../lib/simulator";
import type { Direction } from "./mishaps";

/** Bytes in front of a record's first byte and behind its header that count as its border. */
const BEFORE = 3;
/** RFC 8446 section 5.1: type, version, length. */
const HEADER = 5;
const HANDSHAKE = 0x16;
const MAJOR_VERSION = 0x03;

/** What stands on the line in front of a payload, and says its length. */
const PAYLOAD: Readonly<Record<Direction, RegExp>> = {
  host: /AT\+QISEND=\d+,(\d+)\r/g,
  modem: /\+QIRD: (\d+)\r\n/g,
};

/** Numbers of the bytes, counted from 1, of all that a module has heard or said. */
export function framingOf({ log }: SimulatedModem, direction: Direction): readonly number[] {
  const line = Buffer.concat(
    log.entries.flatMap((entry) =>
      entry.kind === (direction === "host" ? "received" : "sent") ? [entry.bytes] : [],
    ),
  );
  const inPayload = payloadsOf(line, direction);
  const payload = Buffer.from(inPayload.map((at) => line[at] ?? 0));
  const borders = new Set(bordersOf(payload).map((at) => inPayload[at] ?? 0));
  const hidden = new Set(inPayload);
  return Array.from(line.keys())
    .filter((at) => !hidden.has(at) || borders.has(at))
    .map((at) => at + 1);
}

/** Places of all bytes of payload, from 0. */
function payloadsOf(line: Buffer, direction: Direction): readonly number[] {
  const text = line.toString("latin1");
  const places: number[] = [];
  const head = new RegExp(PAYLOAD[direction].source, "g");
  for (let found = head.exec(text); found !== null; found = head.exec(text)) {
    // A question for the state of a connection has no payload.
    const length = Number(found[1] ?? 0);
    for (let at = 0; at < length; at++) places.push(head.lastIndex + at);
    head.lastIndex += length;
  }
  return places;
}

/** Places in a stream of payload at which a session is not encrypted yet, or a record begins or ends. */
function bordersOf(payload: Buffer): readonly number[] {
  const begin = payload.findIndex(
    (byte, at) => byte === HANDSHAKE && payload[at + 1] === MAJOR_VERSION && (payload[at + 2] ?? 9) <= 4,
  );
  const clear = begin < 0 ? payload.length : begin;
  const places = new Set(Array.from({ length: clear }, (_none, at) => at));
  for (let at = clear; at + HEADER <= payload.length; at += HEADER + payload.readUInt16BE(at + 3))
    for (let near = at - BEFORE; near <= at + HEADER; near++) places.add(near);
  for (let near = payload.length - BEFORE; near < payload.length; near++) places.add(near);
  return [...places].filter((at) => at >= 0 && at < payload.length);
}
