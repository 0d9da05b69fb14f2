/**
 * The tab "Modem" of the sidebar: which modem, when the runtime is asked, and what a person does.
 *
 * The runtime's channel only says that something has changed. While the tab is not seen, nothing is asked at all.
 */
import type { Tick } from "../../nodes/runtime/sidebar/change-tick";
import type { ListedModem, ModemView } from "../../nodes/runtime/sidebar/modem-view";
import { RequestError } from "../shared/request";
import { shownStatus } from "../shared/explain";
import { element, text } from "./dom";
import type { LeftView } from "../../nodes/runtime/sidebar/left-mails";
import { leftOf } from "./left";
import { choosableModems, type ChoosableModem } from "./modems";
import { show, undisturbed } from "./redraw";
import { ask, askLeft, complaint } from "./runtime";
import { createTrace } from "./trace";
import { partsOf } from "./view";

const ID = "quectel-modem";
/** A deploy changes many nodes at once. */
const SETTLE_MS = 200;
/** Times on the screen grow old. */
const REDRAW_MS = 15_000;
/** The next attempt to connect is counted down. */
const COUNTDOWN_MS = 1000;
/** A trace grows. */
const TRACE_MS = 2000;

/** Adds the tab to the sidebar. */
export function addTab(): void {
  RED.sidebar.addTab({
    id: ID,
    label: text("tab.label"),
    name: text("tab.name"),
    iconClass: "fa fa-envelope-o",
    content: createTab(),
    enableOnEdit: true,
    action: "quectel:show-modem-tab",
  });
  RED.actions.add("quectel:show-modem-tab", () => RED.sidebar.show(ID));
}

