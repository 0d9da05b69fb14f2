/**
 * The test buttons of the modem's dialog: they send what is typed to the runtime, which tries it, and ask how it goes.
 *
 * A password that was not touched is not sent, because the browser never had it. Nothing is saved or deployed.
 */
(function () {
  // The files arrive in any order, so what is shared is looked up when it is used.
  const text = (key, values) => window.quectelMail.text(key, values);

  const BUTTONS = {
    diagnosis: "#quectel-test-modem",
    mail: "#quectel-test-mail",
    facts: "#quectel-ask-facts",
  };

  /** Milliseconds between two looks at a trial. */
  const LOOK = 400;
  /** What Node-RED's editor shows for a password that only the runtime has. */
  const UNTOUCHED = "__PWRD__";
  const RECIPIENT = "quectel-mail-test-recipient";

  /** Id of the trial that runs; undefined while none does. */
  let running;
  /** Grows with each dialog and trial, so that late answers of an earlier one are known. */
  let generation = 0;
  let dialog;

  const scopeOf = (node) => $("#red-ui-editor-config-scope").val() || node.z || "";

  function typedProperties(node) {
    return Object.fromEntries(
      Object.keys(node._def.defaults).map((name) => [name, window.quectelMail.current(node, name) ?? ""]),
    );
  }

  function typedCredentials(node) {
    const isLogin = window.quectelMail.current(node, "apnAuth") !== "none";
    const entries = Object.keys(node._def.credentials).map((name) => {
      const isUnused = ["apnUser", "apnPassword"].includes(name) && !isLogin;
      return [name, isUnused ? "" : $(`#node-config-input-${name}`).val()];
    });
    return Object.fromEntries(entries.filter(([, value]) => value !== UNTOUCHED));
  }

  /** Off while a trial runs, and in the template of a subflow, whose values come from each instance. */
  function updateButtons() {
    const { node } = dialog;
    const isTemplate = Boolean(RED.nodes.subflow(scopeOf(node)));
    const isDenied = !RED.user.hasPermission("quectel-modem.write");
    const why = isTemplate ? text("trial.offInSubflow") : isDenied ? text("trial.offWithoutRight") : "";
    $("#quectel-trial-off")
      .text(why)
      .toggle(why !== "");
    $(Object.values(BUTTONS).join()).prop("disabled", why !== "" || running !== undefined);
    $("#quectel-trial-send").prop("disabled", why !== "" || running !== undefined);
    $("#quectel-trial-cancel").toggle(running !== undefined);
    if (why !== "") $("#quectel-trial-to").hide();
  }

  /** What the dialog itself says against a field, in the words that stand at it; undefined where it has no complaint. */
  function complaintOf(node, property) {
    const validate = node._def.defaults[property]?.validate;
    const verdict = validate?.call(node, window.quectelMail.current(node, property), {});
    return typeof verdict === "string" ? verdict : undefined;
  }

  async function start(kind, more) {
    const { node, leadTo } = dialog;
    const { call } = window.quectelMail;
    const view = window.quectelModemTrialView;
    const own = ++generation;
    running = "starting";
    updateButtons();
    view.clear();
    $("#quectel-trial-headline").text(text(`running.${kind}`));
    $("#quectel-trial-cancel")[0].scrollIntoView({ block: "nearest" });
    try {
      const { id } = await call("POST", "trials", {
        kind,
        modem: node.id,
        flow: scopeOf(node),
        properties: typedProperties(node),
        credentials: typedCredentials(node),
        ...more,
      });
      // The dialog was left meanwhile.
      if (own !== generation) {
        call("DELETE", `trials/${id}`).catch(() => undefined);
        return;
      }
      running = id;
      await follow(id, own);
    } catch (error) {
      if (own !== generation) return;
      const { answer } = error;
      const complaint = complaintOf(node, answer?.property);
      if (complaint === undefined) {
        const label = answer?.property === undefined ? "" : `${text(`label.${answer.property}`)}: `;
        view.showError(
          label + error.message,
          answer === undefined ? "" : window.quectelHints.explain(answer).hint,
        );
      } else view.showError(complaint, "");
      if (answer?.property !== undefined) leadTo(answer.property);
    } finally {
      if (own === generation) {
        running = undefined;
        updateButtons();
      }
    }
  }

  /** Shows a trial until it has ended, or the dialog was left. */
  async function follow(id, own) {
    for (;;) {
      const view = await window.quectelMail.call("GET", `trials/${id}`);
      if (own !== generation) return;
      window.quectelModemTrialView.show(view, dialog.leadTo);
      if (view.phase === "ended") return;
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  function cancel() {
    const id = running;
    if (id === undefined || id === "starting") return;
    window.quectelMail.call("DELETE", `trials/${id}`).catch(() => undefined);
  }

  function askRecipient() {
    const recipient = $("#quectel-trial-recipient");
    if (recipient.val() === "") {
      recipient.val(RED.settings.getLocal(RECIPIENT) || $("#node-config-input-senderAddress").val());
    }
    $("#quectel-trial-to").show();
    recipient.trigger("focus").trigger("select");
  }

  function sendMail() {
    const recipient = $("#quectel-trial-recipient").val().trim();
    if (running !== undefined) return;
    RED.settings.setLocal(RECIPIENT, recipient);
    void start("mail", { recipient });
  }

  function prepare(node, { leadTo }) {
    generation++;
    running = undefined;
    dialog = { node, leadTo };
    window.quectelModemTrialView.forget();
    $("#quectel-trial-to").hide();
    $(BUTTONS.diagnosis).on("click", () => start("diagnosis", {}));
    $(BUTTONS.facts).on("click", () => start("facts", {}));
    $(BUTTONS.mail).on("click", askRecipient);
    $("#quectel-trial-send").on("click", sendMail);
    $("#quectel-trial-cancel").on("click", cancel);
    $("#quectel-trial-recipient").on("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      sendMail();
    });
    updateButtons();
    // The choice of the flow stands below the dialog and is made after it.
    setTimeout(() => {
      if (dialog?.node !== node) return;
      $("#red-ui-editor-config-scope").on("change", updateButtons);
      updateButtons();
    }, 0);
  }

  /** Ends what runs: nobody would see it any more. */
  function close() {
    cancel();
    generation++;
    running = undefined;
  }

  window.quectelModemTrial = { prepare, close };
})();
