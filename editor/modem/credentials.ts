/**
 * Which credentials a modem needs, at their fields and, where they are missing, as a mark on the nodes in the workspace.
 *
 * An exported flow holds none, and the editor does not know those of a modem whose dialog was not open: Node-RED is
 * asked, which tells texts and, of passwords, whether there is one.
 */
import { current, isEmpty, textOf } from "../dialog/fields";
import { text } from "../dialog/texts";
import type { EditorCredentials, EditorNode, Validator } from "../red";

const TYPE = "quectel-modem";

/** Of each kind of login; the simulated modem needs none. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  password: ["smtpUser", "smtpPassword"],
  none: [],
  microsoft: ["smtpUser", "clientSecret"],
  google: ["smtpUser", "serviceAccount"],
  oauth2: ["smtpUser", "clientSecret"],
};

const ALL_NEEDED = [...new Set(Object.values(NEEDED).flat())];

/** What Node-RED has told of modems, by their ids. */
const told = new Map<string, EditorCredentials>();

function isNeeded(name: string, transport: unknown, login: unknown): boolean {
  return transport !== "simulator" && (NEEDED[textOf(login) || "password"] ?? []).includes(name);
}

/** A credential is filled in where the login of the open dialog needs it. */
export function neededCredential(name: string): Validator {
  return function (value, _options) {
    const isMissing = isEmpty(value) && isNeeded(name, current(this, "transport"), current(this, "login"));
    return !isMissing || `${text(`label.${name}`)}: ${text("invalid.missing")}`;
  };
}

/** Marks a modem whose credentials are missing. It belongs to a property without a field, because those are marked themselves. */
export function hasCredentials(this: EditorNode, _value: unknown, _options?: object): boolean | string {
  const credentials = this.credentials ?? told.get(this.id);
  if (credentials === undefined) return true;
  const missing = ALL_NEEDED.filter(
    (name) =>
      isNeeded(name, this["transport"], this["login"]) &&
      isEmpty(credentials[name]) &&
      credentials[`has_${name}`] !== true,
  );
  return (
    missing.length === 0 ||
    missing.map((name) => `${text(`label.${name}`)}: ${text("invalid.credential")}`).join("; ")
  );
}

/** To be called once: from now on the modems of the workspace are asked about. */
export function watchCredentials(): void {
  RED.events.on("nodes:add", (node) => {
    if (node.type === TYPE) ask(node);
  });
  // The editor then forgets what was filled in, and other nodes may have come.
  RED.events.on("deploy", () => {
    RED.nodes.eachConfig((node) => {
      if (node.type === TYPE) ask(node);
    });
  });
}

function ask(node: EditorNode): void {
  told.delete(node.id);
  // Without permission nothing is known and nothing marked.
  $.getJSON(`credentials/${TYPE}/${encodeURIComponent(node.id)}`).done((credentials: EditorCredentials) => {
    told.set(node.id, credentials);
    // It may be gone by now.
    const asked = RED.nodes.node(node.id);
    if (asked === undefined) return;
    RED.editor.validateNode(asked);
    for (const user of asked.users ?? []) RED.editor.validateNode(user);
    RED.view.redraw();
  });
}
