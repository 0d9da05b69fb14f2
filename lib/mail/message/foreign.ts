/**
 * Foreign values: what a flow put into a message, which may be anything, also objects that throw when they are read; and
 * a whole message of them as JSON.
 *
 * Whatever happens here ends in a ModemError, or without what cannot be read, because a message must never stop the
 * runtime.
 */
import { types } from "node:util";
import { isModemError, ModemError, type ErrorCode } from "../../errors";

/** Runs `read`; anything it throws that is not a ModemError becomes one with `code`. */
export function reading<T>(code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Only a real Error may be touched: a thrown proxy would throw again.
    const cause = types.isNativeError(error) ? error : undefined;
    if (isModemError(cause)) throw cause;
    throw new ModemError(code, { detail: "the value cannot be read", cause });
  }
}

const UNREADABLE = "an error that cannot be read";

/** The text of whatever was thrown. Never throws: an Error may be a Proxy, and its message a getter. */
export function thrownText(thrown: unknown): string {
  try {
    if (types.isProxy(thrown)) return UNREADABLE;
    if (!types.isNativeError(thrown)) return String(thrown);
    const message: unknown = thrown.message;
    return typeof message === "string" ? message : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}

/** The text of a string, number, boolean or bigint; undefined for everything else. */
export function primitiveText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const isScalar = typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
  return isScalar ? String(value) : undefined;
}

/** True for what a flow means by "nothing there". */
export function isBlank(value: unknown): value is undefined | null | "" {
  return value === undefined || value === null || value === "";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/**
 * The bytes of a Buffer, Uint8Array or ArrayBuffer, or of a Buffer that went through JSON; undefined for everything
 * else. The memory is shared, not copied.
 */
export function bytesOf(value: unknown): Buffer | undefined {
  if (types.isUint8Array(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value);
  if (!isRecord(value) || value["type"] !== "Buffer") return undefined;
  const data = value["data"];
  if (!Array.isArray(data)) return undefined;
  const bytes = Buffer.alloc(data.length);
  for (let at = 0; at < data.length; at++) {
    const one: unknown = data[at];
    if (typeof one !== "number" || !(one >= 0 && one <= 255) || !Number.isInteger(one)) return undefined;
    bytes[at] = one;
  }
  return bytes;
}

/*
 * The rest of a flow's message as the spool keeps it: JSON and Buffers, at most 64 kB.
 *
 * A message that came over HTTP holds `req` and `res`, which JSON cannot carry: such properties are left out, and the
 * largest ones when the whole is too large, so that a result still finds `msg.topic` and its like.
 */

/** Bytes of JSON. */
export const MESSAGE_LIMIT = 64 * 1024;

/** The part of a message that is kept, as plain JSON; `{}` when nothing can be. */
export function storableMessage(message: unknown): unknown {
  if (typeof message !== "object" || message === null) return {};
  const parts = Object.entries(message)
    .flatMap(([name, value]) => {
      try {
        // Making the text of what could never be kept could take a second.
        const json = isLarge(value) ? undefined : JSON.stringify(value);
        return json === undefined ? [] : [`${JSON.stringify(name)}:${json}`];
      } catch {
        // A circle, a BigInt, or a toJSON that throws.
        return [];
      }
    })
    .map((text) => ({ text, bytes: Buffer.byteLength(text) + 1 }));
  let total = 2 + parts.reduce((sum, part) => sum + part.bytes, 0);
  const bySize = [...parts].sort((a, b) => b.bytes - a.bytes);
  const dropped = new Set<unknown>();
  for (const part of bySize) {
    if (total <= MESSAGE_LIMIT) break;
    dropped.add(part);
    total -= part.bytes;
  }
  const kept = parts.filter((part) => !dropped.has(part));
  return JSON.parse(`{${kept.map((part) => part.text).join(",")}}`);
}

/** The message again, with Buffers where Buffers were; `{}` for one that is nested too deep to be read. */
export function reviveMessage(stored: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(stored), (_key, value: unknown) => bytesOf(value) ?? value);
  } catch {
    return {};
  }
}

/** True when the JSON of a value has more than `MESSAGE_LIMIT` bytes, told without making it; a circle is endless. */
function isLarge(value: unknown): boolean {
  /** Bytes that its JSON has at least. */
  let least = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && least <= MESSAGE_LIMIT) {
    const one = open.pop();
    if (typeof one === "string" || Array.isArray(one) || isBytes(one)) least += one.length;
    if (typeof one !== "object" || one === null || isBytes(one) || "toJSON" in one) continue;
    least++;
    if (least <= MESSAGE_LIMIT) open.push(...Object.values(one));
  }
  return least > MESSAGE_LIMIT;
}

/** A Buffer or another array of numbers, whose members are not to be listed one by one. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && "length" in value;
}
