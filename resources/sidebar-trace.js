/**
 * The lower part of the tab: the trace of the line to the modem, and the report for an issue.
 *
 * It stays while the rest is drawn anew, so that a text that a person has marked stays marked.
 */
(function () {
  const tools = () => window.quectelSidebar;

  /** `modem-trace-2026-01-01T12-30-05.txt` */
  function save(name, content) {
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    const url = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
    const link = tools().element("a", { href: url, download: `${name}-${stamp}.txt` });
    link.click();
    URL.revokeObjectURL(url);
  }

  /**
   * @param ask called with `trace` or `report`, resolves with the answer about the chosen modem.
   * @param act called with an action.
   */
  function create({ ask, act, fail }) {
    const { element, text } = tools();
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
    const reportBox = element("div", { class: "quectel-report", hidden: true });
    reportBox.append(element("p", {}, text("report.tip")), report, reportButtons);
    const root = element(
      "section",
      { class: "quectel-section quectel-trace", "aria-labelledby": "quectel-heading-trace" },
      element("h4", { id: "quectel-heading-trace" }, text("trace.title")),
      buttons,
      note,
      lines,
      reportBox,
    );

    /** Puts a new text in only where it differs, and stays at the end if it was there. */
    function show(content) {
      if (lines.textContent === content) return;
      const isAtEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
      lines.textContent = content;
      if (isAtEnd) lines.scrollTop = lines.scrollHeight;
    }

    /** Changes when another modem is chosen: what was asked before is not about it. */
    let about = {};

    async function refresh() {
      const asked = about;
      try {
        const answer = await ask("trace");
        if (asked === about) show(answer.lines.join("\n"));
      } catch (error) {
        if (asked === about) fail(error);
      }
    }

    async function makeReport() {
      const asked = about;
      try {
        const answer = await ask("report");
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

    const copy = (key, label, content, disabled) =>
      tools().button({
        key,
        icon: "fa-clipboard",
        label,
        disabled,
        onclick: (event) => RED.clipboard.copyText(content(), $(event.currentTarget), text("copied")),
      });

    /** @param view what the runtime has answered; `passed` milliseconds ago. */
    function draw(view, passed) {
      const { button, duration } = tools();
      const { endsInMs, hasEntries } = view.trace;
      const isRecording = endsInMs !== undefined;
      if (!isRecording && !hasEntries) show("");
      note.textContent = isRecording
        ? text("trace.recording", { time: duration(endsInMs - passed) })
        : text(hasEntries ? "trace.ended" : "trace.off");
      lines.hidden = !isRecording && !hasEntries;
      const toggle = isRecording
        ? { key: "stopTrace", icon: "fa-stop", label: text("action.stopTrace") }
        : { key: "startTrace", icon: "fa-circle", label: text("action.startTrace") };
      buttons.replaceChildren(
        button({ ...toggle, write: true, onclick: () => act(toggle.key) }),
        copy("copyTrace", text("action.copy"), () => lines.textContent, lines.textContent === ""),
        button({
          key: "download",
          icon: "fa-download",
          label: text("action.download"),
          disabled: lines.textContent === "",
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
        copy("copyReport", text("action.copyReport"), () => report.value),
        button({
          key: "closeReport",
          icon: "fa-times",
          label: text("action.close"),
          onclick: () => void (reportBox.hidden = true),
        }),
      );
    }

    /** Another modem was chosen. */
    function clear() {
      about = {};
      show("");
      report.value = "";
      reportBox.hidden = true;
    }

    return { root, draw, refresh, clear };
  }

  window.quectelSidebarTrace = { create };
})();
