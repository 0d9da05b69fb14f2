/** The tab "Modem" of the sidebar with a simulated modem: live data, and everything that a person can do there. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { Locator } from "playwright-core";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import { Editor } from "./editor";

const ATTACK = '<img src=x onerror="window.wasAttacked = true">';
const SIMULATED = {
  type: "quectel-modem",
  version: 1,
  transport: "simulator",
  smtpHost: "127.0.0.1",
  smtpSecurity: "none",
  senderAddress: "pump7@example.com",
};

/** An inject node whose button sends a mail. */
const button = (id: string, topic: string, y: number): object => ({
  id,
  type: "inject",
  z: "tab",
  name: id,
  props: [
    { p: "payload" },
    { p: "topic", vt: "str" },
    { p: "to", v: "duty@example.com, boss@example.com", vt: "str" },
  ],
  repeat: "",
  topic,
  payload: "94 %",
  payloadType: "str",
  x: 140,
  y,
  wires: [["send"]],
});

const flows = (port: number): object[] => [
  { id: "tab", type: "tab", label: "Pumps" },
  { ...SIMULATED, id: "modem", name: "Pump 7", smtpPort: String(port) },
  { ...SIMULATED, id: "off", name: "Reserve", smtpPort: String(port), d: true },
  {
    ...SIMULATED,
    id: "quay",
    name: "Quay 3",
    transport: "serial",
    serialPort: "/dev/no-such-port",
    smtpPort: "25",
  },
  {
    id: "quaySend",
    type: "quectel-smtp-send",
    z: "tab",
    name: "quay",
    modem: "quay",
    x: 360,
    y: 240,
    wires: [[], []],
  },
  { ...button("quayAlarm", "Gate 3 is open", 240), wires: [["quaySend"]] },
  { id: "template", type: "subflow", name: "Mail", in: [], out: [] },
  { ...SIMULATED, id: "inner", name: "Inner", smtpPort: String(port), z: "template" },
  {
    id: "send",
    type: "quectel-smtp-send",
    z: "tab",
    name: "alarm",
    modem: "modem",
    x: 360,
    y: 80,
    wires: [[], []],
  },
  button("alarm", "Level high in tank 2", 80),
  button("attack", ATTACK, 140),
];

