/** Texts that the dialogs share, most of them in the catalog of quectel-modem, and how nodes are labelled. */
import type { EditorNode } from "../red";
import { CATALOG } from "../shared/catalog";
import { shownStatus } from "../shared/explain";

/** A text of the modem's catalog. */
export function text(key: string, values?: object): string {
  return RED._(`${CATALOG}:${key}`, values);
}

/** A text of the catalog, or `fallback` where this language has none. */
export function translated(key: string, fallback: string): string {
  const found = text(key);
  return found.endsWith(key) ? fallback : found;
}

/** Of a node in the workspace: a name that a person has given is in italics. */
export function labelStyle(this: EditorNode): string {
  return this["name"] ? "node_label_italic" : "";
}

/** What a node shows at its input. */
export function inputLabels(this: EditorNode): string {
  return this._("port.input");
}

/** From now on the editor shows the statuses of the nodes of this type in its language. */
export function translateStatus(type: string): void {
  const definition = RED.nodes.getType(type);
  const { _: lookup } = definition;
  definition._ = (key, values) =>
    // So it asks for the text of a status, and for nothing else.
    values?.["defaultValue"] === key ? shownStatus(key) : lookup(key, values);
}
