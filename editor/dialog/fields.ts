/** Fields of the dialogs: their values, which of them are shown, and what every dialog prepares. */
import type { EditorNode, MenuOption } from "../red";
import { complaint } from "./complaint";

/** The value of a property as text; empty for none. */
export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";
}

export function isEmpty(value: unknown): boolean {
  return textOf(value).trim() === "";
}

/** What stands in a field; empty where there is none. */
export function valueOf(input: JQuery): string {
  return String(input.val() ?? "");
}

/** The value of another property of the same node: what stands in its open dialog, else what is saved. */
export function current(node: EditorNode, name: string): unknown {
  const input = $(`#${prefixOf(node)}-${name}`);
  if (input.length === 0) return node[name];
  return input.is(":checkbox") ? input.prop("checked") : input.val();
}

function prefixOf(node: EditorNode): string {
  return node._def.category === "config" ? "node-config-input" : "node-input";
}

/**
 * Shows the rows below `root` whose `data-when` holds and hides the others: `transport=tcp`, several values
 * separated by `|`, several conditions by blanks. Repeats it whenever an input changes.
 */
export function showWhatApplies(root: JQuery, value: (name: string) => unknown): void {
  const apply = (): void => {
    for (const row of root.find("[data-when]").toArray()) {
      const conditions = (row.dataset["when"] ?? "").split(" ");
      const holds = conditions.every((condition) => {
        const [name = "", values = ""] = condition.split("=");
        return values.split("|").includes(String(value(name)));
      });
      $(row).toggle(holds);
    }
  };
  root.on("change", "select, input", apply);
  apply();
}

/** Adds the saved value to a select that does not offer it, such as `${ENV}`, so that saving does not lose it. */
function keepValue(select: JQuery, value: unknown): void {
  if (isEmpty(value)) return;
  const known = select.find<HTMLOptionElement>("option").toArray();
  const saved = textOf(value);
  if (!known.some((option) => option.value === saved)) {
    $("<option>").val(saved).text(saved).appendTo(select);
  }
  select.val(saved);
}

/** Nodes in an open dialog, with the defaults that they were given for its time. */
const filled = new Map<EditorNode, Record<string, unknown>>();

/**
 * Fills a property that the flow does not have, as an example or a flow made by hand, with its default. While its dialog is
 * open the node has it too, so that the editor takes no empty field for a change.
 */
function fillDefaults(node: EditorNode): void {
  fillCredentials(node);
  const given: Record<string, unknown> = { ...filled.get(node) };
  watchDialogs();
  filled.set(node, given);
  for (const [name, { value }] of Object.entries(node._def.defaults)) {
    if (node[name] !== undefined) continue;
    node[name] = value;
    given[name] = value;
    const input = $(`#${prefixOf(node)}-${name}`);
    if (input.is(":checkbox")) input.prop("checked", value === true);
    else input.val(textOf(value));
  }
}

let isWatching = false;

function watchDialogs(): void {
  if (isWatching) return;
  isWatching = true;
  RED.events.on("editor:change", takeDefaultsBack);
  RED.events.on("editor:close", takeDefaultsBack);
}

/** A node whose dialog is closed and that kept a default is as it was deployed: it need not be started anew. */
function takeDefaultsBack(): void {
  const open = RED.editor.getEditStack();
  for (const [node, given] of filled) {
    if (open.includes(node)) continue;
    filled.delete(node);
    for (const [name, value] of Object.entries(given)) if (node[name] === value) delete node[name];
  }
}

/** Of a node that has none the runtime sends nothing, and the editor would take each empty field for a change. */
function fillCredentials({ credentials, _def }: EditorNode): void {
  if (credentials === undefined) return;
  for (const [name, { type }] of Object.entries(_def.credentials ?? {})) {
    const [key, empty] = type === "password" ? [`has_${name}`, false] : [name, ""];
    for (const set of [credentials, credentials._]) if (set !== undefined) set[key] ??= empty;
  }
}

/** To be called first in every dialog: no field loses what is saved, and none stays empty that has a default. */
export function begin(node: EditorNode): void {
  fillDefaults(node);
  for (const select of $(".quectel-dialog select").toArray()) {
    const name = propertyOf(select);
    if (name !== undefined) keepValue($(select), node[name]);
  }
  unfold(node);
}

/** The property whose input this is. */
function propertyOf(input: HTMLElement): string | undefined {
  return /^node-(?:config-)?input-(\w+)$/.exec(input.id)?.[1];
}

/** Opens each *More* in which something was chosen, so that no setting works unseen. */
function unfold(node: EditorNode): void {
  for (const fold of $(".quectel-dialog .quectel-more").toArray()) {
    const names = $(fold).find("input, select").toArray().map(propertyOf);
    const isChosen = names.some(
      (name) => name !== undefined && textOf(node[name]) !== textOf(node._def.defaults[name]?.value),
    );
    $(fold).prop("open", isChosen);
  }
}

/**
 * An address that is typed where the name of a property is expected is meant as an address: the field becomes a fixed
 * text. No property name holds an `@`.
 */
export function takeAddresses(names: readonly string[]): void {
  for (const name of names) {
    const input = $(`#node-input-${name}`);
    const look = (): void => {
      if (input.typedInput("type") === "msg" && input.typedInput("value").includes("@")) {
        input.typedInput("type", "str");
      }
      if (name === "to")
        recipient = input.typedInput("type") === "str" ? input.typedInput("value").trim() : "";
    };
    input.on("change", look);
    look();
  }
}

/** The fixed recipient in the dialog that was opened last; a dialog above it takes its fields out of the page. */
let recipient = "";

export function typedRecipient(): string {
  return recipient;
}

/** Makes the palette's filter find a node by more words than its label. */
export function findBy(type: string, words: string): void {
  const entry = $(`.red-ui-palette-node[data-palette-type="${type}"]`);
  entry.attr("data-palette-label", `${entry.attr("data-palette-label")} ${words}`);
}

/** Makes the field `action` a choice among `actions`, or a property of the message. */
export function chooseAction(node: EditorNode, actions: readonly string[]): void {
  begin(node);
  $("#node-input-action").typedInput({
    default: "action",
    types: [
      {
        value: "action",
        label: node._("type.action"),
        icon: "fa fa-bolt",
        options: actions.map((action) => ({ value: action, label: node._(`action.${action}`) })),
      },
      "msg",
    ],
    typeField: "#node-input-actionType",
  });
}

/**
 * Makes `button` offer what `find` resolves with in a menu below `input`.
 *
 * The menu shows a sentence where there is nothing to choose; the input stays free to type in.
 */
export function offer(
  button: JQuery,
  input: JQuery,
  find: () => Promise<readonly MenuOption[]>,
  nothing: string,
): void {
  const open = async (): Promise<void> => {
    button.prop("disabled", true).find("i").attr("class", "fa fa-spinner fa-spin");
    const options = await find().then(
      (found) => (found.length === 0 ? [{ label: nothing }] : found),
      (error: unknown) => [{ label: complaint(error) }],
    );
    button.prop("disabled", false).find("i").attr("class", "fa fa-search");
    const menu = RED.popover.menu({
      tabSelect: true,
      width: Math.max(300, input.outerWidth() ?? 0),
      maxHeight: 240,
      class: "red-ui-autoComplete-container",
      options,
      onselect: ({ value }) => {
        if (value !== undefined) input.val(value).trigger("change");
        input.trigger("focus");
      },
      onclose: () => input.trigger("focus"),
    });
    menu.show({ target: input });
  };
  button.on("click", (event) => {
    event.preventDefault();
    void open();
  });
}