for (const version of nodeRedVersions()) {
  // Node-RED 4.1 has no dark theme of its own.
  for (const theme of version.name === "4.1" ? (["light"] as const) : (["light", "dark"] as const)) {
    describe(`The tab Modem in Node-RED ${version.name}, ${theme}`, function () {
      this.timeout(90_000);

      let server: MailServer;
      let editor: Editor;
      /** Paths below quectel-modem/ that the page has asked for. */
      const asked: string[] = [];
      /** What the runtime's channel has brought. */
      const heard: string[] = [];

      const tab = (selector: string) => editor.page.locator(`.quectel-sidebar ${selector}`);
      const press = (key: string) => tab(`[data-key="${key}"]`).click();
      const mail = (list: "queue" | "ended", text: string) =>
        tab(`.quectel-${list} .quectel-mail`).filter({ hasText: text }).first();
      let refused: Locator;
      const inject = async (id: string): Promise<void> => {
        const response = await fetch(new URL(`inject/${id}`, editor.url), { method: "POST" });
        assert.equal(response.status, 200);
      };
      const status = (text: string): Promise<void> =>
        tab(".quectel-status").filter({ hasText: text }).waitFor();
      const choose = (label: string) => editor.page.selectOption("#quectel-sidebar-modem", { label });

      const showTab = async (): Promise<void> => {
        await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
        // The tab then has the height of the window; Node-RED 5 shows two at once.
        const other = editor.page.locator(`button.selected[data-tab-id="debug"]`);
        if ((await other.count()) > 0) await other.click();
      };
      /** Makes the tab as narrow as a person does; returns what undoes it. */
      const narrowed = async (): Promise<() => Promise<void>> => {
        const style = await editor.page.addStyleTag({ content: ".quectel-sidebar { width: 290px }" });
        return () => style.evaluate((one) => void one.parentNode?.removeChild(one));
      };
      /** What is wider than its place. */
      const overflowing = (): Promise<unknown> =>
        editor.page.evaluate(`$(".quectel-sidebar").find("*").toArray()
          .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline")
          .filter((one) => !$(one).is("pre, .quectel-spoken") && one.closest("svg") === null)
          .map((one) => one.className)`);

      before(async () => {
        server = await MailServer.start();
        editor = await Editor.start({ version, flows: flows(server.port), theme });
        await editor.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
        editor.page.on("websocket", (socket) => {
          socket.on("framereceived", ({ payload }) => void heard.push(String(payload)));
        });
        // Before it has failed it may still be sent: to each recipient alone, after both were refused together.
        refused = tab(".quectel-queue .quectel-mail-failed").filter({ hasText: "SMTP_MAILBOX_UNAVAILABLE" });
        await editor.page.reload();
        await editor.page.waitForSelector(".red-ui-flow-node");
        editor.page.on("request", (request) => {
          const [, path] = /\/(quectel-modem\/modems.*?)(\?|$)/.exec(request.url()) ?? [];
          if (path !== undefined) asked.push(path);
        });
      });

      after(async () => {
        await editor?.stop();
        await server?.stop();
      });

      it("asks for nothing before it is shown", () => {
        assert.deepEqual(asked, []);
      });

      it("shows state, operator, technology and signal of the modem that runs", async () => {
        await showTab();
        await status("SIMULATED ready");
        await tab("dd").filter({ hasText: "LTE" }).waitFor();
        await tab(".quectel-chart [class^=quectel-signal]").first().waitFor();
        assert.match(
          (await tab(".quectel-chart").getAttribute("aria-label")) ?? "",
          /in the last 10 min: now -\d+ dBm/,
        );
        assert.match(await tab("dl").innerText(), /Operator[\s\S]+Network[\s\S]+Signal[\s\S]+EC25/);
        // Mails first.
        const parts = await tab(".quectel-body > section").evaluateAll((all) =>
          all.map(({ className }) => /quectel-section quectel-(\w+)/.exec(className)?.[1]),
        );
        assert.deepEqual(parts, ["queue", "ended", "network", "signal"]);
        await editor.picture("sidebar-ready");
      });

      it("shows a mail that waits in a paused outbox without a reload, and sends it when it is resumed", async () => {
        await press("pause");
        await status("SIMULATED paused");
        await inject("alarm");
        const row = mail("queue", "Level high in tank 2");
        await row.waitFor();
        assert.match(await row.innerText(), /d•••@example\.com, b•••@example\.com/);
        await editor.picture("sidebar-paused");
        await tab(`[data-key="resume"]`).focus();
        await editor.page.keyboard.press("Enter");
        await server.waitForMail();
        await mail("ended", "Level high in tank 2").filter({ hasText: "sent" }).waitFor();
        await row.waitFor({ state: "detached" });
        await status("SIMULATED ready");
        assert.equal(await editor.page.evaluate("document.activeElement.dataset.key"), "pause");
        assert.equal(await tab(".quectel-spoken").innerText(), "SIMULATED ready");
      });

      it("shows a failed mail with what to do, whatever its subject holds, and retries it", async () => {
        server.refuse = { rcpt: 550 };
        await inject("attack");
        const row = mail("queue", ATTACK);
        await refused.waitFor();
        const shown = await row.innerText();
        assert.match(shown, /rejected the recipient/);
        assert.match(shown, /Check the address/);
        assert.equal(await tab("img").count(), 0);
        assert.equal(await editor.page.evaluate("window.wasAttacked"), undefined);
        await row.scrollIntoViewIfNeeded();
        await editor.picture("sidebar-failed");
        server.refuse = {};
        const count = server.received.length;
        await row.getByRole("button", { name: "Retry" }).click();
        await waitFor("the mail", () => server.received.length > count);
        await mail("ended", ATTACK).filter({ hasText: "sent" }).waitFor();
        await tab(".quectel-queue h4").filter({ hasText: "0 waiting, 0 failed" }).waitFor();
      });

      it("says why a mail waits and when it is tried again, and tries all at once when told to", async () => {
        server.refuse = { mail: 451 };
        await inject("alarm");
        const row = mail("queue", "Level high in tank 2");
        await row.filter({ hasText: /next try in/ }).waitFor();
        assert.match(await row.innerText(), /error at the server|SMTP_LOCAL_ERROR/);
        await editor.picture("sidebar-waiting");
        server.refuse = {};
        const count = server.received.length;
        await press("flushAll");
        await waitFor("the mail", () => server.received.length > count);
        await row.waitFor({ state: "detached" });
        await tab(`[data-key="flushAll"]`).waitFor({ state: "detached" });
      });

      it("discards a failed mail only when it was asked twice", async () => {
        server.refuse = { rcpt: 550 };
        await inject("alarm");
        const row = mail("queue", "Level high in tank 2");
        await refused.waitFor();
        server.refuse = {};
        await row.getByRole("button", { name: "Discard" }).click();
        const question = editor.page.locator(".red-ui-notification", { hasText: "Discard this mail?" });
        await question.getByRole("button", { name: "Keep" }).click();
        await question.waitFor({ state: "detached" });
        await row.getByRole("button", { name: "Discard" }).click();
        await editor.page.waitForFunction(`!$(".red-ui-notification").is(":animated")`);
        await editor.picture("sidebar-discard");
        await question.getByRole("button", { name: "Discard" }).click();
        await row.waitFor({ state: "detached" });
      });

      it("records a trace that can be copied and downloaded, and ends it", async () => {
        await press("startTrace");
        await tab(".quectel-trace").filter({ hasText: "stops automatically in 15 min" }).waitFor();
        await inject("alarm");
        const lines = tab(".quectel-trace-lines");
        await lines.filter({ hasText: "+QSMTPPUT: 0,0" }).waitFor();
        await lines.scrollIntoViewIfNeeded();
        await editor.picture("sidebar-trace");
        await press("stopTrace");
        await tab(".quectel-trace").filter({ hasText: "Not recording" }).waitFor();
        const shown = await lines.innerText();
        assert.match(shown, /\d\d:\d\d:\d\d\.\d{3} > AT/);
        for (const hidden of ["@example.com", "tank 2", "94 %"]) assert(!shown.includes(hidden), hidden);
        const [download] = await Promise.all([editor.page.waitForEvent("download"), press("download")]);
        assert.match(download.suggestedFilename(), /^modem-trace-[\dT-]+\.txt$/);
        assert.equal((await readFile(await download.path(), "utf8")).trim(), shown.trim());
        await press("copyTrace");
        assert.equal(
          String(await editor.page.evaluate("navigator.clipboard.readText()")).trim(),
          shown.trim(),
        );
      });

      it("makes a report that can be read before it is copied", async () => {
        await press("report");
        const report = tab(".quectel-report textarea");
        await report.waitFor();
        const text = await report.inputValue();
        assert.match(text, new RegExp(`- Node-RED: ${version.name.replace(".", "\\.")}`));
        assert.match(text, /### AT trace[\s\S]+QSMTPPUT/);
        for (const hidden of ["@example.com", "tank 2", "94 %"]) assert(!text.includes(hidden), hidden);
        await report.scrollIntoViewIfNeeded();
        await editor.picture("sidebar-report");
        await press("copyReport");
        assert.equal(await editor.page.evaluate("navigator.clipboard.readText()"), text);
        await press("closeReport");
        await report.waitFor({ state: "hidden" });
      });

      it("says of a modem that is disabled, in an unused subflow or not deployed that it is so", async () => {
        await choose("Reserve");
        await tab(".quectel-notice").filter({ hasText: "disabled" }).waitFor();
        await choose("Inner");
        await tab(".quectel-notice").filter({ hasText: "subflow" }).waitFor();
        await editor.page.evaluate(`RED.nodes.import([{ ...${JSON.stringify(SIMULATED)},
          id: "fresh", name: "Fresh", smtpPort: "25" }])`);
        await tab("option").filter({ hasText: "Fresh" }).waitFor({ state: "attached" });
        await choose("Fresh");
        await tab(".quectel-notice").filter({ hasText: "not deployed" }).waitFor();
        assert.equal(await tab(".quectel-trace").isVisible(), false);
        await editor.picture("sidebar-not-deployed");
        await choose("Pump 7");
        await status("SIMULATED ready");
      });

      it("counts down to the next try of a port that is missing, and tries it now when told to", async () => {
        await choose("Quay 3");
        await status("port missing");
        const next = tab(".quectel-connect");
        await next.filter({ hasText: /Next attempt to connect in \d+ s/ }).waitFor();
        assert.equal(await tab(".quectel-network dd").count(), 0);
        await press("connect");
        await next.filter({ hasText: /Next attempt to connect in \d+ s/ }).waitFor();
        await inject("quayAlarm");
        await mail("queue", "Gate 3 is open").waitFor();
        await editor.picture("sidebar-port-missing");
      });

      it("shows the mails of a modem that was deleted, and lets another modem send them", async () => {
        // As another person, whose editor has never had it.
        const flow = (await (await fetch(new URL("flows", editor.url))).json()) as { id: string }[];
        const rest = flow.filter(({ id }) => !id.startsWith("quay"));
        const body = JSON.stringify(rest);
        const headers = { "content-type": "application/json" };
        assert.ok((await fetch(new URL("flows", editor.url), { method: "POST", headers, body })).ok);
        const { page } = editor;
        const broken = /quectel-modem\/left\?/;
        await page.route(broken, (route) => route.fulfill({ body: "no answer" }));
        await page.reload();
        await page.waitForSelector(".red-ui-flow-node");
        await showTab();
        // What the disk cannot tell of the mails that are left keeps no modem from being shown.
        await status("SIMULATED ready");
        await page.unroute(broken);
        await page.reload();
        await page.waitForSelector(".red-ui-flow-node");
        await showTab();
        const left = tab(".quectel-left");
        await left.filter({ hasText: "This modem was deleted" }).waitFor();
        await choose("Pump 7");
        await status("SIMULATED ready");
        assert.match(
          await left.innerText(),
          /quay: 1 waiting, 0 failed[\s\S]+Gate 3 is open[\s\S]+d•••@example\.com/,
        );
        await left.scrollIntoViewIfNeeded();
        await editor.picture("sidebar-left");
        await press("discardLeft-quay");
        const question = editor.page.locator(".red-ui-notification", { hasText: "Discard all mails" });
        await question.getByRole("button", { name: "Keep" }).click();
        await question.waitFor({ state: "detached" });
        const widen = await narrowed();
        assert.deepEqual(await overflowing(), []);
        await editor.picture("sidebar-left-290");
        await widen();
        const count = server.received.length;
        await press("adopt-quay");
        await waitFor("the mail", () => server.received.length > count);
        await left.waitFor({ state: "detached" });
        await mail("ended", "Gate 3 is open").filter({ hasText: "sent" }).waitFor();
      });

      it("draws two hours of signal, and says why a held outbox sends nothing", async () => {
        const error = {
          code: "SMTP_AUTH_FAILED",
          message: "The mail server rejected the username or password",
        };
        await editor.page.route(/quectel-modem\/modems\/modem\?/, async (route) => {
          const answer = await route.fetch();
          const view = (await answer.json()) as { queue: object };
          await route.fulfill({
            json: {
              ...view,
              samples: Array.from({ length: 120 }, (_, index) => ({
                ageMs: (119 - index) * 60_000,
                ...(index > 40 && index < 50 ? {} : { rssiDbm: Math.round(-85 + 18 * Math.sin(index / 9)) }),
              })),
              queue: { ...view.queue, hold: { kind: "setup", since: new Date().toISOString(), error } },
            },
          });
        });
        await choose("Reserve");
        await choose("Pump 7");
        await tab(".quectel-hold").filter({ hasText: "every mail would fail with the same error" }).waitFor();
        await tab(".quectel-hold").filter({ hasText: "Enter them again" }).waitFor();
        assert.equal(await tab("polyline").count(), 2);
        await editor.picture("sidebar-held");
        // As narrow as a person makes it.
        const widen = await narrowed();
        assert.deepEqual(await overflowing(), []);
        await editor.picture("sidebar-290");
        await widen();
        await editor.page.unrouteAll({ behavior: "wait" });
        await choose("Reserve");
        await choose("Pump 7");
        await tab(".quectel-hold").waitFor({ state: "detached" });
      });

      it("asks for nothing while another tab is shown, and is up to date when it is shown again", async () => {
        await editor.page.evaluate(`RED.sidebar.show("info")`);
        await tab(".quectel-status").waitFor({ state: "hidden" });
        await editor.page.evaluate(`{
          window.ticks = [];
          RED.comms.subscribe("quectel-modem/#", (topic, tick) => window.ticks.push(tick));
        }`);
        const count = server.received.length;
        const before = asked.length;
        await inject("alarm");
        await waitFor("the mail", () => server.received.length > count);
        await editor.page.waitForFunction(`window.ticks.at(-1)?.state === "ready"`);
        assert.deepEqual(asked.slice(before), []);
        const sent = await tab(".quectel-ended .quectel-mail-sent").count();
        await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
        await tab(`.quectel-ended .quectel-mail-sent >> nth=${sent}`).waitFor();
      });

      it("hears of no address and no subject through the channel that reaches every viewer", () => {
        const ticks = heard.filter((payload) => payload.includes("quectel-modem/modem"));
        assert(ticks.length > 5);
        for (const hidden of ["@example.com", "tank 2", "onerror"]) {
          assert(!ticks.some((payload) => payload.includes(hidden)), hidden);
        }
      });

      it("meets no error in the page", () => {
        assert.deepEqual(editor.errors, []);
      });
    });
  }

  describe(`The tab Modem in Node-RED ${version.name} for a user who may only read`, function () {
    this.timeout(90_000);

    let editor: Editor;

    before(async () => {
      const adminAuth = { type: "credentials", users: [], default: { permissions: "read" } };
      editor = await Editor.start({ version, flows: flows(9), settings: { adminAuth } });
    });

    after(() => editor?.stop());

    it("shows everything, with the buttons off that would change something", async () => {
      await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
      await editor.page.locator(".quectel-status", { hasText: "SIMULATED ready" }).waitFor();
      const isOff = (key: string) => editor.page.locator(`.quectel-sidebar [data-key="${key}"]`).isDisabled();
      for (const key of ["pause", "startTrace"]) assert.equal(await isOff(key), true, key);
      assert.equal(await isOff("report"), false);
      assert.match(
        (await editor.page.locator(`[data-key="pause"]`).getAttribute("title")) ?? "",
        /read-only access/,
      );
      await editor.picture("sidebar-read-only");
    });
  });

  describe(`The tab Modem in Node-RED ${version.name} without any modem`, function () {
    this.timeout(90_000);

    let editor: Editor;

    before(async () => {
      const only = flows(9).filter((node) => "id" in node && (node.id === "tab" || node.id === "alarm"));
      editor = await Editor.start({ version, flows: only });
    });

    after(() => editor?.stop());

    it("says how to add one, and shows a modem as soon as one is added", async () => {
      await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
      const notice = editor.page.locator(".quectel-notice");
      await notice.filter({ hasText: "There is no modem yet" }).waitFor();
      await editor.picture("sidebar-none");
      await editor.page.evaluate(`RED.nodes.import([{ ...${JSON.stringify(SIMULATED)},
        id: "fresh", name: "Fresh", smtpPort: "25" }])`);
      await notice.filter({ hasText: "not deployed" }).waitFor();
      assert.deepEqual(editor.errors, []);
    });
  });
}
