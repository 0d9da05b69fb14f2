/** What the modem's dialog looks up in the runtime: serial ports and names of root certificates. */
import type { SerialPortInfo } from "../../lib/serial/ports";
import { offer } from "../dialog/fields";
import { text } from "../dialog/texts";
import type { MenuOption } from "../red";
import { request } from "../shared/request";
import { field } from "./field";

async function findPorts(): Promise<MenuOption[]> {
  const ports = await request<SerialPortInfo[]>("ports");
  const isNoneKnown = ports.length > 0 && ports.every(({ models }) => models === undefined);
  // It names nothing to choose; what it says is true of each port below it.
  const remark = isNoneKnown
    ? [{ label: $("<div>", { class: "quectel-port quectel-no-module", text: text("lookUp.noModule") }) }]
    : [];
  const options = ports.map((port) => {
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
  return [...remark, ...options];
}

async function findRoots(): Promise<MenuOption[]> {
  const names = await request<string[]>("roots");
  return names.map((name) => ({ value: name, label: name }));
}

export function prepareLookups(): void {
  offer($("#quectel-find-port"), field("serialPort"), findPorts, text("lookUp.noPort"));
  offer($("#quectel-find-root"), field("tlsRoot"), findRoots, text("lookUp.noRoot"));
}
