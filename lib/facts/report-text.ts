/** The report as a person reads it: a line per question, then its words and the evidence. */
import { differs, type Fact, type FactsReport } from "./report";

const NAME_WIDTH = 24;
const ANSWER_WIDTH = 22;

const LEGEND = `= as expected   ! differs   ? unclear   - not asked
expected: A manual or log of such a module, B manual of a sister module, C inferred`;

const LEFT_OUT_OF_IT =
  "Left out: unsolicited lines (messages, calls, position, registration), cell and operator, numbers of card " +
  "and subscriber, addresses, names and passwords.";

export function reportText(report: FactsReport): string {
  const { model, firmware, facts, notRestored } = report;
  const parts = [
    `Module ${model || "unknown"}, firmware ${firmware || "unknown"}`,
    LEGEND,
    facts.map(factText).join("\n"),
    summary(report),
    LEFT_OUT_OF_IT,
  ];
  if (notRestored.length > 0) parts.push(`NOT PUT BACK: ${notRestored.join(", ")}`);
  return `${parts.join("\n\n")}\n`;
}

/** One fact: sign, name, answer, expectation; then question and evidence. */
export function factText(fact: Fact): string {
  const { id, asks, expected, evidence } = fact;
  const head = [
    signOf(fact),
    id.padEnd(NAME_WIDTH),
    answerText(fact).padEnd(ANSWER_WIDTH),
    `expected ${expected.answer ?? "whatever the model has"} (${expected.mark})`,
  ];
  return [head.join(" "), `    ${asks}`, ...evidence.map((line) => `    ${line}`)].join("\n");
}

function signOf(fact: Fact): string {
  switch (fact.answer.kind) {
    case "known":
      return differs(fact) ? "!" : "=";
    case "unclear":
      return "?";
    case "notAsked":
      return "-";
  }
}

function answerText({ answer }: Fact): string {
  switch (answer.kind) {
    case "known":
      return answer.value;
    case "unclear":
      return `unclear: ${answer.why}`;
    case "notAsked":
      return `not asked: ${answer.why}`;
  }
}

function summary({ facts, end }: FactsReport): string {
  const count = (kind: Fact["answer"]["kind"]): number =>
    facts.filter(({ answer }) => answer.kind === kind).length;
  const counts = `${count("known")} answered, ${facts.filter(differs).length} not as expected, ${count("notAsked")} not asked.`;
  switch (end.kind) {
    case "complete":
      return counts;
    case "stopped":
      return `Stopped. ${counts}`;
    case "lost":
      return `The module was lost: ${end.why}. ${counts}`;
  }
}
