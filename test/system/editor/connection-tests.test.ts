/** The test buttons of the modem's dialog, pressed in Chromium: before anything is deployed, with the values typed. */
import assert from "node:assert/strict";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";

const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  { id: "comment", type: "comment", z: "tab", name: "nothing uses the modem yet", x: 200, y: 80, wires: [] },
  { id: "modem", type: "quectel-modem", name: "", version: 1, transport: "simulator" },
  { id: "subflow", type: "subflow", name: "Alarm", info: "", in: [], out: [], env: [] },
  { id: "template", type: "quectel-modem", z: "subflow", name: "", version: 1, transport: "simulator" },
];

const PASSWORD = "s3cret-word";

for (const version of nodeRedVersions()) {
  for (const theme of version.name === "4.1" ? (["light"] as const) : (["light", "dark"] as const)) {
    describe(`The test buttons in the editor of Node-RED ${version.name}, ${theme}`, () => {
      let server: MailServer;
      let editor: Editor;

      before(async () => {
        server = await MailServer.start({ auth: { user: "pump7", password: PASSWORD } });
        editor = await Editor.start({ version, flows: FLOWS, theme });
      });

      after(async () => {
        await editor?.stop();
        await server?.stop();
      });

      beforeEach(() => {
        server.received.length = 0;
      });

      const headline = (words: string | RegExp): Promise<void> =>
        editor.page.locator("#quectel-test-headline", { hasText: words }).waitFor({ timeout: 20_000 });
      const steps = (status: string): Promise<string[]> =>
        editor.page.locator(`.quectel-step-${status} .quectel-step-name`).allInnerTexts();
      const openWithServer = (change?: Parameters<Editor["openWithServer"]>[2]): Promise<void> =>
        editor.openWithServer(server.port, PASSWORD, change);
      const picture = (name: string): Promise<void> => editor.picture(name);
      const hint = (): Promise<string> => editor.page.locator("#quectel-test-hint").innerText();
      /** What a person can see of an element without scrolling: all of it. */
      const isSeen = (selector: string): Promise<boolean> =>
        editor.page.evaluate(`(() => {
          const { left, right, top, bottom } = $("${selector}")[0].getBoundingClientRect();
          const corners = [[left + 2, top + 2], [right - 2, bottom - 2]];
          return corners.every(([x, y]) => $(document.elementFromPoint(x, y)).closest("#quectel-test-result").length > 0);
        })()`);
      const small = { width: 1366, height: 657 };
      const large = { width: 1280, height: 900 };

      it("show the way of a mail as a ladder, also before a mail server is chosen", async () => {
        await editor.openConfig("quectel-modem", "modem");
        await editor.page.click("#quectel-test-modem");
        await headline("No step failed");
        assert.deepEqual((await steps("ok")).slice(0, 4), [
          "Port",
          "Module",
          "SIM card",
          "Network registration",
        ]);
        assert.deepEqual(await steps("failed"), []);
        await picture("modem-test");
        await editor.cancel();
      });

      it("show a hint at the first step that fails", async () => {
        await openWithServer({ transport: "serial", serialPort: "/dev/no-such-port" });
        await editor.page.click("#quectel-test-modem");
        await headline("Port: The serial port does not exist");
        assert.deepEqual(await steps("failed"), ["Port"]);
        assert.match(await hint(), /Plug in the modem/);
        await picture("modem-test-failed");
        await editor.cancel();
      });

      it("show what came of it without scrolling, also on a small screen, and fold up what is well", async () => {
        await editor.page.setViewportSize(small);
        try {
          await openWithServer();
          await editor.page.click("#quectel-test-mail");
          await editor.page.fill("#quectel-test-recipient", "duty@example.com");
          await editor.page.keyboard.press("Enter");
          await headline("accepted the test mail to duty@example.com");
          for (const part of ["headline", "readable", "unreadable"]) {
            assert.equal(await isSeen(`#quectel-test-${part}`), true, part);
          }
          assert.match(
            await editor.page.locator("#quectel-test-count").innerText(),
            /^(\d+) of \1 steps are OK$/,
          );
          assert.equal(await editor.page.locator("#quectel-test-steps").isVisible(), false);
          await picture("modem-test-mail-small");
          await editor.fill("node-config-input", { smtpPassword: "wrong" });
          await editor.page.click("#quectel-test-send");
          await headline(/not sent\. Sending: /);
          assert.equal(await isSeen("#quectel-test-headline"), true);
          assert.equal(await isSeen("#quectel-test-hint"), true);
          assert.equal(await editor.page.locator("#quectel-test-steps").isVisible(), true);
          await picture("modem-test-refused-small");
          await editor.cancel();
        } finally {
          await editor.page.setViewportSize(large);
        }
      });

      it("show what to do at every step that fails", async () => {
        const steps = [
          { name: "byModule", status: "failed", detail: "refused", hint: "Try an app password." },
          { name: "bySocket", status: "failed", detail: "closed", hint: "Try another <b>port</b>." },
        ];
        const view = { kind: "mail", phase: "ended", ladder: [], total: 2, steps, end: { kind: "done" } };
        const looks = /quectel-modem\/connection-tests\/[^/]+$/;
        await editor.page.route(looks, (route) => route.fulfill({ json: view }));
        await openWithServer();
        await editor.page.click("#quectel-test-modem");
        await headline("not sent. By the module's own client: refused");
        assert.equal(await hint(), "Try an app password.");
        assert.deepEqual(await editor.page.locator(".quectel-step-hint").allInnerTexts(), [
          "Try another <b>port</b>.",
        ]);
        await editor.page.unroute(looks);
        await editor.cancel();
      });

      it("send a test mail with what was typed, and ask whether it can be read", async () => {
        await openWithServer();
        await editor.page.click("#quectel-test-mail");
        await editor.page.fill("#quectel-test-recipient", "duty@example.com");
        await editor.page.keyboard.press("Enter");
        await headline("accepted the test mail to duty@example.com");
        const mail = await server.waitForMail();
        assert.match(mail.parsed.subject ?? "", /äöü.+温度过高/);
        await picture("modem-test-mail");
        const kept = editor.page.waitForResponse((response) => response.url().endsWith("/letters"));
        await editor.page.click("#quectel-test-unreadable");
        assert.equal((await kept).status(), 200);
        await editor.page.click("#quectel-test-choose");
        assert.equal(await editor.page.inputValue("#node-config-input-encoding"), "hex");
        assert.equal(await editor.page.locator("#quectel-tab-outbox").isVisible(), true);
        await picture("modem-test-mail-coding");
        await editor.cancel();
        assert.equal(server.received.length, 1);
      });

      it("say what a refused login needs", async () => {
        await openWithServer({ smtpPassword: "wrong" });
        await editor.page.click("#quectel-test-mail");
        await editor.page.fill("#quectel-test-recipient", "duty@example.com");
        await editor.page.click("#quectel-test-send");
        await headline(/not sent\. Sending: .*password/);
        assert.match(await hint(), /app password/);
        await picture("modem-test-mail-refused");
        await editor.cancel();
      });

      it("lead to the field that is missing", async () => {
        await openWithServer({ senderAddress: "" });
        await editor.page.click("#quectel-test-mail");
        await editor.page.fill("#quectel-test-recipient", "duty@example.com");
        await editor.page.click("#quectel-test-send");
        await headline("Sender address:");
        assert.equal(
          await editor.page.evaluate("document.activeElement.id"),
          "node-config-input-senderAddress",
        );
        await editor.cancel();
      });

      it("ask the module for its facts and can be stopped", async () => {
        await openWithServer();
        await editor.page.click("#quectel-ask-facts");
        await headline(/Querying the module: [1-9]/);
        await editor.page.click("#quectel-test-cancel");
        await headline("Cancelled.");
        await editor.page.locator("#quectel-test-report summary").click();
        const report = await editor.page.locator("#quectel-test-report pre").innerText();
        assert.match(report, /EC25/);
        assert.doesNotMatch(report, /s3cret-word|pump7@example\.com|\b\d{15}\b/);
        await picture("modem-facts");
        await editor.cancel();
      });

      it("are off in the template of a subflow, and say why", async () => {
        await editor.openConfig("quectel-modem", "template");
        for (const button of ["#quectel-test-modem", "#quectel-test-mail", "#quectel-ask-facts"]) {
          assert.equal(await editor.page.isDisabled(button), true);
        }
        assert.match(await editor.page.locator("#quectel-test-off").innerText(), /subflow/);
        await editor.picture("modem-test-off");
        await editor.cancel();
      });

      it("meet no error in the page", () => {
        assert.deepEqual(
          editor.errors.filter((text) => !text.includes("status of 400")),
          [],
        );
      });
    });
  }
}
