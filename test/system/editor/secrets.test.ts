/** A stored password in the editor: it is used, and never seen again in the page, the network or an exported flow. */
import assert from "node:assert/strict";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";

const PASSWORD = "canary-word-8151";
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  { id: "modem", type: "quectel-modem", name: "", version: 1, transport: "simulator" },
  { id: "send", type: "quectel-smtp-send", z: "tab", modem: "modem", x: 200, y: 80, wires: [[], []] },
];

for (const version of nodeRedVersions()) {
  describe(`A stored password in the editor of Node-RED ${version.name}`, () => {
    let server: MailServer;
    let editor: Editor;
    /** All that the page has received since the password was stored, and what it asked to try. */
    const received: string[] = [];
    const asked: string[] = [];

    before(async () => {
      server = await MailServer.start({ auth: { user: "pump7", password: PASSWORD } });
      editor = await Editor.start({ version, flows: FLOWS });
      const { page } = editor;
      await editor.openWithServer(server.port, PASSWORD);
      await editor.save();
      await page.click("#red-ui-header-button-deploy");
      await page.locator("#red-ui-header-button-deploy.disabled").waitFor();
      page.on("response", (response) => {
        response.text().then(
          (text) => received.push(text),
          () => undefined,
        );
      });
      page.on("websocket", (socket) =>
        socket.on("framereceived", ({ payload }) => received.push(String(payload))),
      );
      page.on("request", (request) => {
        if (request.url().endsWith("/connection-tests")) asked.push(request.postData() ?? "");
      });
      await page.reload();
      await page.waitForSelector(".red-ui-flow-node");
    });

    after(async () => {
      await editor?.stop();
      await server?.stop();
    });

    const testMail = async (): Promise<void> => {
      await editor.page.click("#quectel-test-mail");
      await editor.page.fill("#quectel-test-recipient", "duty@example.com");
      await editor.page.click("#quectel-test-send");
    };
    const headline = (words: string): Promise<void> =>
      editor.page.locator("#quectel-test-headline", { hasText: words }).waitFor({ timeout: 30_000 });

    it("is used for a test mail while its field is untouched, and stays in the runtime", async () => {
      await editor.openConfig("quectel-modem", "modem");
      assert.notEqual((await editor.shown("node-config-input"))["smtpPassword"], PASSWORD);
      await testMail();
      await headline("accepted the test mail");
      assert.equal((await server.waitForMail()).user, "pump7");
      const [order] = asked;
      assert.equal(JSON.parse(order ?? "").credentials.smtpPassword, undefined);
      await editor.cancel();
    });

    it("has to be typed again for another server, and the dialog leads there", async () => {
      await editor.openConfig("quectel-modem", "modem");
      await editor.fill("node-config-input", { smtpHost: "localhost" });
      await testMail();
      await editor.page.waitForFunction(`document.activeElement.id === "node-config-input-smtpPassword"`);
      assert.equal(server.received.length, 1);
      await editor.cancel();
    });

    it("is in no exported flow, and what is imported from it has none", async () => {
      const exported: string = await editor.page.evaluate(
        `JSON.stringify(RED.nodes.createExportableNodeSet(RED.nodes.filterNodes({ z: "tab" })))`,
      );
      assert.match(exported, /"quectel-modem"/);
      assert.doesNotMatch(exported, /canary|pump7"|credentials/);
      const imported: unknown = await editor.page.evaluate(`{
        RED.nodes.import(${exported.replaceAll('"modem"', '"elsewhere"').replaceAll('"send"', '"copy"')});
        const { smtpHost, credentials = {} } = RED.nodes.node("elsewhere");
        [smtpHost, credentials];
      }`);
      assert.deepEqual(imported, ["127.0.0.1", {}]);
    });

    it("is missed where the imported modem needs one, until it is entered, and after the deploy and a reload, too", async () => {
      const { page } = editor;
      // What was imported before is not deployed, and goes with the page.
      await page.reload();
      await page.waitForSelector(".red-ui-flow-node");
      const faults = (): Promise<string> => page.evaluate(`RED.nodes.node("other").validationErrors.join()`);
      const marked = (isMarked: boolean): Promise<unknown> =>
        page.waitForFunction(`RED.nodes.node("alarm").valid === ${!isMarked}`);
      const modem = {
        id: "other",
        type: "quectel-modem",
        version: 1,
        transport: "tcp",
        tcpHost: "127.0.0.1",
        tcpPort: "9",
        smtpHost: "mail.example.com",
        smtpPort: "465",
        senderAddress: "pump7@example.com",
      };
      const send = {
        id: "alarm",
        type: "quectel-smtp-send",
        z: "tab",
        modem: "other",
        x: 200,
        y: 200,
        wires: [[], []],
      };
      await page.evaluate(`RED.nodes.import(${JSON.stringify([modem, send])}); RED.view.redraw(true)`);
      await marked(true);
      assert.equal(
        await faults(),
        ["Username", "Password"]
          .map((field) => `${field}: missing. An exported flow holds no passwords; enter it again.`)
          .join("; "),
      );
      await editor.openConfig("quectel-modem", "other");
      await editor.openTab("server");
      assert.deepEqual(await editor.complaints(), [
        "node-config-input-smtpUser",
        "node-config-input-smtpPassword",
      ]);
      await editor.picture("password-missing");
      await editor.fill("node-config-input", { login: "none" });
      assert.deepEqual(await editor.complaints(), []);
      await editor.fill("node-config-input", {
        login: "password",
        smtpUser: "pump7",
        smtpPassword: PASSWORD,
      });
      await editor.save();
      await marked(false);
      await page.click("#red-ui-header-button-deploy");
      await page.locator("#red-ui-header-button-deploy.disabled").waitFor();
      const told = page.waitForResponse(/credentials\/quectel-modem\/other$/);
      await page.reload();
      await told;
      await page.waitForSelector(".red-ui-flow-node");
      assert.deepEqual(await faults(), "");
      await marked(false);
    });

    it("has come to the page in no answer and no message of the runtime", () => {
      const all = received.join("\n");
      // The flows with their nodes, the status of one of them, and the end of a connection test.
      for (const part of ['"senderAddress":"pump7@', "status/send", '"phase":"ended"']) {
        assert(all.includes(part), part);
      }
      assert(!all.includes(PASSWORD));
      assert(!all.includes(Buffer.from(PASSWORD).toString("base64")));
    });
  });
}
