/**
 * Values that run code when they are touched, or that a recursive copy cannot bear: what a function of a flow, or JSON
 * from outside, may bring in a message. Each is made anew, and counts in `touched` how often its code ran.
 */

export interface HostileValue {
  readonly what: string;
  /** @param touch to be called by each piece of its code. */
  readonly make: (touch: () => void) => unknown;
}

const refuse = (touch: () => void) => (): never => {
  touch();
  throw new Error("do not touch");
};

/** Lists in lists. */
export function nested(depth: number): unknown[] {
  let list: unknown[] = [];
  for (let level = 1; level < depth; level++) list = [list];
  return list;
}

/** Each knows its neighbours: few levels by the way of the first, many by the way of a copy. */
function chained(length: number): object {
  const all: { next?: object; before?: object }[] = Array.from({ length }, () => ({}));
  for (const [index, one] of all.entries()) {
    const [next, before] = [all[index + 1], all[index - 1]];
    if (next !== undefined) one.next = next;
    if (before !== undefined) one.before = before;
  }
  return { first: all[0], all };
}

function circle(): object {
  const list: unknown[] = [];
  list.push({ list }, list);
  return list;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

/** Answers whatever it is asked with another of its kind. */
function endless(touch: () => void): object {
  return new Proxy(
    {},
    {
      get: () => (touch(), endless(touch)),
      ownKeys: () => (touch(), ["a", "b"]),
      getOwnPropertyDescriptor: () => (touch(), { enumerable: true, configurable: true, value: 1 }),
    },
  );
}

export const HOSTILE_VALUES: readonly HostileValue[] = [
  {
    what: "a getter that throws",
    make: (touch) => Object.defineProperty({ kept: 1 }, "x", { enumerable: true, get: refuse(touch) }),
  },
  {
    what: "a getter that throws the second time",
    make: (touch) => {
      let isRead = false;
      const get = (): string => {
        touch();
        if (isRead) throw new Error("do not touch twice");
        isRead = true;
        return "once";
      };
      return Object.defineProperty({}, "x", { enumerable: true, get });
    },
  },
  {
    what: "a getter that throws a Proxy",
    make: (touch) =>
      Object.defineProperty({}, "x", {
        enumerable: true,
        get: () => {
          touch();
          // oxlint-disable-next-line typescript/only-throw-error -- a flow may throw anything
          throw revoked();
        },
      }),
  },
  { what: "a Proxy that refuses everything", make: (touch) => refusing(touch) },
  { what: "a Proxy without end", make: endless },
  { what: "a Proxy that was revoked", make: revoked },
  {
    what: "a list with a getter",
    make: (touch) => Object.defineProperty([1], 1, { enumerable: true, get: refuse(touch) }),
  },
  {
    what: "a class that computes",
    make: (touch) =>
      new (class Level {
        own = 1;
        get length(): number {
          touch();
          throw new Error("do not touch");
        }
      })(),
  },
  {
    what: "a class whose constructor throws",
    make: (touch) => {
      class When extends Date {
        constructor(isMade: unknown) {
          super(0);
          if (isMade !== true) {
            touch();
            throw new Error("do not make");
          }
        }
      }
      return new When(true);
    },
  },
  { what: "an object below a Proxy", make: (touch) => Object.create(refusing(touch)) as unknown },
  { what: "a false Map", make: () => ({ [Symbol.toStringTag]: "Map", size: 1 }) },
  { what: "a Map in itself", make: () => inItself(new Map()) },
  { what: "a circle", make: circle },
  {
    what: "an object with toString that is none",
    make: () => ({ toString: 1, valueOf: 2, hasOwnProperty: 3 }),
  },
  {
    what: "an object whose methods throw",
    make: (touch) => ({ toJSON: refuse(touch), toString: refuse(touch) }),
  },
  { what: "a property named __proto__", make: () => JSON.parse('{"__proto__":{"a":1},"b":2}') as unknown },
  {
    what: "an object without prototype",
    make: () => Object.assign(Object.create(null), { a: 1 }) as unknown,
  },
  {
    what: "a promise of its own kind",
    make: (touch) => Object.defineProperty({}, ["th", "en"].join(""), { enumerable: true, value: touch }),
  },
  { what: "a symbol", make: () => Symbol("s") },
  { what: "a bigint", make: () => 7n },
  { what: "a function", make: (touch) => touch },
  { what: "a frozen object", make: () => Object.freeze({ a: Object.freeze([1]) }) },
  { what: "bytes", make: () => Buffer.from("picture") },
  {
    what: "bytes with a false length",
    make: () => Object.defineProperty(Buffer.from("x"), "length", { value: -1 }),
  },
  { what: "numbers in bytes", make: () => new Float64Array(9) },
  { what: "memory that was given away", make: detached },
  {
    what: "a list of nothing without end",
    make: () => Object.assign([], { length: 2 ** 32 - 1 }),
  },
  {
    what: "an error with a getter",
    make: (touch) => Object.defineProperty(new Error("x"), "message", { get: refuse(touch) }),
  },
  { what: "neighbours that know each other", make: () => chained(20_000) },
  ...[100, 255, 300, 3_000, 9_000, 20_000].map((depth) => ({
    what: `lists ${depth} deep`,
    make: () => nested(depth),
  })),
];

function refusing(touch: () => void): object {
  const trap = refuse(touch);
  return new Proxy(
    {},
    { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap, set: trap },
  );
}

function inItself(map: Map<unknown, unknown>): object {
  return map.set("self", map).set("list", [map]);
}

/** Messages that are hostile themselves. @param more what they carry beside. */
export const HOSTILE_MESSAGES: readonly {
  readonly what: string;
  readonly make: (more: Readonly<Record<string, unknown>>, touch: () => void) => object;
}[] = [
  { what: "a frozen message", make: (more) => Object.freeze({ ...more }) },
  {
    what: "a message whose properties cannot be written",
    make: (more) =>
      Object.defineProperties(
        {},
        Object.fromEntries(Object.entries(more).map(([name, value]) => [name, { enumerable: true, value }])),
      ),
  },
  {
    what: "a message with getters without setters",
    make: (more) =>
      Object.defineProperties(
        {},
        Object.fromEntries(
          Object.entries(more).map(([name, value]) => [name, { enumerable: true, get: () => value }]),
        ),
      ),
  },
  {
    what: "a message of a class that computes",
    make: (more) =>
      new (class Alarm {
        readonly to = more["to"];
        get payload(): unknown {
          return more["payload"];
        }
        get topic(): unknown {
          return more["topic"];
        }
      })(),
  },
  { what: "a message in a Proxy", make: (more) => new Proxy({ ...more }, {}) },
  { what: "a message without prototype", make: (more) => Object.assign(Object.create(null), more) as object },
  { what: "a message from a template", make: (more) => Object.create(more) as object },
  { what: "a message with hasOwnProperty of its own", make: (more) => ({ ...more, hasOwnProperty: 1 }) },
  {
    what: "a message with an error without prototype",
    make: (more) => ({
      ...more,
      error: Object.assign(Object.create(null), { source: { id: 1 } }) as unknown,
    }),
  },
  {
    what: "a message with a getter that throws",
    make: (more, touch) =>
      Object.defineProperty({ ...more }, "extra", { enumerable: true, get: refuse(touch) }),
  },
  { what: "a message in itself", make: (more) => withItself({ ...more }) },
];

function withItself(message: Record<string, unknown>): object {
  message["self"] = message;
  return message;
}
