/**
 * Whether Node-RED can copy a value without running code of the flow and without running out of stack.
 *
 * Node-RED copies a message for every wire but the first and for Catch and Complete nodes, by recursion, and what that
 * copy throws would end the runtime. Here the same way is gone without recursion, and nothing is evaluated: properties
 * are looked at by their descriptors, and a Proxy is not touched at all. The order is that of the copy (own enumerable
 * names, then symbols, depth first), because for an object with several ways to it the depth depends on the order.
 */
import { types } from "node:util";
import type { Work } from "./text";

/** Levels of nesting that are passed on. Node-RED 4.1 fails at about 2,500, Node-RED 5.0 at about 8,000. */
export const DEEPEST = 256;

/** Members of one list; more than any text of a mail could name. */
export const LONGEST_LIST = 16 * 1024 * 1024;

/** Members looked at in one turn of the event loop: a few milliseconds. */
const PIECE = 10_000;

/** What the copy does with an object: keeps or copies it as a whole, goes into it, or may fail. */
export type Form = "leaf" | "list" | "object" | "unsafe";

/** What an object inherits. */
interface Ancestry {
  /** A Proxy among the prototypes, or more of them than any class has. */
  readonly isUnknown: boolean;
  /** Prototypes before the last. */
  readonly classes: number;
  readonly accessors: ReadonlySet<PropertyKey>;
  /** Names that reading it by name finds: accessors, and what a template gives. */
  readonly names: ReadonlySet<PropertyKey>;
  readonly tag: PropertyDescriptor | undefined;
}

const MOST_CLASSES = 64;
/** Looked up by the copy on every object. */
const LOOKED_UP: readonly PropertyKey[] = ["constructor", "toString", "length", Symbol.toStringTag];
/** What a view of bytes must not have of its own: the copy would believe it. */
const OF_VIEWS: readonly PropertyKey[] = ["constructor", "length", "buffer", "byteLength", "byteOffset"];

/** Properties besides the elements of an array that a regular expression returned; the copy takes these over. */
const OF_MATCHES: readonly PropertyKey[] = ["index", "input"];

/** True when every copy of `root` succeeds. */
export function* isPassable(root: unknown): Work<boolean> {
  const seen = new Set<object>();
  const ways: {
    readonly from: object;
    /** Undefined for a list, whose members have numbers. */
    readonly names: readonly PropertyKey[] | undefined;
    readonly count: number;
    at: number;
  }[] = [];
  let steps = 0;
  /** False when the value makes the whole not passable. */
  const enter = (value: unknown): boolean => {
    if (!isObject(value) || seen.has(value)) return true;
    const form = formOf(value);
    if (form === "unsafe" || ways.length >= DEEPEST) return form === "leaf";
    if (form === "leaf") return true;
    seen.add(value);
    const names = Array.isArray(value) ? undefined : shownNames(value);
    const count = Array.isArray(value) ? value.length : (names?.length ?? 0);
    ways.push({ from: value, names, count, at: 0 });
    return true;
  };
  if (!enter(root)) return false;
  for (let way = ways.at(-1); way !== undefined; way = ways.at(-1)) {
    const { from, names, count, at } = way;
    if (at >= count) {
      ways.pop();
      continue;
    }
    way.at++;
    if (++steps % PIECE === 0) yield;
    const property = Reflect.getOwnPropertyDescriptor(from, names?.[at] ?? String(at));
    if (property === undefined || (names !== undefined && property.enumerable !== true)) continue;
    if (!("value" in property) || !enter(property.value)) return false;
  }
  return true;
}

