/** Every dialog opened, filled, saved and opened again, on every Node-RED version, light and dark. */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";

const MODEM = {
  id: "modem",
  type: "quectel-modem",
  name: "",
  version: 1,
  transport: "simulator",
  smtpHost: "mail.example.com",
  smtpPort: "465",
  senderAddress: "pump7@example.com",
};
const PALETTE = ["smtp-send", "attach-file", "pdp-context", "modem-status", "outbox"] as const;
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  MODEM,
  ...PALETTE.map((name, index) => ({
    id: name,
    type: `quectel-${name}`,
    z: "tab",
    name: "",
    version: 1,
    modem: "modem",
    x: 200,
    y: 80 + 60 * index,
    wires: [],
  })),
];

/** What a person may have chosen in each dialog, other than the defaults. */
const CHOICES = {
  "smtp-send": {
    name: "alarm",
    priority: "high",
    maxAge: "15",
    delivery: "atMostOnce",
    emit: "whenQueued",
    errorTo: "output",
  },
  "attach-file": { name: "picture", source: "image", filename: "name", mode: "preload", errorTo: "catch" },
  "pdp-context": { name: "online", action: "reset" },
  "modem-status": { name: "signal", interval: "30", rssiChange: "10", includeIds: true },
  outbox: { name: "mails", action: "verb" },
} as const;

const MODEM_CHOICES = {
  name: "EC25",
  transport: "serial",
  serialPort: "/dev/serial/by-id/usb-Quectel-if02",
  baudRate: "auto",
  flowControl: "rtscts",
  apn: "internet",
  apnAuth: "chap",
  contextId: "3",
  ipType: "ipv4v6",
  smtpHost: "smtp.example.com",
  smtpSecurity: "starttls",
  smtpPort: "2587",
  senderName: "Pump 7",
  allowFrom: true,
  maxAge: "60",
  bccMode: "module",
  charset: "gb2312",
} as const;

const TABS = ["modem", "network", "server", "security", "outbox"] as const;

