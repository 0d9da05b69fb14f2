/**
 * The dialog of the modem: its tabs, how a certificate is checked, and what is opened and saved.
 *
 * The form itself is in `quectel-modem.html`, what several dialogs share in `dialogs.js`, the parts of this one in
 * `modem-lookups.js`, `modem-server.js` and `modem-trial.js`.
 */
(function () {
  // The files arrive in any order, so what is shared is looked up when it is used.
  const text = (key, values) => window.quectelMail.text(key, values);
  const field = (name) => $(`#node-config-input-${name}`);

  const TABS = ["modem", "network", "server", "security", "outbox"];

  /** How the modem is reached, for lists of config nodes. */
  function label(node) {
    switch (node.transport) {
      case "tcp":
        return `${node.tcpHost}:${node.tcpPort}`;
      case "simulator":
        return text("transport.simulator");
      default:
        return node.serialPort || "quectel-modem";
    }
  }

  let tabs;

  function prepareTabs() {
    tabs = RED.tabs.create({
      id: "quectel-tabs",
      onchange: (tab) => {
        $(".quectel-tab").hide();
        $(`#${tab.id}`).show();
      },
    });
    for (const name of TABS) tabs.addTab({ id: `quectel-tab-${name}`, label: text(`tab.${name}`) });
    // The editor's tabs listen to the mouse only.
    $("#quectel-tabs a").on("keydown", function (event) {
      const place = TABS.indexOf(this.hash.replace("#quectel-tab-", ""));
      const moves = { Enter: 0, " ": 0, ArrowLeft: -1, ArrowRight: 1 };
      const name = TABS[place + moves[event.key]];
      if (name === undefined) return;
      event.preventDefault();
      tabs.activateTab(`quectel-tab-${name}`);
      $(`#quectel-tabs a[href="#quectel-tab-${name}"]`).trigger("focus");
    });
    // The tray has no width yet.
    setTimeout(() => tabs.resize(), 0);
  }

  /** One choice on the screen stands for two properties: `tlsVerify` and `tlsRoot`. */
  function shownCheck() {
    if (!field("tlsVerify").prop("checked")) return "off";
    const root = field("tlsRoot").val();
    return ["auto", "pem"].includes(root) ? root : "name";
  }

  function prepareCheck() {
    const check = $("#quectel-check").val(shownCheck());
    const root = field("tlsRoot");
    check.on("change", () => {
      field("tlsVerify").prop("checked", check.val() !== "off");
      // The name stays visible only where it means a name.
      if (check.val() === "name" && ["auto", "pem"].includes(root.val())) root.val("");
      if (["auto", "pem"].includes(check.val())) root.val(check.val());
      root.trigger("change");
    });
    $("#quectel-ca-file").on("change", async function () {
      const [file] = this.files;
      if (file !== undefined)
        field("tlsCa")
          .val(await file.text())
          .trigger("change");
    });
  }

  /** Marks the tabs that hold a field with a complaint, because only one tab is seen at a time. */
  function markTabs() {
    for (const name of TABS) {
      const isWrong = $(`#quectel-tab-${name} .input-error`).length > 0;
      $(`#quectel-tabs a[href="#quectel-tab-${name}"]`).toggleClass("quectel-danger", isWrong);
    }
  }

  /** Opens the tab of a property's field and puts the cursor there. */
  function leadTo(property) {
    const input = field(property);
    const [tab] = input.closest(".quectel-tab");
    if (tab !== undefined) tabs.activateTab(tab.id);
    input.trigger("focus");
  }

  function prepare(node) {
    const { begin, current, showWhatApplies } = window.quectelMail;
    prepareTabs();
    begin(node);
    window.quectelModemLookups.prepare();
    window.quectelModemServer.prepare(node);
    prepareCheck();
    showWhatApplies($(".quectel-dialog"), (name) =>
      name === "check" ? $("#quectel-check").val() : current(node, name),
    );
    window.quectelModemTrial.prepare(node, { leadTo });
    // The editor validates on the same events, after the dialog is prepared.
    $(".quectel-dialog").on("change keyup paste", "input, select, textarea", () => setTimeout(markTabs, 0));
    setTimeout(markTabs, 0);
  }

  /** To be called however the dialog is left. */
  function close() {
    window.quectelModemTrial.close();
  }

  /** Leaves nothing behind that does not apply: a password of a login that was switched off. */
  function save() {
    if (field("apnAuth").val() === "none") {
      field("apnUser").val("");
      field("apnPassword").val("");
    }
    if (field("tlsRoot").val().trim() === "") field("tlsRoot").val("auto");
    close();
  }

  window.quectelModemDialog = { label, prepare, save, close };
})();