/** What the copy does with this object; nothing of it is evaluated. */
export function formOf(value: object): Form {
  if (types.isProxy(value)) return "unsafe";
  if (ArrayBuffer.isView(value))
    return OF_VIEWS.some((name) => Object.hasOwn(value, name)) ? "unsafe" : "leaf";
  if (Object.hasOwn(value, Symbol.toStringTag)) return "unsafe";
  if (typeof value === "function") return "leaf";
  const { isUnknown, classes, accessors, tag } = ancestryOf(value);
  if (isUnknown) return "unsafe";
  // The copy of these asks their constructor, which a class of the flow may have replaced.
  const isNative = classes === 1 && !Object.hasOwn(value, "constructor");
  if (Array.isArray(value)) {
    const isPlain =
      isNative && value.length <= LONGEST_LIST && !OF_MATCHES.some((name) => isAccessor(value, name));
    return isPlain ? "list" : "unsafe";
  }
  if (types.isAnyArrayBuffer(value)) return isNative && isAttached(value) ? "leaf" : "unsafe";
  if (types.isDate(value) || types.isRegExp(value) || types.isBoxedPrimitive(value)) {
    return isNative ? "leaf" : "unsafe";
  }
  if (types.isMap(value) || types.isSet(value)) return isNative && holdsNoObjects(value) ? "leaf" : "unsafe";
  if (LOOKED_UP.some((name) => accessors.has(name))) return "unsafe";
  // What has a name of its own kind (Promise, Error, a class with such a name) is passed on as it is.
  if (types.isNativeError(value)) return "leaf";
  if (tag !== undefined) return isOwnKind(tag.value) ? "leaf" : "unsafe";
  return ["__proto__", ...accessors].some((name) => Object.hasOwn(value, name)) ? "unsafe" : "object";
}

/** The names that a copy takes over, in its order; several times faster than all own names. */
function shownNames(value: object): readonly PropertyKey[] {
  const symbols = Object.getOwnPropertySymbols(value);
  return symbols.length === 0 ? Object.keys(value) : [...Object.keys(value), ...symbols];
}

/** The properties that `value` inherits from classes and templates of the flow. Nothing of them is evaluated. */
export function inheritedNames(value: object): readonly PropertyKey[] {
  return types.isProxy(value) ? [] : [...ancestryOf(value).names];
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function ancestryOf(value: object): Ancestry {
  const accessors = new Set<PropertyKey>();
  const names = new Set<PropertyKey>();
  /** A lookup ends at the first prototype that has the name: accessors behind it are never reached. */
  const known = new Set<PropertyKey>();
  let tag: PropertyDescriptor | undefined;
  let classes = 0;
  let prototype = Reflect.getPrototypeOf(value);
  for (; prototype !== null; classes++) {
    if (types.isProxy(prototype) || classes > MOST_CLASSES) {
      return { isUnknown: true, classes, accessors, names, tag };
    }
    const next: object | null = Reflect.getPrototypeOf(prototype);
    // The last one is that of Object, of whichever realm: functions of a flow run in one of their own.
    if (next === null && Object.hasOwn(prototype, "hasOwnProperty")) break;
    for (const name of Reflect.ownKeys(prototype)) {
      const property = Reflect.getOwnPropertyDescriptor(prototype, name);
      if (property === undefined) continue;
      if (!("value" in property) && !known.has(name)) accessors.add(name);
      known.add(name);
      if (property.enumerable === true || accessors.has(name)) names.add(name);
    }
    tag ??= Reflect.getOwnPropertyDescriptor(prototype, Symbol.toStringTag);
    prototype = next;
  }
  return { isUnknown: false, classes, accessors, names, tag };
}

function isAccessor(value: object, name: PropertyKey): boolean {
  const property = Reflect.getOwnPropertyDescriptor(value, name);
  return property !== undefined && !("value" in property);
}

/** False for a buffer whose memory was given to a worker. */
function isAttached(buffer: ArrayBuffer | SharedArrayBuffer): boolean {
  try {
    return new Uint8Array(buffer).length >= 0;
  } catch {
    return false;
  }
}

/** The copy of a map starts over in it, without knowing what it has copied. */
function holdsNoObjects(value: Map<unknown, unknown> | Set<unknown>): boolean {
  let isPlain = true;
  const look = (member: unknown, key: unknown): void => {
    if ([member, key].some((one) => isObject(one) && typeof one !== "function")) isPlain = false;
  };
  if (types.isMap(value)) Map.prototype.forEach.call(value, look);
  else Set.prototype.forEach.call(value, look);
  return isPlain;
}

const COPIED_KINDS =
  /^(Arguments|Array|ArrayBuffer|Boolean|DataView|Date|Map|Number|Object|RegExp|Set|String|Symbol|.*Array)$/;

/** True for the name of a kind that the copy does not know and leaves alone. */
function isOwnKind(name: unknown): boolean {
  return typeof name === "string" && !COPIED_KINDS.test(name);
}
