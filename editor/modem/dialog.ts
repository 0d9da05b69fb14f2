/**
 * The dialog of the modem: its tabs, how a certificate is checked, and what is opened and saved.
 *
 * The form itself is in `quectel-modem.html`; the parts of this dialog are `lookups.ts`, `server.ts` and `connection-test.ts`.
 */
import { begin, current, showWhatApplies, textOf, valueOf } from "../dialog/fields";
import { text } from "../dialog/texts";
import type { EditorNode, Tabs } from "../red";
import { field } from "./field";
import { prepareLookups } from "./lookups";
import { prepareServer } from "./server";
import { closeTest, prepareTests } from "./connection-test";

const TABS = ["modem", "network", "server", "security", "outbox"] as const;

/** A modem whose connection is still to be filled in. */
const UNNAMED = "quectel-modem";

/** How the modem is reached, for lists of config nodes. */
export function modemLabel(node: EditorNode): string {
  switch (node["transport"]) {
    case "tcp": {
      const port = textOf(node["tcpPort"]);
      const host = textOf(node["tcpHost"]);
      return host === "" || port === "" ? host || UNNAMED : `${host}:${port}`;
    }
    case "simulator":
      return text("transport.simulator");
    default:
      return textOf(node["serialPort"]) || UNNAMED;
  }
}

export function prepareModem(node: EditorNode): void {
  const tabs = prepareTabs();
  begin(node);
  prepareLookups();
  prepareServer(node);
  prepareCheck();
  showWhatApplies($(".quectel-dialog"), (name) =>
    name === "check" ? $("#quectel-check").val() : current(node, name),
  );
  prepareTests(node, (property) => {
    const input = field(property);
    const [tab] = input.closest(".quectel-tab");
    if (tab !== undefined) tabs.activateTab(tab.id);
    input.closest("details").prop("open", true);
    input.trigger("focus");
  });
  // The editor validates on the same events, after the dialog is prepared.
  $(".quectel-dialog").on("change keyup paste", "input, select, textarea", () => {
    setTimeout(markTabs, 0);
  });
  setTimeout(markTabs, 0);
}

/** To be called however the dialog is left. */
export function closeModem(): void {
  closeTest();
}

/** Leaves nothing behind that does not apply: the secrets of a login that was switched off. */
export function saveModem(): void {
  if (valueOf(field("apnAuth")) === "none") {
    field("apnUser").val("");
    field("apnPassword").val("");
  }
  const login = valueOf(field("login"));
  if (login === "none") field("smtpUser").val("");
  if (login !== "password") field("smtpPassword").val("");
  if (login !== "microsoft" && login !== "oauth2") field("clientSecret").val("");
  if (login !== "google") field("serviceAccount").val("");
  if (valueOf(field("tlsRoot")).trim() === "") field("tlsRoot").val("auto");
  closeModem();
}

function prepareTabs(): Tabs {
  const tabs = RED.tabs.create({
    id: "quectel-tabs",
    onchange: (tab) => {
      $(".quectel-tab").hide();
      $(`#${tab.id}`).show();
    },
  });
  for (const name of TABS) tabs.addTab({ id: `quectel-tab-${name}`, label: text(`tab.${name}`) });
  // The editor's tabs listen to the mouse only.
  const moves = new Map([
    ["Enter", 0],
    [" ", 0],
    ["ArrowLeft", -1],
    ["ArrowRight", 1],
  ]);
  $<HTMLAnchorElement>("#quectel-tabs a").on("keydown", function (event) {
    const place = TABS.findIndex((name) => this.hash === `#quectel-tab-${name}`);
    const move = moves.get(event.key ?? "");
    const name = move === undefined ? undefined : TABS[place + move];
    if (name === undefined) return;
    event.preventDefault();
    tabs.activateTab(`quectel-tab-${name}`);
    $(`#quectel-tabs a[href="#quectel-tab-${name}"]`).trigger("focus");
  });
  // The tray has no width yet.
  setTimeout(() => tabs.resize(), 0);
  return tabs;
}

/** One choice on the screen stands for two properties: `tlsVerify` and `tlsRoot`. */
function shownCheck(): string {
  if (field("tlsVerify").prop("checked") !== true) return "off";
  const root = valueOf(field("tlsRoot"));
  return isWord(root) ? root : "name";
}

/** True for the words that `tlsRoot` may hold instead of a name. */
function isWord(root: string): boolean {
  return ["auto", "pem"].includes(root);
}

function prepareCheck(): void {
  const check = $("#quectel-check").val(shownCheck());
  const root = field("tlsRoot");
  check.on("change", () => {
    const choice = valueOf(check);
    field("tlsVerify").prop("checked", choice !== "off");
    // The name stays visible only where it means a name.
    if (choice === "name" && isWord(valueOf(root))) root.val("");
    if (isWord(choice)) root.val(choice);
    root.trigger("change");
  });
  $<HTMLInputElement>("#quectel-ca-file").on("change", function () {
    const [file] = this.files ?? [];
    void file?.text().then((pem) => field("tlsCa").val(pem).trigger("change"));
  });
}

/** Marks the tabs that hold a field with a complaint, because only one tab is seen at a time. */
function markTabs(): void {
  for (const name of TABS) {
    const isWrong = $(`#quectel-tab-${name} .input-error`).length > 0;
    $(`#quectel-tabs a[href="#quectel-tab-${name}"]`).toggleClass("quectel-danger", isWrong);
  }
}
