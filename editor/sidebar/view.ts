/**
 * Draws what is known of one modem: its status, the outbox, the last mails, then network and signal.
 *
 * It keeps nothing and asks nothing; what a person does goes to the function that it is given.
 */
import type { HoldView, ModemView, QueueRow, QueueView } from "../../nodes/runtime/sidebar/modem-view";
import { explain, shownStatus, type Told } from "../shared/explain";
import { chart } from "./chart";
import { button, duration, element, size, text, time, type Child } from "./dom";

/** What a person does, to one mail where there is an id. */
export type Act = (action: string, mail?: string) => void;

type Ended = ModemView["ended"][number];
type Received = NonNullable<ModemView["inbox"]>[number];

/**
 * The parts of the tab for a modem.
 *
 * @param view what the runtime has answered.
 * @param passed milliseconds since then.
 */
export function partsOf(view: ModemView, passed: number, act: Act): readonly HTMLElement[] {
  const trouble = explained(view.trouble);
  return [
    statusOf(view),
    ...(trouble === undefined ? [] : [trouble]),
    ...(view.nextConnectInMs === undefined ? [] : connectionOf(view.nextConnectInMs - passed, act)),
    queueOf(view.queue, passed, act),
    endedOf(view),
    ...(view.inbox === undefined ? [] : [inboxOf(view.inbox)]),
    networkOf(view),
    section("signal", text("chart.title"), chart(view.samples)),
  ];
}

function section(name: string, title: string, ...content: readonly Child[]): HTMLElement {
  return element(
    "section",
    { class: `quectel-section quectel-${name}`, "aria-labelledby": `quectel-heading-${name}` },
    element("h4", { id: `quectel-heading-${name}` }, title),
    ...content,
  );
}

function none(sentence: string): HTMLElement {
  return element("p", { class: "quectel-none" }, sentence);
}

/** The same dot as below a node. */
function dot({ fill, shape }: ModemView["status"]): HTMLElement {
  return element("span", {
    class: `quectel-light quectel-${fill} quectel-${shape}`,
    "aria-hidden": "true",
  });
}

function statusOf({ status }: ModemView): HTMLElement {
  return element("div", { class: "quectel-status" }, dot(status), shownStatus(status.text));
}

/** When the port is retried; apart from its button, because the time changes every second. */
function connectionOf(ms: number, act: Act): readonly HTMLElement[] {
  return [
    element("p", { class: "quectel-connect" }, text("connect.next", { time: duration(ms) })),
    element(
      "div",
      { class: "quectel-buttons" },
      button({
        key: "connect",
        icon: "fa-plug",
        label: text("action.connect"),
        write: true,
        onclick: () => act("connect"),
      }),
    ),
  ];
}

function networkOf({ module: identity, network }: ModemView): HTMLElement {
  const technology = [network?.technology, network?.band].filter((part) => part).join(", ");
  const rows: readonly (readonly [string, string | undefined])[] = [
    [text("state.operator"), network?.operator],
    [text("state.technology"), technology],
    [text("state.signal"), network?.rssiDbm === undefined ? undefined : `${network.rssiDbm} dBm`],
    [text("state.module"), identity === undefined ? undefined : `${identity.model}, ${identity.firmware}`],
  ];
  const known = rows.filter(([, value]) => value);
  return section(
    "network",
    text("state.title"),
    known.length === 0
      ? none(text("state.unknown"))
      : element(
          "dl",
          {},
          known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
        ),
  );
}

function explained(error: (Told & { readonly smtpCode?: number }) | undefined): HTMLElement | undefined {
  if (error === undefined) return undefined;
  const { message, hint } = explain(error);
  const numbers = [error.code, error.smtpCode].filter((part) => part !== undefined).join(" ");
  return element(
    "div",
    { class: "quectel-error" },
    element("div", {}, message, " ", element("code", {}, numbers)),
    hint ? element("div", { class: "quectel-hint" }, hint) : undefined,
  );
}

/** Why nothing goes out, and how it goes on. */
function holdOf(hold: HoldView | undefined, act: Act): HTMLElement {
  if (hold === undefined) {
    const pause = { key: "pause", icon: "fa-pause", label: text("action.pause"), write: true };
    return button({ ...pause, onclick: () => act("pause") });
  }
  const resume = { key: "resume", icon: "fa-play", label: text("action.resume"), write: true };
  return element(
    "div",
    { class: `quectel-hold quectel-hold-${hold.kind}` },
    element("div", {}, text(`hold.${hold.kind}`, { since: time(hold.since) })),
    explained(hold.error),
    // Only the flow that has deactivated the data connection can activate it.
    hold.kind === "pdp" ? undefined : button({ ...resume, onclick: () => act("resume") }),
  );
}

