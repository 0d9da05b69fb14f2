/**
 * JSON of a value of any size, in pieces: JSON.stringify would hold up the runtime for as long as the whole takes, and
 * for a value with many ways to the same objects that is for ever.
 *
 * The pieces together are what JSON.stringify writes, and more where that gives up or writes nothing of what is there:
 * a circle becomes "[Circular]", a BigInt its digits, a Map the list of its entries, a Set and an array of numbers of one
 * kind a list. Only data comes here (see snapshot.ts).
 */
import { types } from "node:util";
import { isRecord } from "./foreign";
import { LongText, piecesOf, type Work } from "./text";
import { DEEPEST } from "./passable";

/** Members, and characters, up to which JSON.stringify writes a value: less than a millisecond. */
const SMALL = 16_384;
/** Members of a list that are written together. */
const GROUP = 256;

/**
 * JSON as text; undefined for what JSON does not have, such as a function. Throws what a `toJSON` throws, and
 * `tooLong()` beyond `most` UTF-16 units.
 *
 * @param indent blanks for each level; 0: on one line
 */
export function* jsonText(
  value: unknown,
  most: number,
  tooLong: () => Error,
  indent = 0,
): Work<string | undefined> {
  const text = new LongText();
  for (const piece of jsonPieces(value, indent)) {
    const isDue = text.add(piece);
    if (text.length > most) throw tooLong();
    if (isDue) yield;
  }
  return text.length === 0 ? undefined : text.toString();
}

/** The first `length` UTF-16 units of the JSON, or all of it; undefined as above. Bounded by `length`. */
export function jsonStart(value: unknown, length: number): string | undefined {
  let text = "";
  for (const piece of jsonPieces(value, 0)) {
    text += piece;
    if (text.length >= length) break;
  }
  return text === "" ? undefined : text.slice(0, length);
}

/** The JSON piece by piece, each of some kilobytes at most where no single value is of a kind that has no parts. */
export function* jsonPieces(value: unknown, indent = 0): Iterable<string> {
  yield* writing(value, "", { indent, within: new Set(), names: new Names() });
}

interface Place {
  readonly indent: number;
  /** The objects that the value stands in. */
  readonly within: Set<object>;
  readonly names: Names;
}

/** The names of the members of objects; those of a large one are listed once, because that takes the longest. */
class Names {
  private of: object | undefined;
  private last: readonly string[] = [];

  list(value: object): readonly string[] {
    if (this.of === value) return this.last;
    const names = Object.keys(value);
    if (names.length > SMALL) [this.of, this.last] = [value, names];
    return names;
  }
}

/** @param before what stands before the value when it has JSON. Returns whether it had. */
function* writing(given: unknown, before: string, place: Place): Generator<string, boolean> {
  const value = isContainer(given) ? ownJson(given) : given;
  if (typeof value === "string" && value.length > SMALL) {
    yield `${before}"`;
    for (const piece of piecesOf(value)) yield JSON.stringify(piece).slice(1, -1);
    yield '"';
    return true;
  }
  const json = jsonOf(value, place);
  if (json !== undefined) {
    yield before + deeper(json, place);
    return true;
  }
  if (!isContainer(value)) return false;
  const { within } = place;
  if (within.has(value) || within.size > DEEPEST) {
    yield `${before}"[Circular]"`;
    return true;
  }
  within.add(value);
  const isWritten = yield* writingParts(value, before, place);
  within.delete(value);
  return isWritten;
}

function* writingParts(
  value: Record<string, unknown>,
  before: string,
  place: Place,
): Generator<string, boolean> {
  if (Array.isArray(value)) return yield* list(value, before, place);
  if (Buffer.isBuffer(value)) {
    yield `${before}{${lineEnd(place)}"type":${gap(place)}"Buffer",`;
    place.within.add(BYTES);
    yield* list(value, `${lineEnd(place, -1)}"data":${gap(place)}`, place);
    place.within.delete(BYTES);
    yield `${lineEnd(place, -1)}}`;
    return true;
  }
  return yield* record(value, before, place);
}

