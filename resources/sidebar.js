/**
 * The tab "Modem" of the sidebar: which modem, when the runtime is asked, and what a person does.
 *
 * The runtime's channel only says that something has changed. While the tab is not seen, nothing is asked at all.
 */
(function () {
  const ID = "quectel-modem";
  /** Milliseconds: a deploy changes many nodes at once; times on the screen grow old; a trace grows. */
  const SETTLE = 200;
  const REDRAW = 15_000;
  const TRACE = 2000;

  const tools = () => window.quectelSidebar;

  function createTab() {
    const { element, text, request, complaint } = tools();
    let isSeen = false;
    let entries = [];
    let chosen;
    /** `{view, at}` of the chosen modem. */
    let known;
    let isAsking = false;
    let isStale = false;
    let settling;
    const timers = [];

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
    const trace = window.quectelSidebarTrace.create({
      ask: (what) => request(`${encodeURIComponent(chosen)}/${what}`),
      act,
      fail: say,
    });
    const root = element("div", { class: "quectel-sidebar" }, choiceRow, notice, spoken, body, trace.root);
    trace.root.hidden = true;

    function say(error) {
      RED.notify(document.createTextNode(complaint(error)), "error");
    }

    function tell(sentence) {
      notice.textContent = sentence;
      notice.hidden = sentence === "";
    }

    function drawKnown() {
      const problem = entries.find(({ id }) => id === chosen)?.problem;
      if (problem !== undefined) tell(text(`problem.${problem}`));
      trace.root.hidden = known === undefined;
      if (known === undefined) {
        body.replaceChildren();
        return;
      }
      const passed = performance.now() - known.at;
      const sentence = tools().statusText(known.view.status.text);
      if (spoken.textContent !== sentence) spoken.textContent = sentence;
      window.quectelSidebarRedraw.show(body, window.quectelSidebarView.draw(known.view, passed, act));
      trace.draw(known.view, passed);
    }

    const draw = window.quectelSidebarRedraw.undisturbed(root, drawKnown);

    function take(view) {
      known = { view, at: performance.now() };
      tell("");
      draw();
    }

    /** Asks for the chosen modem; what changes meanwhile is asked for afterwards. */
    async function refresh() {
      if (!isSeen || chosen === undefined || entries.find(({ id }) => id === chosen)?.problem !== undefined)
        return;
      if (isAsking) {
        isStale = true;
        return;
      }
      isAsking = true;
      isStale = false;
      const asked = chosen;
      try {
        const view = await request(encodeURIComponent(asked));
        if (asked === chosen) {
          take(view);
          if (view.trace.hasEntries) await trace.refresh();
          draw();
        }
      } catch (error) {
        if (asked === chosen) {
          known = undefined;
          draw();
          tell(error.status === 404 ? text("problem.notDeployed") : complaint(error));
        }
      } finally {
        isAsking = false;
      }
      if (isStale || asked !== chosen) void refresh();
    }

    function choose(id) {
      chosen = id;
      known = undefined;
      tell("");
      trace.clear();
      draw();
      void refresh();
    }

    /** Asks which modems there are. */
    async function refreshList() {
      if (!isSeen) return;
      try {
        entries = window.quectelSidebarModems.listOf(await request(""));
      } catch (error) {
        tell(complaint(error));
        return;
      }
      choiceRow.hidden = entries.length < 2;
      choice.replaceChildren(...entries.map(({ id, label }) => element("option", { value: id }, label)));
      const stays = entries.some(({ id, problem }) => id === chosen && problem === undefined);
      const first = entries.find(({ problem }) => problem === undefined) ?? entries[0];
      if (entries.length === 0) {
        choose(undefined);
        tell(text("problem.none"));
      } else if (stays) void refresh();
      else choose(entries.some(({ id }) => id === chosen) ? chosen : first.id);
      choice.value = chosen ?? "";
    }

    function refreshListSoon() {
      clearTimeout(settling);
      settling = setTimeout(() => void refreshList(), SETTLE);
    }

    async function act(action, mail) {
      if (action === "discard" && !(await isConfirmed())) return;
      try {
        take(await request(encodeURIComponent(chosen), { action, mail }));
        if (action === "startTrace") trace.clear();
      } catch (error) {
        say(error);
        void refresh();
      }
    }

    /** A discarded mail is gone; asks once more. */
    function isConfirmed() {
      return new Promise((resolve) => {
        const answer = (isSure) => () => {
          question.close();
          resolve(isSure);
        };
        const question = RED.notify(document.createTextNode(text("discard.question")), {
          modal: true,
          fixed: true,
          buttons: [
            { text: text("discard.no"), click: answer(false) },
            { text: text("discard.yes"), class: "primary", click: answer(true) },
          ],
        });
      });
    }

    function onTick(topic, tick) {
      if (topic !== `${ID}/${chosen}`) return;
      // The state at once, everything else when it was asked for.
      if (isSeen && known !== undefined) {
        const { fill, shape, text: shown, state, waiting } = tick;
        known.view = { ...known.view, status: { fill, shape, text: shown, state, waiting } };
        draw();
      }
      void refresh();
    }

    function setSeen(seen) {
      if (seen === isSeen) return;
      isSeen = seen;
      for (const timer of timers.splice(0)) clearInterval(timer);
      if (!isSeen) return;
      void refreshList();
      timers.push(
        setInterval(() => draw(), REDRAW),
        setInterval(() => {
          if (known?.view.trace.endsInMs !== undefined) void trace.refresh().then(draw);
        }, TRACE),
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

  /** Tells whether a person can see `root`: its tab is open, and the browser's page is in front. */
  function watchSeen(root, tell) {
    let isOnScreen = false;
    const look = () => tell(isOnScreen && document.visibilityState === "visible");
    new IntersectionObserver((records) => {
      isOnScreen = records.at(-1).isIntersecting;
      look();
    }).observe(root);
    document.addEventListener("visibilitychange", look);
  }

  /** Adds the tab to the sidebar. */
  function add() {
    const { text } = tools();
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

  window.quectelSidebarTab = { add };
})();
