/** What the modem's dialog looks up in the runtime: serial ports and names of root certificates. */
(function () {
  // The files arrive in any order, so what is shared is looked up when it is used.
  const text = (key, values) => window.quectelMail.text(key, values);
  const field = (name) => $(`#node-config-input-${name}`);

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
      // Without any other name the path stands above already.
      if (name !== port.path) {
        $("<small>")
          .text(port.path === port.device ? port.path : `${port.path} (${port.device})`)
          .appendTo(label);
      }
      return { value: port.path, label };
    });
  }

  async function findRoots() {
    const names = await window.quectelMail.ask("roots");
    return names.map((name) => ({ value: name, label: name }));
  }

  function prepare() {
    const { offer } = window.quectelMail;
    offer($("#quectel-find-port"), field("serialPort"), findPorts, text("lookUp.noPort"));
    offer($("#quectel-find-root"), field("tlsRoot"), findRoots, text("lookUp.noRoot"));
  }

  window.quectelModemLookups = { prepare };
})();
