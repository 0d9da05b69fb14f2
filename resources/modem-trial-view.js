/** How a trial looks in the modem's dialog: its steps, what came of it, and the question after a test mail. */
(function () {
  // The files arrive in any order, so what is shared is looked up when it is used.
  const text = (key, values) => window.quectelMail.text(key, values);
  const field = (name) => $(`#node-config-input-${name}`);

  const ICONS = {
    ok: "fa-check-circle",
    warning: "fa-exclamation-triangle",
    failed: "fa-times-circle",
    skipped: "fa-minus-circle",
    running: "fa-spinner fa-spin",
    pending: "fa-circle-o",
  };

  /** The trial as it was shown last, as JSON. */
  let shown;
  /** Codings that were found unreadable since the dialog was opened. */
  let unreadable = new Set();

  /** What a step is called: those of diagnosis and mail have names, a fact its own. */
  const nameOf = (name) => window.quectelMail.translated(`step.${name}`, name);

  function stepLine({ name, status, detail, needs, code, hint, hintKey }) {
    const line = $("<li>", { class: `quectel-step quectel-step-${status}` });
    $("<i>", { class: `fa ${ICONS[status]}`, "aria-hidden": "true" }).appendTo(line);
    const words = $("<div>").appendTo(line);
    $("<span>", { class: "quectel-step-name" }).text(nameOf(name)).appendTo(words);
    $("<span>", { class: "quectel-step-status" })
      .text(text(`stepStatus.${status}`))
      .appendTo(words);
    // The detail of an error is its message; other details are what was found, in English.
    const said = code === undefined ? detail : window.quectelHints.explain({ code, message: detail }).message;
    const found = needs === undefined ? said : text("trial.needs", { step: nameOf(needs) });
    if (found) $("<span>", { class: "quectel-step-detail" }).text(found).appendTo(words);
    if (hint) {
      $("<div>", { class: "quectel-step-hint" })
        .text(window.quectelHints.explain({ code, hint, hintKey }).hint)
        .appendTo(words);
    }
    return line;
  }

  /** Steps that are done, the one that runs, and those to come. */
  function allSteps({ ladder, steps, phase }) {
    const done = new Set(steps.map(({ name }) => name));
    const open = ladder.filter((name) => !done.has(name));
    const rest = open.map((name, index) => ({
      name,
      status: phase === "running" && index === 0 ? "running" : "pending",
    }));
    return phase === "ended" ? steps : [...steps, ...rest];
  }

  function headlineOf(view) {
    const { kind, phase, steps, total, end, mail } = view;
    if (phase === "waiting") return text("trial.waiting");
    if (phase === "running") {
      return kind === "facts" && steps.length > 0
        ? text("trial.asking", { done: steps.length, total })
        : text(`running.${kind}`);
    }
    if (end.kind === "stopped") {
      const sending = steps.length === view.ladder.length - 1;
      return kind === "mail" && sending ? text("trial.stoppedSending") : text(`stop.${end.why}`);
    }
    if (end.kind === "failed") return window.quectelHints.explain(end.error).message;
    if (mail !== undefined) return text("trial.mailSent", mail);
    const failed = steps.find(({ status }) => status === "failed");
    if (failed !== undefined) {
      return text(kind === "mail" ? "trial.mailNotSent" : "trial.endsAt", { step: nameOf(failed.name) });
    }
    if (kind === "facts") return text("trial.asked", { total });
    if ($("#quectel-tab-server .input-error").length > 0)
      return text("trial.fillInServer", { tab: text("tab.server") });
    return text(steps.some(({ status }) => status === "warning") ? "trial.withWarnings" : "trial.allWell");
  }

  /** `good`, `bad` or nothing while it is open. */
  function moodOf({ phase, end, steps }) {
    if (phase !== "ended" || end.kind === "stopped") return "";
    const isGood = end.kind === "done" && !steps.some(({ status }) => status === "failed");
    return isGood ? "quectel-good" : "quectel-danger";
  }

  /**
   * The next coding to try: the other way to write the bytes, then the charset for Chinese. Undefined when all were
   * tried.
   */
  function nextCoding({ coding, charset }) {
    unreadable.add(`encoding ${coding === "unknown" ? "raw" : coding}`);
    unreadable.add(`charset ${charset}`);
    const encoding = ["hex", "raw"].find((value) => !unreadable.has(`encoding ${value}`));
    if (encoding !== undefined) return { name: "encoding", value: encoding };
    const next = ["gb2312", "big5"].find((value) => !unreadable.has(`charset ${value}`));
    return next === undefined ? undefined : { name: "charset", value: next };
  }

  function showAdvice(area, mail, leadTo) {
    area.empty();
    const next = nextCoding(mail);
    if (next === undefined) {
      $("<p>").text(text("trial.noCodingLeft")).appendTo(area);
      return;
    }
    const select = field(next.name);
    const values = {
      value: select.find(`option[value="${next.value}"]`).text(),
      field: text(`label.${next.name}`),
      tab: text("tab.outbox"),
    };
    $("<p>").text(text("trial.tryCoding", values)).appendTo(area);
    $("<button>", { type: "button", class: "red-ui-button", id: "quectel-trial-choose" })
      .text(text("trial.choose", values))
      .on("click", () => {
        select.val(next.value).trigger("change");
        leadTo(next.name);
      })
      .appendTo(area);
  }

  /** The mail as it lies in the mailbox of the simulated modem. */
  function showReceived(area, { subject, text: body }) {
    area.prepend($("<p>").text(text("trial.received")), $("<pre>").text(`${subject}\n\n${body}`));
  }

  /** Asks whether the letters of the test mail can be read; only a person sees that. */
  function showQuestion(area, mail, leadTo) {
    area.empty();
    const letters = [mail.accents, mail.chinese].filter((part) => part !== "").join("  ");
    $("<p>").text(text("trial.readable", { letters })).appendTo(area);
    const button = (id, key, onClick) =>
      $("<button>", { type: "button", class: "red-ui-button", id })
        .text(text(key))
        .on("click", onClick)
        .appendTo(area);
    button("quectel-trial-readable", "trial.yes", () => {
      area.empty();
      $("<p>").text(text("trial.keepCoding")).appendTo(area);
    });
    area.append(" ");
    button("quectel-trial-unreadable", "trial.no", () => showAdvice(area, mail, leadTo));
  }

  function showReport(area, report) {
    area.empty();
    const button = $("<button>", { type: "button", class: "red-ui-button", id: "quectel-trial-copy" })
      .append($("<i>", { class: "fa fa-clipboard", "aria-hidden": "true" }))
      .append(document.createTextNode(` ${text("trial.copy")}`))
      .appendTo(area);
    button.on("click", () => RED.clipboard.copyText(report, button, text("trial.copied")));
    const details = $("<details>").appendTo(area);
    $("<summary>").text(text("trial.report")).appendTo(details);
    $("<pre>", { tabindex: "0" }).text(report).appendTo(details);
  }

  /** Shows a trial as the runtime tells of it; called again with each look. */
  function show(view, leadTo) {
    const news = JSON.stringify(view);
    if (news === shown) return;
    shown = news;
    $("#quectel-trial-headline").attr("class", moodOf(view)).text(headlineOf(view));
    const { end, mail } = view;
    const hint = end?.kind === "failed" ? window.quectelHints.explain(end.error).hint : "";
    $("#quectel-trial-hint").text(hint);
    const list = $("#quectel-trial-steps").empty().append(allSteps(view).map(stepLine));
    // A list without steps to come grows at its end.
    if (view.ladder.length === 0) list.scrollTop(list[0].scrollHeight);
    const warnings = $("#quectel-trial-warnings").empty();
    for (const warning of mail?.warnings ?? []) $("<li>").text(warning).appendTo(warnings);
    const question = $("#quectel-trial-question");
    if (mail !== undefined) showQuestion(question, mail, leadTo);
    if (mail?.received !== undefined) showReceived(question, mail.received);
    if (view.report !== undefined) showReport($("#quectel-trial-report"), view.report);
  }

  /** Shows why there is no trial. */
  function showError(message, hint) {
    clear();
    $("#quectel-trial-headline").attr("class", "quectel-danger").text(message);
    $("#quectel-trial-hint").text(hint);
  }

  function clear() {
    shown = undefined;
    $("#quectel-trial-headline").attr("class", "").text("");
    $("#quectel-trial-hint, #quectel-trial-steps, #quectel-trial-warnings").empty();
    $("#quectel-trial-question, #quectel-trial-report").empty();
  }

  /** To be called with each dialog. */
  function forget() {
    unreadable = new Set();
  }

  window.quectelModemTrialView = { show, showError, clear, forget };
})();
