/** How a connection test looks in the modem's dialog: its steps, what came of it, and the question after a test mail. */
import type { SentTestMail, TestStep, TestView } from "../../nodes/runtime/connection-test/test-view";
import { text, translated } from "../dialog/texts";
import { group } from "../shared/catalog";
import { explain } from "../shared/explain";
import { findingText } from "../shared/finding-text";
import { field } from "./field";

/** Opens the tab of a property's field and puts the cursor there. */
export type LeadTo = (property: string) => void;

/** Keeps what a person says of the letters of the test mail. */
type Judge = (isReadable: boolean) => void;

interface ShownStep extends Omit<TestStep, "status" | "detail"> {
  readonly status: TestStep["status"] | "running" | "pending";
  readonly detail?: string;
}

const ICONS: Readonly<Record<ShownStep["status"], string>> = {
  ok: "fa-check-circle",
  warning: "fa-exclamation-triangle",
  failed: "fa-times-circle",
  skipped: "fa-minus-circle",
  running: "fa-spinner fa-spin",
  pending: "fa-circle-o",
};

/** The connection test as it was shown last, as JSON. */
let shown: string | undefined;
/** Codings that were found unreadable since the dialog was opened. */
let unreadable = new Set<string>();

/** Shows a connection test as the runtime tells of it; called again with each look. */
export function showTest(view: TestView, leadTo: LeadTo, judge: Judge): void {
  const news = JSON.stringify(view);
  if (news === shown) return;
  shown = news;
  $("#quectel-test-headline").attr("class", moodOf(view)).text(headlineOf(view));
  const { mail } = view;
  $("#quectel-test-hint").text(hintOf(view));
  showSteps(view);
  const warnings = $("#quectel-test-warnings").empty();
  for (const warning of mail?.warnings ?? []) $("<li>").text(warning).appendTo(warnings);
  const question = $("#quectel-test-question");
  // Over a socket the text is in UTF-8, and there is nothing to choose.
  if (mail?.coding !== undefined) showQuestion(question, mail, leadTo, judge);
  if (mail?.received !== undefined) showReceived(question, mail.received);
  if (view.report !== undefined) showReport($("#quectel-test-report"), view.report);
  if (view.phase === "ended") showResult();
}

/** All of them while they run; once all are well, only their number until a person opens the list. */
function showSteps(view: TestView): void {
  const list = $("#quectel-test-steps")
    .empty()
    .append(allSteps(view).map((step) => stepLine(step, step === headlineStep(view))));
  const isOver = view.phase === "ended";
  const isAllWell = isOver && view.steps.every(({ status }) => status === "ok");
  $("#quectel-test-all")
    .toggle(list.children().length > 0)
    .prop("open", !isAllWell);
  $("#quectel-test-count").text(
    text("connectionTest.steps", {
      done: view.steps.filter(({ status }) => status === "ok").length,
      total: isOver ? view.steps.length : view.total,
    }),
  );
  // A list without steps to come grows at its end.
  if (view.ladder.length === 0) list.scrollTop(list[0]?.scrollHeight ?? 0);
}

/** Headline, hint and question are seen without scrolling, also on a small screen. */
function showResult(): void {
  $("#quectel-test-result")[0]?.scrollIntoView({ block: "nearest" });
}

/** Shows why there is no connection test. */
export function showTestError(message: string, hint: string): void {
  clearTest();
  $("#quectel-test-headline").attr("class", "quectel-danger").text(message);
  $("#quectel-test-hint").text(hint);
  showResult();
}

export function clearTest(): void {
  shown = undefined;
  $("#quectel-test-headline").attr("class", "").text("");
  $("#quectel-test-hint, #quectel-test-steps, #quectel-test-warnings").empty();
  $("#quectel-test-all").hide();
  $("#quectel-test-question, #quectel-test-report").empty();
}

/** To be called with each dialog. */
export function forgetTests(): void {
  unreadable = new Set();
}