function recipientsOf({ recipients }: { readonly recipients: readonly string[] }): string {
  return recipients.join(", ");
}

function subjectOf({ subject }: { readonly subject: string }, id?: string): HTMLElement {
  const shown = subject === "" ? text("mail.noSubject") : subject;
  return element("div", { class: "quectel-subject", id }, shown);
}

function details(...parts: readonly (string | undefined)[]): HTMLElement {
  return element("div", { class: "quectel-details" }, parts.filter((part) => part).join(" · "));
}

function queued(row: QueueRow, passed: number, act: Act): HTMLElement {
  const { id, state, attempts, attachments } = row;
  const label = `quectel-mail-${id}`;
  const next = row.nextTryInMs === undefined ? 0 : Math.max(0, row.nextTryInMs - passed);
  const does = (action: string, icon: string): HTMLElement =>
    button({
      key: `${action}-${id}`,
      icon,
      label: text(`action.${action}`),
      write: true,
      describedBy: label,
      onclick: () => act(action, id),
    });
  return element(
    "li",
    { class: `quectel-mail quectel-mail-${state}`, "data-mail": id },
    subjectOf(row, label),
    details(text(`mail.${state}`), time(row.raisedAt), recipientsOf(row)),
    details(
      size(row.size),
      attachments > 0 ? text("mail.attachments", { n: attachments }) : "",
      attempts > 0 ? text("mail.attempts", { n: attempts }) : "",
      next > 0 ? text("mail.nextTry", { time: duration(next) }) : "",
      row.priority === "normal" ? "" : text(`mail.${row.priority}`),
    ),
    explained(row.error),
    element(
      "div",
      { class: "quectel-buttons" },
      state === "sending" ? undefined : does(state === "failed" ? "retry" : "flush", "fa-repeat"),
      does("discard", "fa-trash-o"),
    ),
  );
}

function queueOf(queue: QueueView, passed: number, act: Act): HTMLElement {
  const hidden = queue.waiting + queue.failed - queue.rows.length;
  return section(
    "queue",
    text("queue.title", { waiting: queue.waiting, failed: queue.failed }),
    holdOf(queue.hold, act),
    queue.hold === undefined && queue.rows.some(({ state }) => state === "waiting")
      ? button({
          key: "flushAll",
          icon: "fa-repeat",
          label: text("action.flushAll"),
          write: true,
          onclick: () => act("flushAll"),
        })
      : undefined,
    queue.rows.length === 0
      ? none(text("queue.empty"))
      : element(
          "ul",
          {},
          queue.rows.map((row) => queued(row, passed, act)),
        ),
    hidden > 0 ? none(text("queue.more", { n: hidden })) : undefined,
  );
}

function endedOf({ ended, queue }: ModemView): HTMLElement {
  // What can still be retried stands above, with its error.
  const above = new Set(queue.rows.map(({ id }) => id));
  const one = (mail: Ended): HTMLElement =>
    element(
      "li",
      { class: `quectel-mail quectel-mail-${mail.status}`, "data-mail": mail.id },
      subjectOf(mail),
      details(text(`mail.${mail.status}`), time(mail.at), recipientsOf(mail)),
      details(
        mail.attempts > 1 ? text("mail.attempts", { n: mail.attempts }) : "",
        mail.queuedMs >= 1000 ? text("mail.queuedFor", { time: duration(mail.queuedMs) }) : "",
        mail.possibleDuplicate ? text("mail.possibleDuplicate") : "",
        mail.via === undefined ? "" : text(`mail.${mail.via}`),
        mail.tls?.replace("v", " "),
      ),
      above.has(mail.id) ? undefined : explained(mail.error),
    );
  return section(
    "ended",
    text("ended.title"),
    ended.length === 0 ? none(text("ended.empty")) : element("ul", {}, ended.map(one)),
  );
}

/** The mailbox of the simulated modem, as a mail program shows it. */
function inboxOf(inbox: readonly Received[]): HTMLElement {
  const one = (mail: Received): HTMLElement =>
    element(
      "li",
      { class: "quectel-mail quectel-mail-sent" },
      subjectOf(mail),
      details(time(mail.at), text("inbox.addresses", { from: mail.from, to: mail.to.join(", ") })),
      element("pre", { class: "quectel-text", tabindex: "0" }, mail.text),
      details(...mail.attachments.map(({ name, bytes }) => `${name} (${size(bytes)})`)),
    );
  return section(
    "inbox",
    text("inbox.title"),
    inbox.length === 0 ? none(text("inbox.empty")) : element("ul", {}, inbox.map(one)),
  );
}
