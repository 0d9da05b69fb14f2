/** Questions about firmware, SIM card, registration and PDP context (fact base 6 and 7). Nothing is changed. */
import { parseParameters } from "../at/command";
import type { Asker } from "./asker";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const E_UTRAN = 7;
const HIGHEST_CONTEXT = 16;
const ACTIVATION_MS = 150_000;
const REGISTERED: ReadonlySet<number | undefined> = new Set([1, 5]);
/** `<stat>` of CREG on a network that has LTE only, as the variants name it. */
const STATES: ReadonlyMap<number | undefined, string> = new Map([
  [0, "not-registered"],
  [1, "registered"],
  [2, "searching"],
  [5, "registered"],
]);

/** The firmware names itself in one word, behind the model an underscore and the release. */
export const FIRMWARE = { line: "AT+QGMR", form: /^[A-Z0-9]{4,40}(?:_[A-Z0-9.]{3,40})?$/i } as const;

async function firmware(asker: Asker): Promise<Answer> {
  const line = await asker.lineLike(FIRMWARE.line, FIRMWARE.form);
  const release = /_([0-9A-F]\d\.\d{3})/.exec(line ?? "")?.[1];
  return release === undefined ? unclear("QGMR names no release") : known(release);
}

async function iccidTail(asker: Asker): Promise<Answer> {
  const number = parseParameters((await asker.firstLine("AT+QCCID")) ?? "").text(0);
  if (number === undefined) return notAsked("no SIM card can be read");
  asker.tools.recording.hide([number, number.replace(/F$/i, "")]);
  return known(/F$/i.test(number) ? "present" : "absent");
}

/** The part of QNWINFO's answer behind its header; undefined where it is refused. */
async function networkInfo(asker: Asker): Promise<string | undefined> {
  return (await asker.firstLine("AT+QNWINFO"))?.replace(/^\+QNWINFO: */, "");
}

const hasNoNetwork = (info: string): boolean => /^("none"|no service)/i.test(info);

async function operatorQuotes(asker: Asker): Promise<Answer> {
  const info = await networkInfo(asker);
  if (info === undefined || hasNoNetwork(info)) return notAsked("no network");
  return known(parseParameters(info).isQuoted(1) ? "present" : "absent");
}

/** Four hex digits a character, while CSCS asks for no such thing. */
async function operatorCoding(asker: Asker): Promise<Answer> {
  const set = parseParameters((await asker.firstLine("AT+CSCS?")) ?? "").text(0);
  if (set === "UCS2") return notAsked("CSCS is UCS2");
  const operator = parseParameters((await asker.firstLine("AT+COPS?")) ?? "");
  const name = operator.text(2);
  if (operator.integer(1) === 2 || name === undefined) return notAsked("no name of an operator");
  asker.tools.recording.hide([name]);
  return known(/^(?:[0-9A-F]{4}){2,}$/i.test(name) ? "ucs2" : "text");
}

async function noNetworkInfo(asker: Asker): Promise<Answer> {
  const info = await networkInfo(asker);
  if (info === undefined || !hasNoNetwork(info)) return notAsked("there is a network");
  return known(/none/i.test(info) ? "none" : "no-service");
}

async function cregOnLte(asker: Asker): Promise<Answer> {
  const packet = parseParameters((await asker.firstLine("AT+CEREG?")) ?? "");
  const operator = parseParameters((await asker.firstLine("AT+COPS?")) ?? "");
  const isLte = REGISTERED.has(packet.integer(1)) && operator.integer(3) === E_UTRAN;
  if (!isLte) return notAsked("the module is not registered on LTE");
  const stat = parseParameters((await asker.firstLine("AT+CREG?")) ?? "").integer(1);
  const state = STATES.get(stat);
  return state === undefined ? unclear(`CREG says ${stat ?? "nothing"}`) : known(state);
}

/** The highest context that CGDCONT does not list was hardly ever defined. */
async function undefinedContext(asker: Asker): Promise<Answer> {
  const list = await asker.insist("AT+CGDCONT?");
  if (list.kind !== "ok") return notAsked("CGDCONT does not list the contexts");
  const listed = new Set(list.lines.map((line) => parseParameters(line).integer(0)));
  for (let id = HIGHEST_CONTEXT; id >= 1; id--) {
    if (listed.has(id)) continue;
    const type = parseParameters((await asker.firstLine(`AT+QICSGP=${id}`)) ?? "").integer(0);
    if (type !== undefined) return known(type);
  }
  return notAsked("every context is defined");
}

async function activateTwice(asker: Asker): Promise<Answer> {
  const active = await asker.insist("AT+QIACT?");
  const contexts = active.kind === "ok" ? active.lines.map((line) => parseParameters(line)) : [];
  const context = contexts.find((parameters) => parameters.integer(1) === 1);
  if (context === undefined) return notAsked("no PDP context is active");
  asker.tools.recording.hide(
    contexts.flatMap((parameters) => [parameters.text(3) ?? "", parameters.text(4) ?? ""]),
  );
  const reply = await asker.insist(`AT+QIACT=${context.integer(0) ?? ""}`, { timeoutMs: ACTIVATION_MS });
  return known(reply.kind === "ok" ? "ok" : "error");
}

export const networkQuestions: readonly Question[] = [
  {
    id: "firmware",
    asks: "Which release is the firmware?",
    expected: { answer: "30.203", mark: "A" },
    needs: "nothing",
    variants: ["30.203", "01.003", "A0.301"],
    transcript: "remark",
    ask: firmware,
  },
  {
    id: "key-qpinc",
    asks: "Is AT+QPINC known?",
    expected: { answer: "present", mark: "C" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "remark",
    ask: async (asker) => known((await asker.knows("AT+QPINC?")) ? "present" : "absent"),
  },
  {
    id: "iccid-tail",
    asks: "Does an F follow the number of the card?",
    expected: { answer: "absent", mark: "C" },
    needs: "nothing",
    variants: ["absent", "present"],
    transcript: "remark",
    ask: iccidTail,
  },
  {
    id: "operator-quotes",
    asks: "Does QNWINFO write the operator in quotes?",
    expected: { answer: "present", mark: "B" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "remark",
    ask: operatorQuotes,
  },
  {
    id: "operator-coding",
    asks: "Is the operator's name in COPS text, or the digits of UCS2?",
    expected: { answer: "text", mark: "B" },
    needs: "nothing",
    variants: ["text", "ucs2"],
    transcript: "remark",
    ask: operatorCoding,
  },
  {
    id: "no-network-info",
    asks: "What does QNWINFO say without network?",
    expected: { answer: "none", mark: "C" },
    needs: "nothing",
    variants: ["none", "no-service"],
    transcript: "remark",
    ask: noNetworkInfo,
  },
  {
    id: "creg-on-lte",
    asks: "What does CREG say on LTE?",
    expected: { answer: "registered", mark: "C" },
    needs: "nothing",
    variants: ["registered", "searching", "not-registered"],
    transcript: "remark",
    ask: cregOnLte,
  },
  {
    id: "undefined-context",
    asks: "Which type does QICSGP tell of a PDP context that was never defined?",
    expected: { answer: "1", mark: "C" },
    needs: "nothing",
    variants: ["1", "0"],
    transcript: "remark",
    ask: undefinedContext,
  },
  {
    id: "activate-active",
    asks: "What does QIACT of a context get that is active already?",
    expected: { answer: "error", mark: "C" },
    needs: "nothing",
    variants: ["error", "ok"],
    transcript: "remark",
    ask: activateTwice,
  },
];
