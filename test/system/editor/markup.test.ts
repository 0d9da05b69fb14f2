/**
 * Markup in texts that a module, a mail server or a message brings, shown in the editor: it is shown as it is, and nothing
 * of it becomes an element of the page or runs.
 *
 * First texts that really come from a module, a server and a flow; then every text of every answer that the runtime
 * gives, whatever it means: so a text that is shown anew tomorrow is tried without being named here.
 */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { ServedModem } from "../../node/support/served-modem";
import { cell, change } from "../../../lib/simulator";
import { Editor } from "./editor";

/** It runs wherever it is taken for HTML, also in an element that is not in the page. Without quotes: AT has its own. */
const attack = (name: string): string => `${name}<img src=x onerror=window.attacks.push('${name}')>`;

const flows = (modem: object): object[] => [
  { id: "tab", type: "tab", label: attack("tab") },
  { ...modem, name: attack("modem") },
  { ...modem, id: "other", name: attack("other"), tcpPort: "9" },
  {
    id: "send",
    type: "quectel-smtp-send",
    z: "tab",
    name: attack("sender"),
    modem: "modem",
    x: 360,
    y: 80,
    wires: [[], ["debug"]],
  },
  { id: "debug", type: "debug", z: "tab", active: true, complete: "true", x: 560, y: 80, wires: [] },
  {
    id: "alarm",
    type: "inject",
    z: "tab",
    name: "",
    props: [
      { p: "payload" },
      { p: "topic", vt: "str" },
      { p: "to", v: "duty@example.com", vt: "str" },
      {
        p: "attachments",
        v: JSON.stringify([{ filename: `${attack("file").replace("x ", "x_")}.txt`, content: "1" }]),
        vt: "json",
      },
    ],
    repeat: "",
    topic: attack("subject"),
    payload: attack("text"),
    payloadType: "str",
    x: 140,
    y: 80,
    wires: [["send"]],
  },
  { id: "status", type: "quectel-modem-status", z: "tab", modem: "modem", x: 140, y: 160, wires: [[]] },
];

/** What is said or shown by words of our own: what is changed there is no longer the answer of this runtime. */
const OWN_WORDS = /^([a-z][a-zA-Z]*|\d{4}-\d\d-\d\dT[\d:.]+Z|)$/;

/** The answer with markup behind each of its texts, and the names of these texts. */
function attacked(answer: unknown, path: string, names: Set<string>): unknown {
  if (typeof answer === "string") {
    if (OWN_WORDS.test(answer)) return answer;
    const name = path.replaceAll(/\W+/g, "_");
    names.add(name);
    return `${answer} ${attack(name)}`;
  }
  if (Array.isArray(answer)) return answer.map((part) => attacked(part, path, names));
  if (typeof answer !== "object" || answer === null) return answer;
  return Object.fromEntries(
    // What is asked for by its id has to keep it.
    Object.entries(answer).map(([name, part]) => [
      name,
      name === "id" ? part : attacked(part, `${path}.${name}`, names),
    ]),
  );
}

