/**
 * Snapshot: what a message of a flow holds, read once and inside a guard.
 *
 * A message is foreign code: getters, Proxies and classes run when it is read, and may throw or answer differently the
 * next time. So each property is read here once, before a mail is accepted; from then on only the snapshot is used.
 * What is plain data stays the very object of the flow; what Node-RED could not copy (passable.ts) becomes a copy
 * without the parts that cannot be kept. The message itself is never changed.
 */
import { types } from "node:util";
import { DEEPEST, formOf, inheritedNames, isObject, isPassable, LONGEST_LIST } from "./passable";
import { inTurns, shown, type Work } from "./text";

export interface Snapshot {
  /** Data alone; an object of its own. */
  readonly message: Record<string, unknown>;
  /** What was left out, in the words of a user; at most `MOST_WARNINGS`. */
  readonly warnings: readonly string[];
  /** Node-RED can copy the message itself as it came in. */
  readonly isWhole: boolean;
}

/** Members of what has to be copied part by part; an endless Proxy ends here. */
const MOST_COPIED = 100_000;
const MOST_WARNINGS = 10;
/** Members copied in one turn of the event loop: a few milliseconds. */
const PIECE = 1_000;
/** Names by which Node-RED asks any object what it is. */
const ASKED_OF_ALL: ReadonlySet<PropertyKey> = new Set(["__proto__", "hasOwnProperty", Symbol.toStringTag]);
/** The request and response of an HTTP node, which Node-RED passes on without a copy. */
const PASSED_ON: ReadonlySet<PropertyKey> = new Set(["req", "res"]);

/** Never rejects, whatever `msg` is. */
export function snapshotOf(msg: unknown): Promise<Snapshot> {
  return inTurns(taking(msg));
}

/**
 * A value from elsewhere (a context, an expression) as data that can be kept; in a box, because a promise would call
 * its `then`, if it has one. Never rejects.
 */
export function dataOf(value: unknown): Promise<{ readonly value: unknown }> {
  return inTurns(boxing(value));
}

function* boxing(value: unknown): Work<{ readonly value: unknown }> {
  return { value: yield* keeping(value, () => undefined) };
}

function* taking(msg: unknown): Work<Snapshot> {
  const message: Record<PropertyKey, unknown> = {};
  const warnings: string[] = [];
  let lost = 0;
  let isWhole = isObject(msg) && formOf(msg) === "object" && Reflect.getPrototypeOf(msg) !== null;
  for (const name of isObject(msg) ? namesOf(msg) : []) {
    const read = isObject(msg) ? readFrom(msg, name) : undefined;
    if (read === undefined) continue;
    if (read.kind !== "data") isWhole = false;
    if (read.kind === "unreadable" || ASKED_OF_ALL.has(name)) {
      isWhole = false;
      if (++lost <= MOST_WARNINGS) warnings.push(`msg.${nameOf(name)} cannot be read and was left out.`);
      continue;
    }
    if (PASSED_ON.has(name)) {
      message[name] = read.value;
      continue;
    }
    let isLost = false;
    const onLoss = (): void => void (isLost = true);
    message[name] =
      name === "error" && isObject(read.value) && !answersAsObject(read.value)
        ? yield* copying(read.value, onLoss)
        : yield* keeping(read.value, onLoss);
    if (message[name] !== read.value) isWhole = false;
    if (isLost && ++lost <= MOST_WARNINGS) {
      warnings.push(
        `Parts of msg.${nameOf(name)} were left out: they cannot be read or copied, or lie deeper than ${DEEPEST} levels.`,
      );
    }
  }
  return { message, warnings, isWhole };
}

/** The value itself where it is passable, else a copy of what can be. @param onLoss told of each part left out. */
function* keeping(value: unknown, onLoss: () => void): Work<unknown> {
  if (!isObject(value) || (yield* guarded(isPassable(value))) === true) return value;
  const copy = yield* copying(value, onLoss);
  // Several ways to one object may make a copy deeper than the way it was made.
  if ((yield* guarded(isPassable(copy))) === true) return copy;
  onLoss();
  return undefined;
}

/** Even looking at descriptors may fail, when a Proxy was revoked meanwhile. */
function* guarded<T>(work: Work<T>): Work<T | undefined> {
  try {
    return yield* work;
  } catch {
    return undefined;
  }
}

type Target = unknown[] | Record<PropertyKey, unknown>;

