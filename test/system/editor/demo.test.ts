/** The demo flow as a new user meets it: the button of the inject node, the result in the debug sidebar, the mail. */
import assert from "node:assert/strict";
import { readJson } from "../../support/editor-files";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";

interface DemoNode {
  readonly type: string;
}

const [old, recent] = nodeRedVersions();
assert.ok(old && recent);

for (const { version, theme } of [
  { version: old, theme: "light" },
  { version: recent, theme: "light" },
  { version: recent, theme: "dark" },
] as const) {
  describe(`The demo flow in the editor of Node-RED ${version.name}, ${theme}`, function () {
    this.timeout(60_000);

    let server: MailServer;
    let editor: Editor;

    before(async () => {
      server = await MailServer.start();
      const flows = (readJson("examples/01 First mail.json") as DemoNode[]).map((node) =>
        node.type === "quectel-modem"
          ? { ...node, smtpHost: "127.0.0.1", smtpPort: String(server.port) }
          : node,
      );
      editor = await Editor.start({ version, flows, theme });
    });

    after(async () => {
      await editor?.stop();
      await server?.stop();
    });

    it("sends a mail at the press of its button and shows the result", async () => {
      const { page } = editor;
      await page.evaluate(`RED.sidebar.show("debug")`);
      await page.locator(".red-ui-flow-node-status-label", { hasText: "SIMULATED ready" }).first().waitFor();
      await page.locator(".red-ui-flow-node-button").first().click();
      const mail = await server.waitForMail();
      assert.equal(mail.parsed.subject, "Level high in tank 2");
      await page.locator(".red-ui-debug-msg").first().waitFor();
      const shown = await page.locator(".red-ui-debug-msg").first().innerText();
      assert.match(shown, /msg\.smtp/);
      await page.locator(".red-ui-debug-msg .red-ui-debug-msg-object-handle").first().click();
      await editor.picture("demo-flow");
      assert.deepEqual(editor.errors, []);
    });
  });
}
