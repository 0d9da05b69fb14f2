/** The messages of the campaign, as a flow would send them: each with its number in subject, text and addresses. */
import type { Delivery } from "../../../lib/mail/mail";
import type { Dice } from "./dice";

export type Charset = "auto" | "utf-8" | "gb2312" | "big5";

export interface Letter {
  readonly number: number;
  readonly message: Record<string, unknown>;
  readonly text: string;
  readonly attachments: readonly { readonly filename: string; readonly content: Buffer }[];
  readonly delivery: Delivery;
  /** Minutes; undefined: the modem's. */
  readonly maxAge: number | undefined;
}

const WORDS: Readonly<Record<Charset, readonly string[]>> = {
  auto: ["Füllstand zu hoch", "Niveau élevé", "уровень высокий", "水位过高", "🚨 pump 7 🚨"],
  "utf-8": ["Füllstand zu hoch", "Grüße aus Łódź", "κατάσταση", "水位過高", "🚨"],
  gb2312: ["水位过高", "请检查七号泵", "压力正常"],
  big5: ["水位過高", "請檢查七號泵", "壓力正常"],
};

const NAMES = ["log.csv", "picture.jpg", "Bericht März.pdf", "weird name (1).bin", "报告.txt", "a"];

/** Text that a line parser could trip over. */
const AWKWARD = [
  "OK",
  "ERROR",
  "+QSMTPPUT: 0,0",
  "+++",
  ".",
  "..",
  "CONNECT",
  "AT+CFUN=1,1",
  "> ",
  'say "stop"',
];

/** Who gets letter `number`; the address says for whom it is. */
export function address(number: number, place: string): string {
  return `${place}.${number}@example.com`;
}

/** Letter number of an address; undefined for none of ours. */
export function numberOf(recipient: string): number | undefined {
  const digits = /^[a-z]+\d*\.(\d+)@example\.com$/.exec(recipient)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function anyLetter(number: number, charset: Charset, dice: Dice): Letter {
  const list = (place: string, most: number): string[] =>
    Array.from({ length: dice.between(0, most) }, (_none, index) => address(number, `${place}${index}`));
  const isPlain = dice.hit(0.4);
  const word = (): string => (isPlain ? "Level too high" : dice.pick(WORDS[charset]));
  const lines = Array.from({ length: dice.between(0, 12) }, () =>
    dice.hit(0.2) ? dice.pick(AWKWARD) : `${word()} ${dice.between(0, 99)}`,
  );
  const text = [`#${number}# ${word()}`, ...lines].join("\n");
  const attachments = Array.from({ length: dice.hit(0.35) ? dice.between(1, 3) : 0 }, (_none, index) => ({
    filename: `${index}${dice.pick(NAMES)}`,
    content: dice.bytes(dice.hit(0.05) ? dice.between(10_000, 40_000) : dice.between(1, 900)),
  }));
  const message = {
    topic: dice.hit(0.05) ? "" : `#${number}# ${word()}`,
    payload: text,
    to: [address(number, "to"), ...list("a", dice.hit(0.2) ? 4 : 1)].join(", "),
    cc: list("c", 1),
    bcc: list("b", dice.hit(0.2) ? 3 : 0),
    priority: dice.pick(["high", "normal", "normal", "low"]),
    attachments,
    kept: { number },
  };
  return {
    number,
    message,
    text,
    attachments,
    delivery: dice.hit(0.15) ? "atMostOnce" : "atLeastOnce",
    maxAge: dice.hit(0.15) ? dice.between(2, 90) : undefined,
  };
}