for (const version of nodeRedVersions()) {
  for (const theme of version.name === "4.1" ? (["light"] as const) : (["light", "dark"] as const)) {
    describe(`The editor of Node-RED ${version.name}, ${theme}`, () => {
      let editor: Editor;

      before(async () => {
        editor = await Editor.start({ version, flows: FLOWS, theme });
      });

      after(async () => {
        await editor?.stop();
      });

      const openTab = async (tab: (typeof TABS)[number]): Promise<void> => {
        await editor.openTab(tab);
      };

      it("changes nothing where it is left with Done or Update and nothing was changed", async () => {
        const marked = `RED.nodes.dirty() || $(".red-ui-flow-node-changed:visible").length > 0`;
        for (const name of PALETTE) {
          await editor.openNode(name);
          await editor.save();
          assert.equal(await editor.page.evaluate(marked), false, name);
        }
        for (const tab of TABS) {
          await editor.openConfig("quectel-modem", "modem");
          await openTab(tab);
          await editor.save();
          assert.equal(await editor.page.evaluate(marked), false, tab);
        }
      });

      it("leaves what the next deploy compares as it was, by Cancel and by Done, so that no modem is restarted", async () => {
        const deployed = `JSON.stringify(RED.nodes.createCompleteNodeSet())`;
        const before = await editor.page.evaluate(deployed);
        for (const leave of ["cancel", "save"] as const) {
          await editor.openConfig("quectel-modem", "modem");
          await editor[leave]();
          await editor.openNode("smtp-send");
          await editor[leave]();
          assert.equal(await editor.page.evaluate(deployed), before, leave);
        }
      });

      for (const name of PALETTE) {
        it(`keeps what was chosen in ${name}, and nothing else changes`, async () => {
          await editor.openNode(name);
          const before = await editor.shown("node-input");
          await editor.picture(name);
          const { count, crooked } = await editor.crookedTicks();
          assert.deepEqual(crooked, []);
          if (name === "modem-status") assert.equal(count, 1);
          await editor.fill("node-input", CHOICES[name]);
          const chosen = await editor.shown("node-input");
          assert.deepEqual({ ...chosen }, { ...before, ...CHOICES[name] });
          await editor.save();
          await editor.openNode(name);
          assert.deepEqual(await editor.shown("node-input"), chosen);
          assert.deepEqual(await editor.complaints(), []);
          await editor.cancel();
        });
      }

      it("reaches the login without scrolling on a small screen, also below what is known of a provider", async () => {
        const { page } = editor;
        const before = page.viewportSize() ?? { width: 1280, height: 900 };
        await page.setViewportSize({ width: 1366, height: 657 });
        try {
          await editor.openConfig("quectel-modem", "modem");
          await page.selectOption("#node-config-input-transport", "serial");
          await openTab("server");
          await editor.fill("node-config-input", { login: "password" });
          const choose = page.locator("#quectel-provider");
          for (const provider of ["", "Gmail"]) {
            await choose.locator(`option[value="${provider}"]`).waitFor({ state: "attached" });
            await choose.selectOption(provider);
            for (const property of ["smtpHost", "smtpPort", "login", "smtpUser", "smtpPassword"])
              assert.equal(await editor.isInSight(property), true, `${provider}: ${property}`);
            await editor.picture(`modem-server-small-${provider}`);
          }
          await editor.cancel();
        } finally {
          await page.setViewportSize(before);
        }
      });

      it("folds the fields of experts, but not those in which something was chosen", async () => {
        const { page } = editor;
        const isShown = (name: string): Promise<boolean> =>
          page.locator(`#node-config-input-${name}`).isVisible();
        const experts = {
          modem: ["baudRate", "flowControl", "dtr", "rts"],
          network: ["ipType", "contextId", "idleMinutes", "allowReset"],
          server: ["allowFrom"],
          security: ["tlsContextId"],
          outbox: ["maxQueued", "maxSpoolMB", "sendTimeout", "bccMode", "charset", "encoding"],
        } as const;
        await editor.openConfig("quectel-modem", "modem");
        await page.selectOption("#node-config-input-transport", "serial");
        let ticks = 0;
        for (const tab of TABS) {
          await openTab(tab);
          for (const name of experts[tab]) assert.equal(await isShown(name), false, name);
          await editor.openMore();
          for (const name of experts[tab]) assert.equal(await isShown(name), true, name);
          assert.deepEqual(await editor.crampedLabels(), []);
          const { count, crooked } = await editor.crookedTicks();
          assert.deepEqual(crooked, []);
          ticks += count;
          await editor.picture(`modem-${tab}-more`);
        }
        assert.ok(ticks >= 3, `${ticks} ticks`);
        await editor.fill("node-config-input", { transport: "simulator", charset: "gb2312" });
        await editor.save();
        await editor.openConfig("quectel-modem", "modem");
        await openTab("outbox");
        assert.equal(await isShown("charset"), true);
        await editor.fill("node-config-input", { charset: "auto" });
        await editor.save();
        await editor.openNode("smtp-send");
        assert.equal(await page.locator("#node-input-emit").isVisible(), true);
        await editor.cancel();
      });

      it("keeps what was chosen for the modem", async () => {
        await editor.openConfig("quectel-modem", "modem");
        const before = await editor.shown("node-config-input");
        await editor.fill("node-config-input", MODEM_CHOICES);
        const chosen = await editor.shown("node-config-input");
        assert.deepEqual(chosen, { ...before, ...MODEM_CHOICES });
        for (const tab of TABS) {
          await openTab(tab);
          await editor.picture(`modem-${tab}`);
        }
        await editor.save();
        await editor.openConfig("quectel-modem", "modem");
        assert.deepEqual(await editor.shown("node-config-input"), chosen);
        await editor.cancel();
      });

      it("shows only the fields that apply to the chosen connection", async () => {
        await editor.openConfig("quectel-modem", "modem");
        const visible = (name: string): Promise<boolean> =>
          editor.page.locator(`#node-config-input-${name}`).isVisible();
        const fields = ["serialPort", "tcpHost", "tcpPort"];
        for (const [transport, expected] of [
          ["serial", ["serialPort"]],
          ["tcp", ["tcpHost", "tcpPort"]],
          ["simulator", []],
        ] as const) {
          await editor.page.selectOption("#node-config-input-transport", transport);
          const shown = [];
          for (const name of fields) if (await visible(name)) shown.push(name);
          assert.deepEqual(shown, expected);
          assert.equal(
            await editor.page.locator(".quectel-more:visible").count(),
            transport === "serial" ? 1 : 0,
          );
          await editor.picture(`modem-${transport}`);
        }
        await editor.cancel();
      });

      it("shows only the fields that apply to who sends the mails, and keeps the choice", async () => {
        await editor.openConfig("quectel-modem", "modem");
        for (const [mailer, isShown] of [
          ["socket", false],
          ["module", true],
          ["auto", true],
          ["socket", false],
        ] as const) {
          await openTab("server");
          await editor.page.selectOption("#node-config-input-mailer", mailer);
          await editor.picture(`modem-by-${mailer}`);
          await openTab("outbox");
          await editor.openMore();
          for (const name of ["sendTimeout", "bccMode", "charset", "encoding"]) {
            const field = editor.page.locator(`#node-config-input-${name}`);
            assert.equal(await field.isVisible(), isShown, name);
          }
        }
        assert.equal((await editor.shown("node-config-input"))["mailer"], "socket");
        await editor.cancel();
      });

      it("fills server, encryption and port from the provider, and warns where a password does not log in", async () => {
        await editor.openConfig("quectel-modem", "modem");
        await openTab("server");
        await editor.page.waitForFunction(`$("#quectel-provider option").length > 5`);
        await editor.page.selectOption("#quectel-provider", { label: "Gmail" });
        const shown = await editor.shown("node-config-input");
        assert.deepEqual(
          [shown["smtpHost"], shown["smtpPort"], shown["smtpSecurity"]],
          ["smtp.gmail.com", "465", "tls"],
        );
        await editor.picture("modem-provider");
        // The way that a provider needs comes with it, and goes with the next one.
        for (const [label, way] of [
          ["SendGrid", "socket"],
          ["Gmail", "module"],
        ] as const) {
          await editor.page.selectOption("#quectel-provider", { label });
          assert.equal((await editor.shown("node-config-input"))["mailer"], way);
        }
        await editor.page.selectOption("#quectel-provider", { label: "Microsoft 365" });
        const login = await editor.shown("node-config-input");
        assert.deepEqual([login["mailer"], login["login"]], ["socket", "microsoft"]);
        const isVisible = (name: string): Promise<boolean> =>
          editor.page.locator(`#node-config-input-${name}`).isVisible();
        for (const name of ["tenant", "clientId", "clientSecret"])
          assert.equal(await isVisible(name), true, name);
        for (const name of ["smtpPassword", "tokenUrl", "scope", "serviceAccount"])
          assert.equal(await isVisible(name), false, name);
        await editor.picture("modem-login-microsoft");
        // The module's own client knows passwords only.
        await editor.page.selectOption("#node-config-input-mailer", "module");
        assert.equal((await editor.shown("node-config-input"))["login"], "password");
        assert.equal(await isVisible("smtpPassword"), true);
        const advice = editor.page.locator("#quectel-advice", { hasText: "Microsoft 365" });
        await advice.waitFor();
        await editor.picture("modem-provider-without-login");
        // Also where the server was typed, and where its port does not go with the encryption.
        await editor.page.fill("#node-config-input-smtpHost", "smtp-mail.outlook.com");
        await editor.page.locator("#quectel-advice", { hasText: "Outlook.com" }).waitFor();
        await editor.page.fill("#node-config-input-smtpHost", "mail.example.com");
        await editor.page.fill("#node-config-input-smtpPort", "465");
        await editor.page
          .locator("#quectel-advice", { hasText: "Port 465 is usually used with SSL/TLS" })
          .waitFor();
        await editor.cancel();
      });

      it("says in red what not checking the certificate means", async () => {
        await editor.openConfig("quectel-modem", "modem");
        await openTab("security");
        assert.equal(await editor.page.inputValue("#quectel-check"), "auto");
        const warning = editor.page.locator("#quectel-tab-security .quectel-danger");
        assert.equal(await warning.isVisible(), false);
        await editor.page.selectOption("#quectel-check", "off");
        await warning.waitFor();
        assert.equal((await editor.shown("node-config-input"))["tlsVerify"], false);
        await editor.picture("modem-unchecked");
        await editor.page.selectOption("#quectel-check", "name");
        await editor.page.click("#quectel-find-root");
        await editor.page.locator(".red-ui-autoComplete-container >> text=ISRG Root X1").click();
        assert.equal(await editor.page.inputValue("#node-config-input-tlsRoot"), "ISRG Root X1");
        await editor.cancel();
      });

      it("is used by keyboard alone, and marks the tab where something is missing", async () => {
        await editor.openConfig("quectel-modem", "modem");
        const { page } = editor;
        const tab = page.locator(`#quectel-tabs a[href="#quectel-tab-server"]`);
        await tab.press("Enter");
        await page.locator("#quectel-tab-server").waitFor();
        await tab.press("ArrowRight");
        await page.locator("#quectel-tab-security").waitFor();
        await page.waitForFunction("document.activeElement.hash === '#quectel-tab-security'");
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.closest('.quectel-dialog') !== null"), true);
        await editor.fill("node-config-input", { senderAddress: "" });
        const marked = page.locator("#quectel-tabs a.quectel-danger");
        await marked.waitFor();
        assert.equal(await marked.innerText(), "Mail server");
        await page.focus("#quectel-test-modem");
        await page.keyboard.press("Enter");
        await page.locator("#quectel-test-headline", { hasText: /\w/ }).waitFor();
        await editor.cancel();
      });

      it("offers ports, or says that there is none, and lets the name be typed", async () => {
        await editor.openConfig("quectel-modem", "modem");
        await editor.page.selectOption("#node-config-input-transport", "serial");
        const menu = editor.page.locator(".red-ui-autoComplete-container");
        const listed = async (ports: readonly object[]): Promise<string> => {
          await editor.page.route("**/quectel-modem/ports", (route) => route.fulfill({ json: ports }));
          await editor.page.click("#quectel-find-port");
          await menu.waitFor();
          const text = await menu.innerText();
          await editor.picture(`modem-ports-${ports.length}`);
          await editor.page.keyboard.press("Escape");
          await menu.waitFor({ state: "detached" });
          await editor.page.unroute("**/quectel-modem/ports");
          return text;
        };
        const at = { path: "/dev/ttyUSB2", device: "/dev/ttyUSB2", models: "EC25", role: "at" };
        const other = { path: "/dev/ttyS0", device: "/dev/ttyS0" };
        assert.match(await listed([]), /^No serial port found/);
        assert.match(await listed([other]), /^No Quectel port found[^]*ttyS0/);
        assert.match(await listed([at, other]), /^EC25 – for AT commands/);
        await editor.page.click("#quectel-find-port");
        await menu.waitFor();
        assert((await menu.innerText()).trim().length > 0);
        await editor.page.keyboard.press("Escape");
        await editor.page.fill("#node-config-input-serialPort", "/dev/ttyUSB9");
        assert.equal((await editor.shown("node-config-input"))["serialPort"], "/dev/ttyUSB9");
        await editor.cancel();
      });

      it("marks a field that cannot be, and says why", async () => {
        await editor.openConfig("quectel-modem", "modem");
        await openTab("server");
        await editor.fill("node-config-input", {
          login: "none",
          smtpPort: "70000",
          senderAddress: "nobody",
        });
        assert.deepEqual(await editor.complaints(), [
          "node-config-input-smtpPort",
          "node-config-input-senderAddress",
        ]);
        await editor.page.hover("#node-config-input-smtpPort");
        await editor.page.locator("text=Port: a whole number from 1 to 65535").first().waitFor();
        await editor.picture("modem-complaint");
        await editor.cancel();
      });

      it("meets no error in the page", () => {
        assert.deepEqual(editor.errors, []);
      });
    });
  }
}