function* copying(root: object, onLoss: () => void): Work<unknown> {
  const copies = new Map<object, unknown>();
  const open: { readonly from: object; readonly to: Target; readonly depth: number }[] = [];
  let left = MOST_COPIED;
  const copyOf = (value: unknown, depth: number): unknown => {
    if (!isObject(value)) return value;
    if (copies.has(value)) return copies.get(value);
    const copy = depth > DEEPEST ? undefined : attempt(() => shellOf(value));
    if (copy === undefined) {
      onLoss();
      return undefined;
    }
    copies.set(value, copy.value);
    if (copy.kind === "shell") open.push({ from: copy.from, to: copy.value, depth });
    return copy.value;
  };
  const result = copyOf(root, 1);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, to, depth } = next;
    for (const name of Array.isArray(to) ? indicesOf(from) : namesOf(from)) {
      if (--left < 0) {
        onLoss();
        return result;
      }
      if (left % PIECE === 0) yield;
      const read = readFrom(from, name);
      if (read === undefined) continue;
      if (read.kind === "unreadable" || ASKED_OF_ALL.has(name)) onLoss();
      else place(to, name, copyOf(read.value, depth + 1));
    }
  }
  return result;
}

function place(to: Target, name: PropertyKey, value: unknown): void {
  if (Array.isArray(to)) to[Number(name)] = value;
  else to[name] = value;
}

type Copy =
  | { readonly kind: "whole"; readonly value: unknown }
  | { readonly kind: "shell"; readonly value: Target; readonly from: object };

/** What takes the place of an object in a copy; undefined for what cannot be copied. May throw. */
function shellOf(value: object): Copy | undefined {
  if (!types.isProxy(value)) {
    if (formOf(value) === "leaf") return { kind: "whole", value };
    if (types.isUint8Array(value)) return { kind: "whole", value: Buffer.from(new Uint8Array(value)) };
    if (types.isDate(value)) return { kind: "whole", value: new Date(Date.prototype.getTime.call(value)) };
    if (types.isMap(value)) return { kind: "shell", value: [], from: [...Map.prototype.entries.call(value)] };
    if (types.isSet(value)) return { kind: "shell", value: [], from: [...Set.prototype.values.call(value)] };
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return undefined;
  }
  if (typeof value === "function") return undefined;
  return { kind: "shell", value: Array.isArray(value) ? [] : {}, from: value };
}

type Read =
  | { readonly kind: "data" | "evaluated"; readonly value: unknown }
  | { readonly kind: "unreadable" };

/** One property, evaluated at most once; undefined for one that is not enumerable or not there. */
function readFrom(from: object, name: PropertyKey): Read | undefined {
  const isProxy = types.isProxy(from);
  const read = attempt((): Read | undefined => {
    const property = Reflect.getOwnPropertyDescriptor(from, name);
    if (property === undefined) {
      return Array.isArray(from) ? undefined : { kind: "evaluated", value: Reflect.get(from, name) };
    }
    if (property.enumerable !== true) return undefined;
    if (!isProxy && "value" in property) return { kind: "data", value: property.value };
    return { kind: "evaluated", value: Reflect.get(from, name) };
  }, FAILED);
  return read === FAILED ? { kind: "unreadable" } : read;
}

const FAILED: Read = { kind: "unreadable" };

/** The names an object shows, and those that its classes give. */
function namesOf(from: object): readonly PropertyKey[] {
  const own = attempt(() => Reflect.ownKeys(from)) ?? [];
  const inherited = attempt(() => inheritedNames(from)) ?? [];
  return inherited.length === 0 ? own : [...new Set([...own, ...inherited])];
}

function* indicesOf(from: object): Iterable<PropertyKey> {
  const length = attempt(() => (Array.isArray(from) ? from.length : 0)) ?? 0;
  for (let index = 0; index < Math.min(length, LONGEST_LIST); index++) yield String(index);
}

/** The result of something that may throw whatever it likes. */
function attempt<T>(read: () => T, failed?: T): T | undefined {
  try {
    return read();
  } catch {
    return failed;
  }
}

/** Node-RED asks `msg.error` for its own properties when a node reports an error. */
function answersAsObject(value: object): boolean {
  if (types.isProxy(value) || Object.hasOwn(value, "hasOwnProperty")) return false;
  return ["object", "leaf"].includes(formOf(value)) && Reflect.getPrototypeOf(value) !== null;
}

function nameOf(name: PropertyKey): string {
  const text = String(name);
  return /^[\w$]{1,40}$/.test(text) ? text : shown(text);
}
