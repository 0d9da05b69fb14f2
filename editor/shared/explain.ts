/**
 * What the runtime says in English, in the language of the person who looks: errors and hints by their code, remarks on
 * mail servers by the id of the provider, statuses by their words.
 *
 * To be called when something is shown, not when the file is loaded: the catalogs arrive later. The texts are in the
 * catalog of quectel-modem, laid there by the build. What has no translation stays as it is.
 */
import { CATALOG, group } from "./catalog";
import { withShownField } from "./field-name";
import { statusText } from "./status-text";

/** An error, or a step of the diagnosis, as the runtime tells of it. */
export interface Told {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly hint?: string | undefined;
  /** Name of the hint in the catalog where it is not the one of the code. */
  readonly hintKey?: string | undefined;
}

export interface Explained {
  readonly message: string | undefined;
  readonly hint: string | undefined;
}

/** What a person has to know about a mail server. */
export function providerRemark({ id, remark }: { readonly id: string; readonly remark: string }): string {
  return text("remarks", id) || remark;
}

/** What happened and what to do; what is neither given nor known is empty or undefined. */
export function explain(error: Told): Explained {
  return { message: messageOf(error), hint: hintOf(error) };
}

/** The status of a node, or of a modem in the sidebar. */
export function shownStatus(status: string): string {
  return statusText(status, (word, values) => RED._(`${CATALOG}:${word}`, values));
}

/** Of an error, what happened and what to do are the two lines of one text. */
const LINES = { errors: 0, hints: 1 } as const;

/** A text of the catalog; empty where it has none. `=<key>` names another one of its kind that says the same. */
function text(kind: keyof typeof LINES | "remarks", key: string | undefined, language?: string): string {
  const whole = RED._(`${CATALOG}:${kind === "hints" ? "errors" : kind}.${key}`, {
    defaultValue: "",
    ...(language === undefined ? {} : { lng: language }),
  });
  const found = kind === "remarks" ? whole : (whole.split("\n")[LINES[kind]] ?? "");
  return found.startsWith("=") ? text(kind, found.slice(1), language) : found;
}

function hintOf({ code, hint, hintKey = code }: Told): string | undefined {
  // A hint that is not the one of its code says more than that one.
  const isOfKey = hint === undefined || hint === text("hints", hintKey, "en-US");
  return isOfKey ? text("hints", hintKey) || hint : hint;
}

/** A message is the text of its code, mostly followed by a detail, which stays as it is but for the name of a field. */
function messageOf({ code, message }: Told): string | undefined {
  const english = text("errors", code, "en-US");
  if (english === "") return message;
  if (message === undefined) return text("errors", code);
  if (!message.startsWith(english)) return message;
  return text("errors", code) + withShownField(message.slice(english.length), group, fieldOnTab);
}

function fieldOnTab(label: string, tab: string): string {
  return RED._(`${CATALOG}:field.onTab`, { label, tab });
}
