/** Questions about subject and body: how text is coded, how long it may be (fact base 2.3 and 2.4). */
import { firstLineOf, resultValue, type Asker } from "./asker";
import { behindKey } from "./forms";
import { limitText, longestAccepted } from "./longest";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const SUBJECT = { usual: 100, most: 300 } as const;
const BODY_TOO_LONG = 10_241;

/** Sends a body of charset 0 or 1 and tells the answer. */
async function body(asker: Asker, charset: 0 | 1, text: string) {
  const payload = { size: text.length, source: Buffer.from(text, "latin1") };
  return asker.ask(`AT+QSMTPBODY=${charset},${text.length},20`, { payload, timeoutMs: 30_000 });
}

/** Hex digits are plain text too; a module that takes them as digits gives them back in upper case. */
async function subjectCoding(asker: Asker): Promise<Answer> {
  const isTaken = await asker.knows('AT+QSMTPSUB=1,"c3a4"');
  const shown = await asker.firstLine("AT+QSMTPSUB?");
  await asker.clearMail();
  if (!isTaken) return unclear("charset 1 is refused");
  if (shown?.includes('"C3A4"') === true) return known("hex");
  return shown?.includes('"c3a4"') === true ? known("raw") : unclear(`read back as ${shown ?? "nothing"}`);
}

async function bodyCoding(asker: Asker): Promise<Answer> {
  if (await asker.accepts('AT+QSMTPCFG="bodyoriginal"')) await asker.ask('AT+QSMTPCFG="bodyoriginal",0');
  const reply = await body(asker, 1, "zzzz");
  await asker.clearMail();
  if (reply.kind === "refused" && reply.number === undefined) {
    const plain = await body(asker, 0, "fact");
    await asker.clearMail();
    if (plain.kind === "refused") return unclear("every body is refused");
  }
  return known(reply.kind === "ok" ? "raw" : "hex");
}

/** @param value one that the key takes. */
function hasKey(key: string, value: number): (asker: Asker) => Promise<Answer> {
  return async (asker) => known((await asker.knows(`AT+QSMTPCFG="${key}",${value}`)) ? "present" : "absent");
}

async function emptyLine(asker: Asker): Promise<Answer> {
  const reply = await body(asker, 0, "fact");
  const received = asker.tools.recording.received();
  await asker.clearMail();
  if (reply.kind === "refused") return unclear("the body is refused");
  if (received === undefined) return notAsked("the bytes of this connection are not recorded");
  const before = /CONNECT\r\n((?:\r\n)*)\+QSMTPBODY/.exec(received)?.[1];
  if (before === undefined) return unclear("other bytes between CONNECT and +QSMTPBODY");
  return known(before.length > 2 ? "present" : "absent");
}

async function subjectLimit(asker: Asker): Promise<Answer> {
  const longest = await longestAccepted(
    (length) => asker.knows(`AT+QSMTPSUB=0,"${"s".repeat(length)}"`),
    SUBJECT,
  );
  await asker.clearMail();
  if (longest === 0) return unclear("every subject is refused");
  return known(limitText(longest, SUBJECT));
}

async function bodyTest(asker: Asker): Promise<Answer> {
  const line = firstLineOf(await asker.insist("AT+QSMTPBODY=?"));
  const third = /\),([^,]+)$/.exec(line ?? "")?.[1];
  if (third === undefined) return unclear(`the answer is ${line ?? "nothing"}`);
  return known(third.includes("<") ? "word" : "range");
}

async function longBody(asker: Asker): Promise<Answer> {
  const line = `AT+QSMTPBODY=0,${BODY_TOO_LONG},1`;
  return known(resultValue(await asker.insist(line, { timeoutMs: 30_000 })));
}

async function originalDefault(asker: Asker): Promise<Answer> {
  const line = await asker.firstLine('AT+QSMTPCFG="bodyoriginal"');
  return line === undefined ? notAsked("the key is unknown") : known(behindKey(line) ?? line);
}

export const textQuestions: readonly Question[] = [
  {
    id: "bodyoriginal-value",
    asks: "Which value has bodyoriginal, if it was never set?",
    expected: { answer: "0", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: originalDefault,
  },
  {
    id: "key-bodyoriginal",
    asks: "Does QSMTPCFG know the key bodyoriginal?",
    expected: { answer: "present", mark: "A" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "replay",
    ask: hasKey("bodyoriginal", 0),
  },
  {
    id: "key-addrseparator",
    asks: "Does QSMTPCFG know the key addrseparator?",
    expected: { answer: "absent", mark: "B" },
    needs: "nothing",
    variants: ["absent", "present"],
    transcript: "replay",
    ask: hasKey("addrseparator", 0),
  },
  {
    id: "subject-coding",
    asks: "Is a subject of charset 1 written as hex digits or as it is?",
    expected: { answer: "hex", mark: "B" },
    needs: "nothing",
    variants: ["hex", "raw"],
    transcript: "replay",
    ask: subjectCoding,
  },
  {
    id: "body-coding",
    asks: "Does a body of charset 1 that is no hex digits get refused (hex) or taken (raw, or not looked at)?",
    expected: { answer: "hex", mark: "B" },
    needs: "nothing",
    variants: ["hex", "raw"],
    transcript: "replay",
    ask: bodyCoding,
  },
  {
    id: "body-empty-line",
    asks: "Does an empty line more stand before +QSMTPBODY?",
    expected: { answer: "present", mark: "B" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "replay",
    ask: emptyLine,
  },
  {
    id: "subject-limit",
    asks: "How many bytes may a subject have?",
    expected: { answer: "100", mark: "B" },
    needs: "nothing",
    variants: ["100", "200"],
    transcript: "replay",
    ask: subjectLimit,
  },
  {
    id: "body-read",
    asks: "Is AT+QSMTPBODY? answered with OK?",
    expected: { answer: "ok", mark: "B" },
    needs: "nothing",
    variants: ["ok", "error"],
    transcript: "replay",
    ask: async (asker) => known((await asker.knows("AT+QSMTPBODY?")) ? "ok" : "error"),
  },
  {
    id: "body-test",
    asks: "Is the third item of AT+QSMTPBODY=? a range or a word?",
    expected: { answer: "range", mark: "C" },
    needs: "nothing",
    variants: ["range", "word"],
    transcript: "replay",
    ask: bodyTest,
  },
  {
    id: "long-body",
    asks: "What does a body of 10241 bytes get?",
    expected: { answer: "664", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: longBody,
  },
];
