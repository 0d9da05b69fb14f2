/**
 * The rest of a flow's message as the spool keeps it: JSON and Buffers, at most 64 kB.
 *
 * A message that came over HTTP holds `req` and `res`, which JSON cannot carry: such properties are left out, and the
 * largest ones when the whole is too large, so that a result still finds `msg.topic` and its like.
 */
import { bytesOf } from "./foreign";

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