/** What a step is called: those of diagnosis and mail have names, a fact its own. */
function nameOf(name: string): string {
  return translated(`step.${name}`, name);
}

/** @param isHeadline its cause and hint stand above the list. */
function stepLine(
  { name, status, detail, needs, code, hint, hintKey }: ShownStep,
  isHeadline: boolean,
): JQuery {
  const line = $("<li>", { class: `quectel-step quectel-step-${status}` });
  $("<i>", { class: `fa ${ICONS[status]}`, "aria-hidden": "true" }).appendTo(line);
  const words = $("<div>").appendTo(line);
  $("<span>", { class: "quectel-step-name" }).text(nameOf(name)).appendTo(words);
  $("<span>", { class: "quectel-step-status" })
    .text(text(`stepStatus.${status}`))
    .appendTo(words);
  const found =
    needs === undefined ? saidOf({ code, detail }) : text("connectionTest.needs", { step: nameOf(needs) });
  if (found) $("<span>", { class: "quectel-step-detail" }).text(found).appendTo(words);
  if (hint && !isHeadline) {
    $("<div>", { class: "quectel-step-hint" })
      .text(explain({ code, hint, hintKey }).hint ?? "")
      .appendTo(words);
  }
  return line;
}

/** The detail of an error is its message; other details are what was found. */
function saidOf({
  code,
  detail,
}: {
  code?: string | undefined;
  detail?: string | undefined;
}): string | undefined {
  return code === undefined
    ? detail && findingText(detail, group("findings", "en-US"), group("findings"))
    : explain({ code, message: detail }).message;
}

/** Steps that are done, the one that runs, and those to come. */
function allSteps({ ladder, steps, phase }: TestView): readonly ShownStep[] {
  if (phase === "ended") return steps;
  const done = new Set(steps.map(({ name }) => name));
  const open = ladder.filter((name) => !done.has(name));
  const rest = open.map((name, index): ShownStep => ({
    name,
    status: phase === "running" && index === 0 ? "running" : "pending",
  }));
  return [...steps, ...rest];
}

function headlineOf(view: TestView): string {
  const { kind, phase, steps, total, end, mail } = view;
  if (phase === "waiting") return text("connectionTest.waiting");
  if (phase === "running" || end === undefined) {
    return kind === "facts" && steps.length > 0
      ? text("connectionTest.asking", { done: steps.length, total })
      : text(`running.${kind}`);
  }
  if (end.kind === "stopped") {
    const isSending = steps.length === view.ladder.length - 1;
    return kind === "mail" && isSending ? text("connectionTest.stoppedSending") : text(`stop.${end.why}`);
  }
  if (end.kind === "failed") return explain(end.error).message ?? "";
  const failed = headlineStep(view);
  if (mail !== undefined) {
    return failed === undefined
      ? text("connectionTest.mailSent", mail)
      : `${text("connectionTest.oneWayFails")} ${causeOf(failed)}`;
  }
  if (failed !== undefined) {
    return kind === "mail" ? `${text("connectionTest.mailNotSent")} ${causeOf(failed)}` : causeOf(failed);
  }
  if (kind === "facts") return text("connectionTest.asked", { total });
  if ($("#quectel-tab-server .input-error").length > 0) {
    return text("connectionTest.fillInServer", { tab: text("tab.server") });
  }
  return text(
    steps.some(({ status }) => status === "warning")
      ? "connectionTest.withWarnings"
      : "connectionTest.allWell",
  );
}

/** `Port: The serial port is not there` */
function causeOf(failed: TestStep): string {
  return [nameOf(failed.name), saidOf(failed)].filter((part) => part).join(": ");
}

/** The first step that failed, once the test is over and its headline names it. */
function headlineStep({ phase, steps, end }: TestView): TestStep | undefined {
  return phase === "ended" && end?.kind === "done"
    ? steps.find(({ status }) => status === "failed")
    : undefined;
}