function createTab(): HTMLElement {
  let isSeen = false;
  let entries: readonly ChoosableModem[] = [];
  let chosen: string | undefined;
  /** Of the chosen modem; `at` on the browser's monotonic clock. */
  let known: { view: ModemView; readonly at: number } | undefined;
  /** Mails of modems that are gone. */
  let left: readonly LeftView[] = [];
  let isAsking = false;
  let isStale = false;
  let settling: ReturnType<typeof setTimeout> | undefined;
  const timers: ReturnType<typeof setInterval>[] = [];

  const choice = element("select", { id: "quectel-sidebar-modem" });
  const choiceRow = element(
    "div",
    { class: "quectel-choice", hidden: true },
    element("label", { for: "quectel-sidebar-modem" }, text("choice")),
    choice,
  );
  const notice = element("div", { class: "quectel-notice", role: "status", hidden: true });
  /** Read aloud when it changes, so it stays while the rest is drawn anew. */
  const spoken = element("div", { class: "quectel-spoken", role: "status" });
  const body = element("div", { class: "quectel-body" });
  const trace = createTrace({
    ask: (what) => ask(`${encodeURIComponent(chosen ?? "")}/${what}`),
    act: (action) => void act(action),
    fail: say,
  });
  const leftBody = element("div", { class: "quectel-left-mails" });
  const root = element(
    "div",
    { class: "quectel-sidebar" },
    choiceRow,
    notice,
    spoken,
    leftBody,
    body,
    trace.root,
  );
  trace.root.hidden = true;

  function say(error: unknown): void {
    RED.notify(document.createTextNode(complaint(error)), "error");
  }

  function tell(sentence: string): void {
    notice.textContent = sentence;
    notice.hidden = sentence === "";
  }

  function problemOfChosen(): ChoosableModem["problem"] {
    return entries.find(({ id }) => id === chosen)?.problem;
  }

  const draw = undisturbed(root, () => {
    const problem = problemOfChosen();
    if (problem !== undefined) tell(text(`problem.${problem}`));
    trace.root.hidden = known === undefined;
    const into = known === undefined ? undefined : entries.find(({ id }) => id === chosen)?.label;
    show(
      leftBody,
      leftOf(left, into, { adopt: (modem) => void adopt(modem), discard: (modem) => void discard(modem) }),
    );
    if (known === undefined) {
      body.replaceChildren();
      return;
    }
    const passed = performance.now() - known.at;
    const sentence = shownStatus(known.view.status.text);
    if (spoken.textContent !== sentence) spoken.textContent = sentence;
    show(
      body,
      partsOf(known.view, passed, (action, mail) => void act(action, mail)),
    );
    trace.draw(known.view, passed);
  });

  function take(view: ModemView): void {
    known = { view, at: performance.now() };
    tell("");
    draw();
  }

  /** Asks for the chosen modem; what changes meanwhile is asked for afterwards. */
  async function refresh(): Promise<void> {
    if (!isSeen || chosen === undefined || problemOfChosen() !== undefined) return;
    if (isAsking) {
      isStale = true;
      return;
    }
    isAsking = true;
    isStale = false;
    const asked = chosen;
    try {
      const view = await ask<ModemView>(encodeURIComponent(asked));
      if (asked === chosen) {
        take(view);
        if (view.trace.hasEntries && isSeen) await trace.refresh();
        draw();
      }
    } catch (error) {
      if (asked === chosen) {
        known = undefined;
        draw();
        const isGone = error instanceof RequestError && error.status === 404;
        tell(isGone ? text("problem.notDeployed") : complaint(error));
      }
    } finally {
      isAsking = false;
    }
    if (isStale || asked !== chosen) void refresh();
  }

  function countDown(): void {
    const left = known?.view.nextConnectInMs;
    if (known === undefined || left === undefined) return;
    draw();
    // Nothing tells of an attempt that has failed like the one before.
    if (performance.now() - known.at >= left) void refresh();
  }

  function choose(id: string | undefined): void {
    chosen = id;
    known = undefined;
    tell("");
    trace.clear();
    draw();
    void refresh();
  }

  /** Asks which modems there are. */
  async function refreshList(): Promise<void> {
    if (!isSeen) return;
    try {
      entries = choosableModems(await ask<ListedModem[]>(""));
      // A folder that cannot be read hides no modem that is there; the log tells of it.
      left = await askLeft().catch(() => []);
    } catch (error) {
      tell(complaint(error));
      return;
    }
    choiceRow.hidden = entries.length < 2;
    choice.replaceChildren(...entries.map(({ id, label }) => element("option", { value: id }, label)));
    const stays = entries.some(({ id, problem }) => id === chosen && problem === undefined);
    const first = entries.find(({ problem }) => problem === undefined) ?? entries[0];
    if (first === undefined) {
      choose(undefined);
      tell(text("problem.none"));
    } else if (stays) void refresh();
    else choose(entries.some(({ id }) => id === chosen) ? chosen : first.id);
    choice.value = chosen ?? "";
  }

  function refreshListSoon(): void {
    clearTimeout(settling);
    settling = setTimeout(() => void refreshList(), SETTLE_MS);
  }

  async function act(action: string, mail?: string): Promise<void> {
    if (action === "discard" && !(await isConfirmed("discard.question"))) return;
    try {
      take(await ask<ModemView>(encodeURIComponent(chosen ?? ""), { action, mail }));
      if (action === "startTrace") trace.clear();
    } catch (error) {
      say(error);
      void refresh();
    }
  }

  /** Does something about the mails of a modem that is gone. */
  async function actOnLeft(body: object): Promise<void> {
    try {
      left = await askLeft(body);
    } catch (error) {
      say(error);
    }
    draw();
    void refresh();
  }

  function adopt(modem: string): Promise<void> {
    return actOnLeft({ action: "adopt", modem, into: chosen });
  }

  async function discard(modem: string): Promise<void> {
    if (await isConfirmed("discard.all")) await actOnLeft({ action: "discard", modem });
  }

  function onTick(topic: string, tick: Tick): void {
    if (topic !== `${ID}/${chosen}`) return;
    // The state at once, everything else when it was asked for.
    if (isSeen && known !== undefined) {
      const { fill, shape, text: shown, state, waiting } = tick;
      known.view = { ...known.view, status: { fill, shape, text: shown, state, waiting } };
      draw();
    }
    void refresh();
  }

  function setSeen(seen: boolean): void {
    if (seen === isSeen) return;
    isSeen = seen;
    for (const timer of timers.splice(0)) clearInterval(timer);
    if (!isSeen) return;
    void refreshList();
    timers.push(
      setInterval(() => draw(), REDRAW_MS),
      setInterval(countDown, COUNTDOWN_MS),
      setInterval(() => {
        if (known?.view.trace.endsInMs !== undefined) void trace.refresh().then(draw);
      }, TRACE_MS),
    );
  }

  watchSeen(root, setSeen);
  choice.addEventListener("change", () => choose(choice.value));
  RED.comms.subscribe(`${ID}/#`, onTick);
  RED.comms.on("connect", refreshListSoon);
  for (const event of ["deploy", "runtime-state", "nodes:add", "nodes:change", "nodes:remove", "login"]) {
    RED.events.on(event, refreshListSoon);
  }
  return root;
}

/** What is discarded is gone; asks once more. */
function isConfirmed(question: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (isSure: boolean) => () => {
      asked.close();
      resolve(isSure);
    };
    const asked = RED.notify(document.createTextNode(text(question)), {
      modal: true,
      fixed: true,
      buttons: [
        { text: text("discard.no"), click: answer(false) },
        { text: text("discard.yes"), class: "primary", click: answer(true) },
      ],
    });
  });
}

/** Tells whether a person can see `root`: its tab is open, and the browser's page is in front. */
function watchSeen(root: HTMLElement, tell: (isSeen: boolean) => void): void {
  let isOnScreen = false;
  const look = (): void => tell(isOnScreen && document.visibilityState === "visible");
  new IntersectionObserver((records) => {
    isOnScreen = records.at(-1)?.isIntersecting === true;
    look();
  }).observe(root);
  document.addEventListener("visibilitychange", look);
}