/** The JSON of what is small and has no parts that it could fail of; undefined for anything else. */
function jsonOf(value: unknown, { indent, names }: Place): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (isContainer(value) && !isSmall(value, names)) return undefined;
  try {
    const json: unknown = JSON.stringify(value, undefined, indent);
    return typeof json === "string" ? json : undefined;
  } catch (error) {
    // A circle, or a BigInt, which is written part by part.
    if (isContainer(value) && error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What stands in the place of an object; the JSON of a Buffer is written without being made. */
function ownJson(value: Record<string, unknown>): unknown {
  if (Buffer.isBuffer(value) || types.isDate(value)) return value;
  if (types.isMap(value)) return [...value.entries()];
  if (types.isSet(value)) return [...value.values()];
  if (types.isTypedArray(value)) return Array.from<unknown>(value);
  return typeof value["toJSON"] === "function" ? (value["toJSON"]() as unknown) : value;
}

/** Stands for the list of the bytes of a Buffer. */
const BYTES = {};

function* record(value: Record<string, unknown>, before: string, place: Place): Generator<string, true> {
  let open = `${before}{`;
  for (const [name, member] of membersOf(value, place.names)) {
    const start = `${open}${lineEnd(place)}${JSON.stringify(name)}:${gap(place)}`;
    if (yield* writing(member, start, place)) open = ",";
  }
  yield open === "," ? `${lineEnd(place, -1)}}` : `${open}}`;
  return true;
}

/** A list that is not empty. */
function* list(
  values: readonly unknown[] | Uint8Array,
  before: string,
  place: Place,
): Generator<string, true> {
  let open = `${before}[`;
  for (let at = 0; at < values.length; at += GROUP) {
    const group: readonly unknown[] = Array.from<unknown>(values.slice(at, at + GROUP));
    const json = jsonOf(group, place);
    if (json !== undefined) {
      yield open + deeper(json.slice(1, place.indent > 0 ? -2 : -1), place, -1);
      open = ",";
      continue;
    }
    for (const value of group) {
      const start = `${open}${lineEnd(place)}`;
      if (!(yield* writing(value, start, place))) yield `${start}null`;
      open = ",";
    }
  }
  yield `${lineEnd(place, -1)}]`;
  return true;
}

function* membersOf(
  value: Record<string, unknown>,
  names: Names,
): Iterable<readonly [name: string, value: unknown]> {
  for (const name of names.list(value)) yield [name, value[name]];
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !types.isBoxedPrimitive(value);
}

/** True for a value that JSON.stringify writes in no time, told without a look at all of a large one. */
function isSmall(root: unknown, names: Names): boolean {
  let left = SMALL;
  const open: unknown[] = [root];
  for (let one = open.pop(); left >= 0 && (one !== undefined || open.length > 0); one = open.pop()) {
    left--;
    if (typeof one === "string") left -= one.length;
    if (!isContainer(one) || types.isDate(one)) continue;
    if (ArrayBuffer.isView(one) || types.isMap(one) || types.isSet(one) || "toJSON" in one) return false;
    const members = Array.isArray(one) ? one : names.list(one);
    left -= members.length;
    if (left < 0) break;
    if (members === one) open.push(...members);
    else for (const name of names.list(one)) open.push(one[name]);
  }
  return left >= 0;
}

/** The beginning of a line for what stands here; `by` levels deeper. */
function lineEnd({ indent, within }: Place, by = 0): string {
  return indent === 0 ? "" : `\n${" ".repeat(indent * (within.size + by))}`;
}

function gap({ indent }: Place): string {
  return indent === 0 ? "" : " ";
}

/** JSON that begins on a line of its own, as it stands here. */
function deeper(json: string, place: Place, by = 0): string {
  return place.indent === 0 ? json : json.replaceAll("\n", lineEnd(place, by));
}
