/** Questions about the settings of QSMTPCFG: what is read back, how long they may be (fact base 2.1). */
import { parseParameters } from "../at/command";
import type { Asker } from "./asker";
import { addressOf, hostOf } from "./forms";
import { limitText, longestAccepted } from "./longest";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const STRING = { usual: 50, most: 300 } as const;
const ATTEMPTS = 5;
const PAUSE_MS = 2_000;

/** Sets an invented account; some firmware takes it only after several attempts. @returns false when it never does. */
async function setInventedAccount(asker: Asker): Promise<boolean> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (await asker.accepts('AT+QSMTPCFG="account","facts","invented"')) return true;
    asker.remarkOnly();
    await asker.wait(PAUSE_MS);
  }
  return false;
}

async function passwordReadback(asker: Asker): Promise<Answer> {
  // The backup leaves an account alone only because its password is masked.
  if (!asker.mayChangeAccount) return known("masked");
  if (!(await setInventedAccount(asker))) return unclear("the account is refused");
  const shown = parseParameters((await asker.firstLine('AT+QSMTPCFG="account"')) ?? "").text(2);
  if (shown === "invented") return known("clear");
  return /^\*+$/.test(shown ?? "") ? known("masked") : unclear(`read back as ${shown ?? "nothing"}`);
}

/** Lines that set one string of so many bytes. */
const strings: Readonly<Record<string, (length: number) => string>> = {
  user: (length) => `AT+QSMTPCFG="account","${"u".repeat(length)}","invented"`,
  password: (length) => `AT+QSMTPCFG="account","facts","${"p".repeat(length)}"`,
  "sender name": (length) => `AT+QSMTPCFG="sender","${"n".repeat(length)}","facts@example.com"`,
  "sender address": (length) => `AT+QSMTPCFG="sender","facts","${addressOf(length)}"`,
  server: (length) => `AT+QSMTPCFG="smtpserver","${hostOf(length)}",25`,
  recipient: (length) => `AT+QSMTPDST=1,1,"${addressOf(length)}"`,
};
const ACCOUNT_STRINGS: readonly string[] = ["user", "password"];

async function stringLimits(asker: Asker): Promise<Answer> {
  const mayAsk = asker.mayChangeAccount && (await setInventedAccount(asker));
  const limits: string[] = [];
  const names: string[] = [];
  for (const [name, lineOf] of Object.entries(strings)) {
    if (ACCOUNT_STRINGS.includes(name) && !mayAsk) continue;
    const longest = await longestAccepted((length) => asker.knows(lineOf(length)), STRING);
    await asker.clearMail();
    if (longest === 0) return unclear(`every ${name} is refused`);
    limits.push(limitText(longest, STRING));
    names.push(`${name} ${limitText(longest, STRING)}`);
  }
  if (!mayAsk) asker.remarkOnly();
  const [first = ""] = limits;
  return known(limits.every((limit) => limit === first) ? first : names.join(", "));
}

async function anyCase(asker: Asker): Promise<Answer> {
  return known((await asker.knows('AT+QSMTPCFG="SSLTYPE",0')) ? "taken" : "refused");
}

async function factoryPort(asker: Asker): Promise<Answer> {
  const line = await asker.firstLine('AT+QSMTPCFG="smtpserver"');
  const host = parseParameters(line ?? "").text(1);
  if (host !== "") return notAsked("a server has already been set");
  return known(parseParameters(line ?? "").text(2) ?? "none");
}

export const accountQuestions: readonly Question[] = [
  {
    id: "factory-port",
    asks: "Which port has a server that was never set?",
    expected: { answer: "25", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: factoryPort,
  },
  {
    id: "password-readback",
    asks: "Is the password read back, or masked?",
    expected: { answer: "masked", mark: "C" },
    needs: "nothing",
    variants: ["clear", "masked"],
    transcript: "replay",
    ask: passwordReadback,
  },
  {
    id: "smtp-string-limit",
    asks: "How many bytes may user name, password, sender, server and recipient have?",
    expected: { answer: "50", mark: "B" },
    needs: "nothing",
    variants: ["50", "64", "255"],
    transcript: "replay",
    ask: stringLimits,
  },
  {
    id: "key-case",
    asks: "Are keys taken in capitals?",
    expected: { answer: "taken", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: anyCase,
  },
  {
    id: "context-limit",
    asks: "Is PDP context 16 taken for mail?",
    expected: { answer: "taken", mark: "A" },
    needs: "nothing",
    transcript: "remark",
    ask: async (asker) => known((await asker.knows('AT+QSMTPCFG="contextid",16')) ? "taken" : "refused"),
  },
];
