/**
 * The lower part of the tab: the trace of the line to the modem, and the report for an issue.
 *
 * It stays while the rest is drawn anew, so that a text that a person has marked stays marked.
 */
import type { ModemView } from "../../nodes/runtime/sidebar/modem-view";
import { button, duration, element, text } from "./dom";

export interface TraceOptions {
  /** Asks about the chosen modem. */
  readonly ask: <Answer>(what: "trace" | "report") => Promise<Answer>;
  readonly act: (action: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface TracePart {
  readonly root: HTMLElement;
  /** @param view what the runtime answered `passed` milliseconds ago. */
  draw(view: ModemView, passed: number): void;
  refresh(): Promise<void>;
  /** Another modem was chosen. */
  clear(): void;
}

export function createTrace({ ask, act, fail }: TraceOptions): TracePart {
  const buttons = element("div", { class: "quectel-buttons" });
  const note = element("p", { class: "quectel-none" });
  const lines = element("pre", {
    tabindex: "0",
    class: "quectel-trace-lines",
    "aria-label": text("trace.title"),
  });
  const report = element("textarea", {
    readonly: true,
    spellcheck: "false",
    "aria-label": text("report.title"),
  });
  const reportButtons = element("div", { class: "quectel-buttons" });
  const reportBox = element(
    "div",
    { class: "quectel-report", hidden: true },
    element("p", {}, text("report.tip")),
    report,
    reportButtons,
  );
  const root = element(
    "section",
    { class: "quectel-section quectel-trace", "aria-labelledby": "quectel-heading-trace" },
    element("h4", { id: "quectel-heading-trace" }, text("trace.title")),
    buttons,
    note,
    lines,
    reportBox,
  );
  /** Grows when another modem is chosen: what was asked before is not about it. */
  let about = 0;

  /** Puts a new text in only where it differs, and stays at the end if it was there. */
  function show(content: string): void {
    if (lines.textContent === content) return;
    const isAtEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
    lines.textContent = content;
    if (isAtEnd) lines.scrollTop = lines.scrollHeight;
  }

  async function refresh(): Promise<void> {
    const asked = about;
    try {
      const answer = await ask<{ readonly lines: readonly string[] }>("trace");
      if (asked === about) show(answer.lines.join("\n"));
    } catch (error) {
      if (asked === about) fail(error);
    }
  }

  async function makeReport(): Promise<void> {
    const asked = about;
    try {
      const answer = await ask<{ readonly text: string }>("report");
      if (asked !== about) return;
      report.value = answer.text;
      reportBox.hidden = false;
      reportBox.scrollIntoView({ block: "nearest" });
      report.focus();
      report.select();
      report.scrollTop = 0;
    } catch (error) {
      fail(error);
    }
  }

  function drawButtons(isRecording: boolean): void {
    const toggle = isRecording
      ? { key: "stopTrace", icon: "fa-stop", label: text("action.stopTrace") }
      : { key: "startTrace", icon: "fa-circle", label: text("action.startTrace") };
    const isEmpty = lines.textContent === "";
    buttons.replaceChildren(
      button({ ...toggle, write: true, onclick: () => act(toggle.key) }),
      copyButton("copyTrace", text("action.copy"), () => lines.textContent ?? "", isEmpty),
      button({
        key: "download",
        icon: "fa-download",
        label: text("action.download"),
        disabled: isEmpty,
        onclick: () => save("modem-trace", `${lines.textContent}\n`),
      }),
      button({
        key: "report",
        icon: "fa-bug",
        label: text("action.report"),
        onclick: () => void makeReport(),
      }),
    );
    reportButtons.replaceChildren(
      copyButton("copyReport", text("action.copyReport"), () => report.value, false),
      button({
        key: "closeReport",
        icon: "fa-times",
        label: text("action.close"),
        onclick: () => {
          reportBox.hidden = true;
        },
      }),
    );
  }

  return {
    root,
    refresh,
    draw(view, passed) {
      const { endsInMs, hasEntries } = view.trace;
      const isRecording = endsInMs !== undefined;
      if (!isRecording && !hasEntries) show("");
      note.textContent = isRecording
        ? text("trace.recording", { time: duration(endsInMs - passed) })
        : text(hasEntries ? "trace.ended" : "trace.off");
      lines.hidden = !isRecording && !hasEntries;
      drawButtons(isRecording);
    },
    clear() {
      about++;
      show("");
      report.value = "";
      reportBox.hidden = true;
    },
  };
}

function copyButton(key: string, label: string, content: () => string, disabled: boolean): HTMLButtonElement {
  const made = button({
    key,
    icon: "fa-clipboard",
    label,
    disabled,
    onclick: () => RED.clipboard.copyText(content(), $(made), text("copied")),
  });
  return made;
}

/** `modem-trace-2026-01-01T12-30-05.txt` */
function save(name: string, content: string): void {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const url = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
  element("a", { href: url, download: `${name}-${stamp}.txt` }).click();
  URL.revokeObjectURL(url);
}
