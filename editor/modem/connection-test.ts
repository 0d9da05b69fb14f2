/**
 * The test buttons of the modem's dialog: they send what is typed to the runtime, which tries it, and ask how it goes.
 *
 * A password that was not touched is not sent, because the browser never had it. Nothing is saved or deployed.
 */
import type { TestView } from "../../nodes/runtime/connection-test/test-view";
import { complaint } from "../dialog/complaint";
import { current, typedRecipient, valueOf } from "../dialog/fields";
import { text } from "../dialog/texts";
import { explain } from "../shared/explain";
import { type Refusal, request, RequestError } from "../shared/request";
import type { EditorNode } from "../red";
import { clearTest, forgetTests, showTest, showTestError, type LeadTo } from "./connection-test-view";

type Kind = TestView["kind"];

const BUTTONS: Readonly<Record<Kind, string>> = {
  diagnosis: "#quectel-test-modem",
  mail: "#quectel-test-mail",
  facts: "#quectel-ask-facts",
};

/** Between two looks at a connection test. */
const LOOK_MS = 400;
/** What Node-RED's editor shows for a password that only the runtime has. */
const UNTOUCHED = "__PWRD__";
const RECIPIENT = "quectel-mail-test-recipient";

/** The connection test of the open dialog: none, asked for, or with its id. */
type State =
  | { readonly kind: "none" }
  | { readonly kind: "starting" }
  | { readonly kind: "running"; readonly id: string };
let state: State = { kind: "none" };

/** Grows with each dialog and connection test, so that late answers of an earlier one are known. */
let generation = 0;
let dialog: { readonly node: EditorNode; readonly leadTo: LeadTo } | undefined;

export function prepareTests(node: EditorNode, leadTo: LeadTo): void {
  generation++;
  state = { kind: "none" };
  dialog = { node, leadTo };
  forgetTests();
  $("#quectel-test-to").hide();
  $(BUTTONS.diagnosis).on("click", () => void start(node, leadTo, "diagnosis", {}));
  $(BUTTONS.facts).on("click", () => void start(node, leadTo, "facts", {}));
  $(BUTTONS.mail).on("click", askRecipient);
  const sendMail = (): void => {
    const recipient = valueOf($("#quectel-test-recipient")).trim();
    if (state.kind !== "none") return;
    RED.settings.setLocal(RECIPIENT, recipient);
    void start(node, leadTo, "mail", { recipient });
  };
  $("#quectel-test-send").on("click", sendMail);
  $("#quectel-test-cancel").on("click", cancel);
  $("#quectel-test-recipient").on("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    sendMail();
  });
  updateButtons(node);
  // The choice of the flow stands below the dialog and is made after it.
  setTimeout(() => {
    if (dialog?.node !== node) return;
    $("#red-ui-editor-config-scope").on("change", () => updateButtons(node));
    updateButtons(node);
  }, 0);
}

/** Ends what runs: its result would no longer be seen. */
export function closeTest(): void {
  cancel();
  generation++;
  state = { kind: "none" };
}

function scopeOf(node: EditorNode): string {
  return valueOf($("#red-ui-editor-config-scope")) || (node.z ?? "");
}

function typedProperties(node: EditorNode): Record<string, unknown> {
  return Object.fromEntries(Object.keys(node._def.defaults).map((name) => [name, current(node, name) ?? ""]));
}

function typedCredentials(node: EditorNode): Record<string, unknown> {
  const isLogin = current(node, "apnAuth") !== "none";
  const entries = Object.keys(node._def.credentials ?? {}).map((name): [string, unknown] => {
    const isUnused = ["apnUser", "apnPassword"].includes(name) && !isLogin;
    return [name, isUnused ? "" : $(`#node-config-input-${name}`).val()];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== UNTOUCHED));
}

