/**
 * Foreign values: what a flow put into a message, which may be anything, also objects that throw when they are read.
 *
 * Whatever happens here ends in a ModemError, because a message must never stop the runtime.
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