/** What a person can do about the end. */
function hintOf(view: TestView): string {
  const { end } = view;
  const failed = headlineStep(view);
  const error = end?.kind === "failed" ? end.error : failed && { ...failed, message: failed.detail };
  return (error && explain(error).hint) ?? "";
}

/** `good`, `bad` or nothing while it is open. */
function moodOf({ phase, end, steps }: TestView): string {
  if (phase !== "ended" || end === undefined || end.kind === "stopped") return "";
  const isGood = end.kind === "done" && !steps.some(({ status }) => status === "failed");
  return isGood ? "quectel-good" : "quectel-danger";
}

/**
 * The next coding to try: the other way to write the bytes, then the charset for Chinese. Undefined when all were
 * tried.
 */
function nextCoding({ coding, charset }: SentTestMail): { name: string; value: string } | undefined {
  unreadable.add(`encoding ${coding === "unknown" ? "raw" : coding}`);
  unreadable.add(`charset ${charset}`);
  const encoding = ["hex", "raw"].find((value) => !unreadable.has(`encoding ${value}`));
  if (encoding !== undefined) return { name: "encoding", value: encoding };
  const next = ["gb2312", "big5"].find((value) => !unreadable.has(`charset ${value}`));
  return next === undefined ? undefined : { name: "charset", value: next };
}

function button(id: string, label: string, onClick: () => void): JQuery {
  return $("<button>", { type: "button", class: "red-ui-button", id }).text(label).on("click", onClick);
}

function showAdvice(area: JQuery, mail: SentTestMail, leadTo: LeadTo): void {
  area.empty();
  const next = nextCoding(mail);
  if (next === undefined) {
    $("<p>").text(text("connectionTest.noCodingLeft")).appendTo(area);
    return;
  }
  const select = field(next.name);
  const values = {
    value: select.find(`option[value="${next.value}"]`).text(),
    field: text(`label.${next.name}`),
    tab: text("tab.outbox"),
  };
  $("<p>").text(text("connectionTest.tryCoding", values)).appendTo(area);
  button("quectel-test-choose", text("connectionTest.choose", values), () => {
    select.val(next.value).trigger("change");
    leadTo(next.name);
  }).appendTo(area);
}

/** The mail as it lies in the mailbox of the simulated modem. */
function showReceived(area: JQuery, mail: NonNullable<SentTestMail["received"]>): void {
  area.prepend(
    $("<p>").text(text("connectionTest.received")),
    $("<pre>").text(`${mail.subject}\n\n${mail.text}`),
  );
}

/** Asks whether the letters of the test mail can be read; only a person sees that. */
function showQuestion(area: JQuery, mail: SentTestMail, leadTo: LeadTo, judge: Judge): void {
  area.empty();
  const letters = [mail.accents, mail.chinese].filter((part) => part !== "").join("  ");
  $("<p>").text(text("connectionTest.readable", { letters })).appendTo(area);
  button("quectel-test-readable", text("connectionTest.yes"), () => {
    judge(true);
    area.empty();
    $("<p>").text(text("connectionTest.keepCoding")).appendTo(area);
  }).appendTo(area);
  area.append(" ");
  button("quectel-test-unreadable", text("connectionTest.no"), () => {
    judge(false);
    showAdvice(area, mail, leadTo);
  }).appendTo(area);
}

function showReport(area: JQuery, report: string): void {
  area.empty();
  const copy = $("<button>", { type: "button", class: "red-ui-button", id: "quectel-test-copy" })
    .append($("<i>", { class: "fa fa-clipboard", "aria-hidden": "true" }))
    .append(document.createTextNode(` ${text("connectionTest.copy")}`))
    .appendTo(area);
  copy.on("click", () => RED.clipboard.copyText(report, copy, text("connectionTest.copied")));
  const details = $("<details>").appendTo(area);
  $("<summary>").text(text("connectionTest.report")).appendTo(details);
  $("<pre>", { tabindex: "0" }).text(report).appendTo(details);
}