/** Off while a connection test runs, and in the template of a subflow, whose values come from each instance. */
function updateButtons(node: EditorNode): void {
  const isTemplate = Boolean(RED.nodes.subflow(scopeOf(node)));
  const isDenied = !RED.user.hasPermission("quectel-modem.write");
  const why = isTemplate
    ? text("connectionTest.offInSubflow")
    : isDenied
      ? text("connectionTest.offWithoutRight")
      : "";
  const isBusy = state.kind !== "none";
  $("#quectel-test-off")
    .text(why)
    .toggle(why !== "");
  $(Object.values(BUTTONS).join()).prop("disabled", why !== "" || isBusy);
  $("#quectel-test-send").prop("disabled", why !== "" || isBusy);
  $("#quectel-test-cancel").toggle(isBusy);
  if (why !== "") $("#quectel-test-to").hide();
}

/** What the dialog itself says against a field, in the words that stand at it; undefined where it has no complaint. */
function complaintOf(node: EditorNode, property: string | undefined): string | undefined {
  if (property === undefined) return undefined;
  const verdict = node._def.defaults[property]?.validate?.call(node, current(node, property), {});
  return typeof verdict === "string" ? verdict : undefined;
}

async function start(node: EditorNode, leadTo: LeadTo, kind: Kind, more: object): Promise<void> {
  const own = ++generation;
  state = { kind: "starting" };
  updateButtons(node);
  clearTest();
  $("#quectel-test-headline").text(text(`running.${kind}`));
  $("#quectel-test-cancel")[0]?.scrollIntoView({ block: "nearest" });
  try {
    const body = {
      kind,
      modem: node.id,
      flow: scopeOf(node),
      properties: typedProperties(node),
      credentials: typedCredentials(node),
      ...more,
    };
    const { id } = await request<{ id: string }>("connection-tests", { method: "POST", body });
    // The dialog was left meanwhile.
    if (own !== generation) {
      request(`connection-tests/${id}`, { method: "DELETE" }).catch(() => undefined);
      return;
    }
    state = { kind: "running", id };
    await follow(id, own, leadTo);
  } catch (error) {
    if (own === generation) showFailure(node, leadTo, error);
  } finally {
    if (own === generation) {
      state = { kind: "none" };
      updateButtons(node);
    }
  }
}

function showFailure(node: EditorNode, leadTo: LeadTo, error: unknown): void {
  const refusal: Refusal = error instanceof RequestError ? error.refusal : {};
  const { property } = refusal;
  const atField = complaintOf(node, property);
  if (atField === undefined) showTestError(complaint(error), explain(refusal).hint || "");
  else showTestError(atField, "");
  if (property !== undefined) leadTo(property);
}

/** Shows a connection test until it has ended, or the dialog was left. */
async function follow(id: string, own: number, leadTo: LeadTo): Promise<void> {
  for (;;) {
    const view = await request<TestView>(`connection-tests/${id}`);
    if (own !== generation) return;
    showTest(view, leadTo, (isReadable) => tellLetters(id, isReadable));
    if (view.phase === "ended") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Only the module's own client is in question; where it is not kept, letters go by this package as before. */
function tellLetters(id: string, readable: boolean): void {
  request(`connection-tests/${id}/letters`, { method: "POST", body: { readable } }).catch((error: unknown) =>
    RED.notify(document.createTextNode(complaint(error)), "error"),
  );
}

function cancel(): void {
  if (state.kind === "running")
    request(`connection-tests/${state.id}`, { method: "DELETE" }).catch(() => undefined);
}

/** To whom the smtp-send sends from whose dialog this one was opened; empty where that is in its messages. */
function recipientOfSender(): string {
  const isOpen = RED.editor.getEditStack().some(({ type }) => type === "quectel-smtp-send");
  return isOpen ? typedRecipient() : "";
}

function askRecipient(): void {
  // What was found before no longer says what comes next.
  clearTest();
  const recipient = $("#quectel-test-recipient");
  if (valueOf(recipient) === "") {
    const usual = RED.settings.getLocal(RECIPIENT) || valueOf($("#node-config-input-senderAddress"));
    recipient.val(recipientOfSender() || usual);
  }
  $("#quectel-test-to").show();
  recipient.trigger("focus").trigger("select");
}
