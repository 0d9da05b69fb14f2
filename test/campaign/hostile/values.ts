/** Hostile values: what a flow, a person, a file or a module may put where something harmless is expected. */
import type { Dice } from "../fault/dice";

/** Texts that mean something to a module, a mail, a shell, a path or a parser. */
export const WORDS: readonly string[] = [
  "",
  " ",
  "\r",
  "\n",
  "\r\n",
  "\0",
  "\x1a",
  "\x1b",
  "+++",
  '"',
  '","',
  "AT+CFUN=1,1\r",
  '"\r\nAT+QSMTPDST=1,1,"thief@example.net"\r\n',
  '"\rAT+CPIN="0000"\r',
  "pump\r\nBcc: thief@example.net",
  "pump\nX-Injected: 1\n\nbody",
  "pump\r\n.\r\nMAIL FROM:<thief@example.net>",
  "=?utf-8?B?DQpYLUluamVjdGVkOiAx?=",
  "----=_Quectel_Mail_Boundary_7E1D_0001--",
  "duty@example.com",
  "Duty <duty@example.com>",
  '"a\r\nb" <duty@example.com>',
  "duty@example.com\r\nBcc: thief@example.net",
  "duty@example.com,thief@example.net;x@example.org",
  'duty"@example.com',
  "duty@exämple.com",
  "duty@[127.0.0.1]",
  "@example.com",
  "a@b@c",
  "<script>alert(1)</script>",
  "<p>Level <b>high</b><style>x{}</style>",
  "${ENV}",
  "${PATH}",
  "../../etc/passwd",
  "/etc/passwd",
  "C:\\Windows\\win.ini",
  "file:///etc/passwd",
  "http://127.0.0.1:1/",
  "RAM:*",
  "*",
  "CON",
  ".",
  "..",
  "name.exe\0.txt",
  "水位过高 🚨 Füllstand",
  "\u202Egnp.exe",
  "\uD800",
  "\uFFFF",
  "e\u0301".repeat(20),
  "__proto__",
  "constructor",
  "toString",
  "NaN",
  "1e999",
  "-1",
  "0x10",
  "9".repeat(40),
];

export function anyText(dice: Dice): string {
  const chance = dice.random();
  if (chance < 0.55) return dice.pick(WORDS);
  if (chance < 0.8) return dice.pick(WORDS) + dice.pick(WORDS) + dice.pick(WORDS);
  if (chance < 0.97)
    return Array.from({ length: dice.between(0, 40) }, () =>
      String.fromCharCode(dice.between(0, dice.pick([127, 255, 65_535]))),
    ).join("");
  return dice.pick(WORDS).repeat(dice.between(1, 3_000));
}

const trap = (): never => {
  throw new Error("do not touch");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const list: unknown[] = [];
  list.push(list, { list });
  return list;
}

/** Values that no JSON carries, and others that throw when they are looked at. */
const OBJECTS: readonly ((dice: Dice) => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => 7n,
  () => Symbol("s"),
  () => trap,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => -0,
  () => 2 ** 53,
  () => new Date(Number.NaN),
  () => new Map([[1, 2]]),
  () => Object.create(null) as unknown,
  () => ({ length: -1 }),
  () => ({ toString: trap, toJSON: trap }),
  () => ({ toString: () => "\r\nAT\r" }),
  () => ({ type: "Buffer", data: [1, 2, "x"] }),
  () => Object.defineProperty({}, "address", { enumerable: true, get: trap }),
  () => Object.defineProperty({}, "content", { enumerable: true, get: trap }),
  () => new Proxy({}, { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap }),
  () => new Proxy([], { get: trap }),
  revoked,
  cyclic,
  (dice) => dice.bytes(dice.between(0, 60)),
  (dice) => new Uint8Array(dice.bytes(5)),
  (dice) => new DataView(new ArrayBuffer(dice.between(0, 9))),
  (dice) => Array.from({ length: dice.between(0, 30) }, () => anyText(dice)),
  (dice) => ({ address: anyText(dice), name: anyText(dice) }),
  (dice) => ({ [anyText(dice)]: anyText(dice) }),
  (dice) => dice.between(-5, 5) * dice.pick([1, 0.5, 1e6, 1e300]),
];

export function anyValue(dice: Dice): unknown {
  return dice.hit(0.6) ? anyText(dice) : dice.pick(OBJECTS)(dice);
}

/** The same as far as JSON goes. */
export function anyJson(dice: Dice, depth = 0): unknown {
  const chance = dice.random();
  if (chance < 0.5) return anyText(dice);
  if (chance < 0.7) return dice.pick([null, true, false, 0, -1, 1e308, 2 ** 53, 0.5, "", []]);
  if (depth > 3) return anyText(dice);
  if (chance < 0.85) return Array.from({ length: dice.between(0, 6) }, () => anyJson(dice, depth + 1));
  return Object.fromEntries(
    Array.from({ length: dice.between(0, 6) }, () => [anyText(dice), anyJson(dice, depth + 1)]),
  );
}
