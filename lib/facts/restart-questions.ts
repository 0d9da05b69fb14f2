/** Questions about a start of the module, asked only with leave to restart it (fact base 2.0, 5, 6, 7 and 8). */
import { resultText, type Asker } from "./asker";
import { publicAnswer } from "./public-lines";
import { known, notAsked, type Answer, type Mark, type Question } from "./question";
import { observeRestart, type MarkSeen, type RestartObservation } from "./restart-observation";

interface RestartRow {
  readonly id: string;
  readonly asks: string;
  readonly answer: string;
  readonly mark: Mark;
  readonly variants: readonly string[];
  readonly read: (observation: RestartObservation) => Answer;
  readonly evidence: (observation: RestartObservation) => string;
}

const fateOf = (mark: MarkSeen | undefined, why: string): Answer =>
  mark === undefined ? notAsked(why) : known(mark.fate);
const markText = (mark: MarkSeen | undefined): string =>
  mark === undefined ? "nothing to look at" : `before: ${mark.before}; after: ${mark.after}`;
const linesText = ({ seen }: RestartObservation): string =>
  `lines of the start: ${publicAnswer("", seen.lines).join(" | ")}`;

function readyOrder({ seen }: RestartObservation): Answer {
  const phoneBook = seen.lines.indexOf("+QIND: PB DONE");
  const sms = seen.lines.indexOf("+QIND: SMS DONE");
  if (phoneBook < 0 || sms < 0) return notAsked("not both lines were heard");
  return known(phoneBook < sms ? "phone-book-first" : "sms-first");
}

function lateProcessor({ seen, firstMailCommand, firstApplicationCommand }: RestartObservation): Answer {
  if (firstMailCommand.kind !== "ok") return known("mail");
  if (firstApplicationCommand.kind !== "ok") return known("application");
  return seen.port === "stays" ? known("immediate") : notAsked("the port came back too late to see it");
}

const rows: readonly RestartRow[] = [
  {
    id: "smtp-after-restart",
    asks: "Are the settings of QSMTPCFG kept over a restart?",
    answer: "lost",
    mark: "B",
    variants: ["lost", "kept"],
    read: ({ mailSettings }) => fateOf(mailSettings, "the mark could not be set"),
    evidence: ({ mailSettings }) => markText(mailSettings),
  },
  {
    id: "ssl-after-restart",
    asks: "Are the settings of QSSLCFG kept over a restart?",
    answer: "lost",
    mark: "B",
    variants: ["lost", "kept"],
    read: ({ tlsSettings }) => fateOf(tlsSettings, "the mark could not be set"),
    evidence: ({ tlsSettings }) => markText(tlsSettings),
  },
  {
    id: "pdp-after-restart",
    asks: "Are the definitions of QICSGP kept over a restart?",
    answer: "kept",
    mark: "C",
    variants: ["kept", "lost"],
    read: ({ contextDefinition }) => fateOf(contextDefinition, "no PDP context is defined"),
    evidence: ({ contextDefinition }) => markText(contextDefinition),
  },
  {
    id: "account-attempts",
    asks: "How many attempts does the account take after a start?",
    answer: "1",
    mark: "C",
    variants: ["1", "3"],
    read: ({ accountAttempts }) =>
      accountAttempts === undefined
        ? notAsked("the account is left alone, or refused")
        : known(accountAttempts),
    evidence: ({ accountAttempts }) => `OK at attempt ${accountAttempts ?? "none"}`,
  },
  {
    id: "ready-urc",
    asks: "Is RDY seen after a start?",
    answer: "present",
    mark: "A",
    variants: ["present", "missed"],
    read: ({ seen }) => known(seen.lines.includes("RDY") ? "present" : "missed"),
    evidence: linesText,
  },
  {
    id: "start-noise",
    asks: "Do NUL bytes come before the first line of a start?",
    answer: "absent",
    mark: "C",
    variants: ["absent", "nul"],
    read: ({ noise }) =>
      noise === undefined ? notAsked("the bytes of this connection are not recorded") : known(noise),
    evidence: linesText,
  },
  {
    id: "ready-order",
    asks: "Is the phone book ready before SMS?",
    answer: "sms-first",
    mark: "A",
    variants: ["sms-first", "phone-book-first"],
    read: readyOrder,
    evidence: linesText,
  },
  {
    id: "restart-port",
    asks: "Does the port stay while the module restarts?",
    answer: "stays",
    mark: "C",
    variants: ["stays", "vanishes"],
    read: ({ seen }) => known(seen.port),
    evidence: ({ seen }) => `the port ${seen.port}`,
  },
  {
    id: "application-start",
    asks: "Which commands are refused when the module has just begun to answer: those of the application, or of mail?",
    answer: "application",
    mark: "A",
    variants: ["application", "mail", "immediate"],
    read: lateProcessor,
    evidence: ({ firstMailCommand, firstApplicationCommand }) =>
      `first AT+QSMTPCFG=? -> ${resultText(firstMailCommand)}, first AT+CBC -> ${resultText(firstApplicationCommand)}`,
  },
];

async function ask(asker: Asker, { read, evidence }: RestartRow): Promise<Answer> {
  const { restart } = asker.tools;
  if (restart === undefined) return notAsked("the module may not be restarted");
  const observation = await observeRestart(asker, restart);
  asker.proveBy(evidence(observation));
  return read(observation);
}

export const restartQuestions: readonly Question[] = rows.map((row) => {
  const { id, asks, answer, mark, variants } = row;
  return {
    id,
    asks,
    expected: { answer, mark },
    needs: "restart",
    variants,
    transcript: "remark",
    ask: (asker) => ask(asker, row),
  };
});
