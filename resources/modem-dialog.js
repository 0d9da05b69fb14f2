/**
 * The dialog of the modem: tabs, look-ups, known mail servers, and how a certificate is checked.
 *
 * The form itself is in `quectel-modem.html`, what several dialogs share in `dialogs.js`.
 */
(function () {
  // The two files arrive in any order, so the shared functions are looked up when a dialog opens.
  const text = (key, values) => window.quectelMail.text(key, values);
  const field = (name) => $(`#node-config-input-${name}`);

  const TABS = ["modem", "network", "server", "security", "outbox"];

  /** The ports that mail servers listen on, by security; another number is a person's own choice and is kept. */
  const USUAL_PORTS = { tls: "465", starttls: "587", none: "25" };

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

  function prepareTabs() {
    const tabs = RED.tabs.create({
      id: "quectel-tabs",
      onchange: (tab) => {
        $(".quectel-tab").hide();
        $(`#${tab.id}`).show();
      },
    });
    for (const name of TABS) tabs.addTab({ id: `quectel-tab-${name}`, label: text(`tab.${name}`) });
    // The tray has no width yet.
    setTimeout(() => tabs.resize(), 0);
  }

  async function findPorts() {
    const ports = await window.quectelMail.ask("ports");
    return ports.map((port) => {
      const label = $("<div>", { class: "quectel-port" });
      const name = port.description ?? port.models ?? port.device;
      const what = port.role === undefined ? name : `${name} – ${text(`portRole.${port.role}`)}`;
      $("<div>")
        .text(what)
        .toggleClass("quectel-recommended", port.role === "at")
        .appendTo(label);
      $("<small>")
        .text(port.path === port.device ? port.path : `${port.path} (${port.device})`)
        .appendTo(label);
      return { value: port.path, label };
    });
  }

  async function findRoots() {
    const names = await window.quectelMail.ask("roots");
    return names.map((name) => ({ value: name, label: name }));
  }

  /** A choice fills host, port and security; they stay free to be changed. */
  function prepareProviders() {
    const select = $("#quectel-provider");
    const remark = $("#quectel-provider-remark");
    window.quectelMail.ask("providers").then(
      (providers) => {
        for (const { name } of providers) $("<option>").val(name).text(name).appendTo(select);
        const here = providers.find(({ host }) => host !== "" && host === field("smtpHost").val());
        select.val(here?.name ?? "");
        const show = (provider) => {
          remark
            .text(provider === undefined ? "" : window.quectelHints.sentence(provider.remark))
            .toggleClass("quectel-danger", provider?.passwordLogin === false);
        };
        show(here);
        select.on("change", () => {
          const provider = providers.find(({ name }) => name === select.val());
          show(provider);
          if (provider === undefined) return;
          field("smtpSecurity").val(provider.security).trigger("change");
          if (provider.host !== "") field("smtpHost").val(provider.host).trigger("change");
          field("smtpPort").val(String(provider.port)).trigger("change");
        });
      },
      (error) => remark.text(error.message),
    );
  }

  function followUsualPort() {
    let before = field("smtpSecurity").val();
    field("smtpSecurity").on("change", function () {
      const port = field("smtpPort");
      if (port.val() === USUAL_PORTS[before]) port.val(USUAL_PORTS[$(this).val()]).trigger("change");
      before = $(this).val();
    });
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

  function prepare(node) {
    const { begin, current, offer, showWhatApplies } = window.quectelMail;
    prepareTabs();
    begin(node);
    offer($("#quectel-find-port"), field("serialPort"), findPorts, text("lookUp.noPort"));
    offer($("#quectel-find-root"), field("tlsRoot"), findRoots, text("lookUp.noRoot"));
    prepareProviders();
    followUsualPort();
    prepareCheck();
    showWhatApplies($(".quectel-dialog"), (name) =>
      name === "check" ? $("#quectel-check").val() : current(node, name),
    );
  }

  /** Leaves nothing behind that does not apply: a password of a login that was switched off. */
  function save() {
    if (field("apnAuth").val() === "none") {
      field("apnUser").val("");
      field("apnPassword").val("");
    }
    if (field("tlsRoot").val().trim() === "") field("tlsRoot").val("auto");
  }

  window.quectelModemDialog = { label, prepare, save };
})();
