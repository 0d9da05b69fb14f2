/** The tab Mail server of the modem's dialog: known providers, the usual ports, and what speaks against the settings. */
(function () {
  // The files arrive in any order, so what is shared is looked up when it is used.
  const text = (key, values) => window.quectelMail.text(key, values);
  const field = (name) => $(`#node-config-input-${name}`);

  /** The ports that mail servers listen on, by security; another number is a person's own choice and is kept. */
  const USUAL_PORTS = { tls: "465", starttls: "587", none: "25" };

  /** The mailbox of the simulated modem (`lib/simulator/delivery/inbox.ts`), and the settings that go with it. */
  const SIMULATED = {
    smtpHost: "inbox.simulated",
    smtpSecurity: "none",
    smtpPort: "25",
    senderAddress: "modem@example.com",
  };

  /** Milliseconds after the last key before the runtime is asked. */
  const PAUSE = 400;

  /** A choice fills host, port and security; they stay free to be changed. */
  function prepareProviders() {
    const select = $("#quectel-provider");
    const remark = $("#quectel-provider-remark");
    window.quectelMail.ask("providers").then(
      (providers) => {
        for (const { name } of providers) $("<option>").val(name).text(name).appendTo(select);
        const here = providers.find(({ host }) => host !== "" && host === field("smtpHost").val());
        select.val(here?.name ?? "");
        // Why a password does not log in is among the advice, whether the provider was chosen or typed.
        const show = (provider) =>
          remark.text(
            provider === undefined || !provider.passwordLogin
              ? ""
              : window.quectelHints.sentence(provider.remark),
          );
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

  /** A simulated modem needs no mail server of one's own; a real one does not know that of the simulated one. */
  function followSimulation(node) {
    const { defaults } = node._def;
    field("transport").on("change", function () {
      const isSimulated = $(this).val() === "simulator";
      const host = field("smtpHost").val();
      if (host !== (isSimulated ? "" : SIMULATED.smtpHost)) return;
      for (const [name, value] of Object.entries(SIMULATED)) {
        const [before, after] = isSimulated ? [defaults[name].value, value] : [value, defaults[name].value];
        if (field(name).val() === before) field(name).val(after).trigger("change");
      }
    });
  }

  function sentenceOf(advice) {
    switch (advice.kind) {
      case "login":
        return `${advice.provider}: ${window.quectelHints.sentence(advice.remark)}`;
      case "credentials":
        return text("advice.credentials", { limit: advice.limit });
      case "security":
        return text("advice.security", { port: advice.port, usual: text(`securityName.${advice.usual}`) });
    }
  }

  /** The bytes of what was typed; a stored password is not known here. */
  function bytesOf(name) {
    const value = field(name).val();
    return value === "__PWRD__" ? 0 : new TextEncoder().encode(value).length;
  }

  /** Shows what is known against the settings, while they are typed. */
  function prepareAdvice() {
    const list = $("#quectel-advice");
    let asked = 0;
    const ask = async () => {
      const number = ++asked;
      const query = $.param({
        host: field("smtpHost").val(),
        port: field("smtpPort").val(),
        security: field("smtpSecurity").val(),
        userBytes: bytesOf("smtpUser"),
        passwordBytes: bytesOf("smtpPassword"),
      });
      // That the runtime does not answer is said where a person asks it something.
      const advice = await window.quectelMail.ask(`advice?${query}`).catch(() => []);
      if (number !== asked) return;
      list.empty();
      for (const item of advice) $("<div>").text(sentenceOf(item)).appendTo(list);
    };
    let timer;
    const names = ["smtpHost", "smtpPort", "smtpSecurity", "smtpUser", "smtpPassword"];
    for (const name of names) {
      field(name).on("input change", () => {
        clearTimeout(timer);
        timer = setTimeout(() => void ask(), PAUSE);
      });
    }
    void ask();
  }

  function prepare(node) {
    prepareProviders();
    followUsualPort();
    followSimulation(node);
    prepareAdvice();
  }

  window.quectelModemServer = { prepare };
})();