for (const version of nodeRedVersions()) {
  describe(`Markup in what the editor of Node-RED ${version.name} shows`, function () {
    this.timeout(120_000);

    let module: ServedModem;
    let server: ScriptedSmtp;
    let editor: Editor;

    before(async () => {
      module = await ServedModem.start();
      change(module.module, cell, { operator: attack("operator") });
      module.module.define((context, next) =>
        next({
          ...context,
          info: (line) => context.info(context.name === "+CGMM" ? line + attack("model") : line),
        }),
      );
      server = await ScriptedSmtp.start(wellBehavedBut({ RCPT: `550 5.1.1 ${attack("reply")}` }));
      const modem = module.node(server.port, { mailer: "socket", smtpHost: "127.0.0.1" });
      editor = await Editor.start({ version, flows: flows(modem) });
      await editor.page.addInitScript("window.attacks = []");
      await editor.page.reload();
      await editor.page.waitForSelector(".red-ui-flow-node");
    });

    after(async () => {
      await editor?.stop();
      await server?.stop();
      await module?.stop();
    });

    const tab = (selector: string) => editor.page.locator(`.quectel-sidebar ${selector}`);
    const press = (key: string) => tab(`[data-key="${key}"]`).click();
    /** Resolves when the page shows this text as text: in an element or in a field. */
    const shows = async (name: string): Promise<void> => {
      const text = JSON.stringify(`onerror=window.attacks.push('${name}')`);
      await editor.page
        .waitForFunction(
          `document.body.textContent.includes(${text}) ||
           [...document.querySelectorAll("input, textarea")].some(({ value }) => value.includes(${text}))`,
        )
        .catch(() => assert.fail(`the text ${name} is not shown`));
    };
    const holdsNoAttack = async (): Promise<void> => {
      // An image that is not found says so in a later turn; this one is asked for after all of them.
      await editor.page.evaluate(`new Promise((resolve) => {
        const last = new Image();
        last.onerror = resolve;
        last.src = "x?last";
      })`);
      assert.deepEqual(await editor.page.evaluate("window.attacks"), []);
      assert.equal(await editor.page.locator("img[src=x]").count(), 0);
    };

    afterEach(holdsNoAttack);

    it("would be found by this test", async () => {
      await editor.page.evaluate(`$("<div>").html(${JSON.stringify(attack("found"))})`);
      await editor.page.waitForFunction("window.attacks.length === 1");
      await editor.page.evaluate("void window.attacks.splice(0)");
    });

    it("is text where it is that of module, mail server and message", async () => {
      await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
      for (const name of ["operator", "model", "modem", "other"]) await shows(name);
      const response = await fetch(new URL("inject/alarm", editor.url), { method: "POST" });
      assert.equal(response.status, 200);
      await tab(".quectel-queue .quectel-mail-failed").waitFor();
      for (const name of ["subject", "sender"]) await shows(name);
      await press("startTrace");
      await press("report");
      await tab("textarea").waitFor();
      await shows("model");
      await editor.page.evaluate(`RED.sidebar.show("debug")`);
      await shows("reply");
    });

    it("is text in a test of the modem and of a mail", async () => {
      await editor.openConfig("quectel-modem", "modem");
      for (const [button, mood] of [
        ["#quectel-test-modem", ".quectel-good"],
        ["#quectel-test-mail", ".quectel-danger"],
      ] as const) {
        await editor.page.click(button);
        if (button === "#quectel-test-mail") {
          await editor.page.fill("#quectel-test-recipient", "duty@example.com");
          await editor.page.click("#quectel-test-send");
        }
        await editor.page.locator(`#quectel-test-headline${mood}`).waitFor({ timeout: 60_000 });
        await shows("model");
        await holdsNoAttack();
      }
      await editor.cancel();
    });

    it("is text wherever the runtime puts it into an answer", async () => {
      const names = new Set<string>();
      await editor.page.route(/\/quectel-modem\//, async (route) => {
        const answer = await route.fetch();
        const path = new URL(route.request().url()).pathname.replace(/^.*quectel-modem/, "");
        const text = await answer.text();
        const json = attacked(text === "" ? {} : JSON.parse(text), path, names);
        await route.fulfill({ response: answer, json });
      });
      await editor.page.reload();
      await editor.page.waitForSelector(".red-ui-flow-node");
      const asked = (path: string): Set<string> =>
        new Set([...names].filter((name) => name.startsWith(path)));
      const showsAll = async (path: string, but: readonly string[]): Promise<void> => {
        const all = asked(path);
        assert(all.size > 0, path);
        for (const name of all) if (!but.some((end) => name.endsWith(end))) await shows(name);
      };
      await editor.page.evaluate(`RED.sidebar.show("quectel-modem")`);
      await tab(".quectel-network dt").first().waitFor();
      await press("report");
      await tab("textarea").waitFor();
      // A mail that has failed stands in the queue with its error, and the chart says the technology by a colour.
      await showsAll("_modems_modem", [
        "_id",
        "_trace_lines",
        "_samples_technology",
        "_code",
        "_hintKey",
        "_error_message",
        "_error_hint",
      ]);
      await shows("_modems_modem_queue_rows_error_hint");
      await editor.openConfig("quectel-modem", "modem");
      await editor.page.selectOption("#node-config-input-transport", "serial");
      await editor.page.click("#quectel-find-port");
      await editor.page.locator(".red-ui-autoComplete-container a").first().waitFor();
      await showsAll("_ports", []);
      await editor.page.keyboard.press("Escape");
      await editor.page.selectOption("#node-config-input-transport", "tcp");
      await editor.page.click("#quectel-test-modem");
      await editor.page.locator("#quectel-test-headline.quectel-good").waitFor({ timeout: 60_000 });
      await showsAll("_connection_tests", ["_ladder", "_code", "_hintKey"]);
      await editor.cancel();
      await editor.page.unroute(/\/quectel-modem\//);
    });
  });
}
