/**
 * The first mail of a person who has never seen the package, from the palette to the mailbox, by what the screen says
 * alone: without hardware, and with a module on a serial port.
 *
 * The module is a simulated one on a pseudo terminal, with the times of a real one; that the list of ports marks it is
 * the only thing that is made up here.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Locator } from "playwright-core";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { startSimulatorOnPty, type SimulatorProcess } from "../../support/simulator-process";
import { Editor } from "./editor";
import { Person } from "./person";

const THREE_MINUTES = 180;
/** Clicks and seconds of a person who tests nothing, without what the machine takes. */
const SHORTEST = { simulated: { clicks: 12, seconds: 58 }, serial: { clicks: 18, seconds: 95 } } as const;
const OUTPUT = resolve(__dirname, "../../output/editor");
const EMPTY = [
  { id: "tab", type: "tab", label: "Flow 1" },
  { id: "note", type: "comment", z: "tab", name: "mine", x: 120, y: 40, wires: [] },
];
const PASSWORD = "app-password-16";

for (const version of nodeRedVersions()) {
  describe(`A newcomer at the editor of Node-RED ${version.name}`, function () {
    this.timeout(120_000);

    let folder: string;
    let module: SimulatorProcess;
    let server: MailServer;
    let editor: Editor;
    let person: Person;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "newcomer-"));
      module = await startSimulatorOnPty(join(folder, "ttyUSB2"), ["--host", "mail.example.com=127.0.0.1"]);
      server = await MailServer.start({ auth: { user: "pump7", password: PASSWORD } });
      editor = await Editor.start({ version, flows: EMPTY });
      // A person begins when the page has been loaded altogether.
      await editor.page.waitForFunction(
        `/mail/.test($('[data-palette-type="quectel-smtp-send"]').attr("data-palette-label"))`,
      );
      person = new Person(editor.page);
    });

    afterEach(async () => {
      await editor?.picture("newcomer-last");
      await editor?.stop();
      await server?.stop();
      await module?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const field = (name: string): Locator => editor.page.locator(`#node-config-input-${name}`);
    const centre = async (target: Locator): Promise<{ x: number; y: number }> => {
      const box = await target.boundingBox();
      assert.ok(box, "is on the screen");
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    };

    /** Drags a node of the palette that is seen into the flow; returns it there. */
    const drag = async (type: string, x: number): Promise<Locator> => {
      const { page } = editor;
      const known = await page.locator(".red-ui-flow-node").count();
      const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
      await entry.hover();
      await person.drag(`${type.replace("quectel-", "")} into the flow`, await centre(entry), { x, y: 300 });
      await page.waitForFunction(`document.querySelectorAll(".red-ui-flow-node").length > ${known}`);
      return page.locator(".red-ui-flow-node").last();
    };

    /** Finds a node in the palette by a word and drags it into the flow; returns it there. */
    const place = async (word: string, type: string, x: number): Promise<Locator> => {
      const { page } = editor;
      await person.click("filter nodes", page.locator("#red-ui-palette-search input"));
      await person.type("filter", word);
      // The palette filters a moment after the last key, then its categories slide to their places.
      await page.waitForFunction(
        `$(".red-ui-palette-node:not([data-filter])").map((_, one) => $(one).attr("data-palette-type")).get().join() === "${type}"`,
      );
      return drag(type, x);
    };
    const openSender = async (): Promise<void> => {
      const sender = await place("mail", "quectel-smtp-send", 640);
      await editor.page.mouse.move(640, 700);
      await person.doubleClick("the node", sender);
      await editor.page.locator("#node-dialog-ok").waitFor();
      person.read("the dialog of smtp-send");
      await person.click("To", editor.page.locator(".red-ui-typedInput-container input").first());
      await person.type("To", "duty@example.com");
      await person.click("+ beside Modem", editor.page.locator("#node-input-btn-modem-add"));
      await editor.page.locator("#quectel-test-modem").waitFor();
      person.read("the dialog of the modem");
    };
    const test = async (headline: RegExp): Promise<void> => {
      await person.click("Test modem", editor.page.locator("#quectel-test-modem"));
      const shown = editor.page.locator("#quectel-test-headline", { hasText: headline });
      await person.wait("the test", shown.waitFor({ timeout: 60_000 }));
      person.read("the steps of the test");
    };
    const sendTestMail = async (): Promise<void> => {
      const { page } = editor;
      await person.click("Send test mail", page.locator("#quectel-test-mail"));
      // What the test before said is no longer what comes next.
      assert.equal(await page.locator("#quectel-test-headline").textContent(), "");
      // The recipient of the smtp-send that opened this dialog.
      assert.equal(await page.inputValue("#quectel-test-recipient"), "duty@example.com");
      await person.press("Enter", "Enter");
      const shown = page.locator("#quectel-test-headline", { hasText: "accepted the test mail" });
      await person.wait("the test mail", shown.waitFor({ timeout: 60_000 }));
      person.read("the test mail");
      await person.click("Yes, all of them", page.locator("#quectel-test-readable"));
      person.read("what comes next");
    };
    const addAndDone = async (): Promise<void> => {
      const { page } = editor;
      await person.click("Add", page.locator("#node-config-dialog-ok"));
      await page.locator("#node-config-dialog-ok").waitFor({ state: "detached" });
      await person.click("Done", page.locator("#node-dialog-ok"));
      await page.waitForSelector(".red-ui-tray", { state: "detached" });
    };
    const deployAndInject = async (): Promise<void> => {
      const { page } = editor;
      await person.drag(
        "a wire from inject to smtp-send",
        await centre(
          page.locator(".red-ui-flow-node-group:has(.red-ui-flow-node-button) .red-ui-flow-port-output"),
        ),
        await centre(page.locator(".red-ui-flow-port-input").first()),
      );
      await person.click("Deploy", page.locator("#red-ui-header-button-deploy"));
      const ready = page.locator(".red-ui-flow-node-status-label", { hasText: /ready/ });
      await person.wait("the status ready", ready.first().waitFor({ timeout: 60_000 }));
      await person.click("the button of inject", page.locator(".red-ui-flow-node-button").first());
    };

    const choosePort = async (): Promise<void> => {
      const { page } = editor;
      const at = join(folder, "ttyUSB2");
      await page.route("**/quectel-modem/ports", (route) =>
        route.fulfill({
          json: [
            { path: at, device: "/dev/ttyUSB2", description: "Quectel EC25", models: "EC25", role: "at" },
            {
              path: "/dev/ttyUSB1",
              device: "/dev/ttyUSB1",
              description: "Quectel EC25",
              models: "EC25",
              role: "gnss",
            },
          ],
        }),
      );
      await person.click("the search beside Serial port", page.locator("#quectel-find-port"));
      await person.click("the port for AT commands", page.locator(".quectel-recommended"));
    };
    const fillInServer = async (): Promise<void> => {
      const { page } = editor;
      await person.click("Mail server", page.locator(`#quectel-tabs a[href="#quectel-tab-server"]`));
      person.read("the Mail server tab");
      await person.click("Server", field("smtpHost"));
      await person.type("Server", "mail.example.com");
      await person.choose("Encryption", field("smtpSecurity"), "none");
      await person.click("Port", field("smtpPort"));
      await person.type("Port", String(server.port));
      await person.click("Username", field("smtpUser"));
      await person.type("Username", "pump7");
      await person.click("Password", field("smtpPassword"));
      await person.type("Password", PASSWORD);
      await person.click("Sender address", field("senderAddress"));
      await person.type("Sender address", "pump7@example.com");
    };
    const within = async (
      { clicks, seconds }: { clicks: number; seconds: number },
      name: string,
    ): Promise<void> => {
      await person.writeTable(join(OUTPUT, `shortest-${name}-${version.name}.md`));
      assert.ok(person.clicks <= clicks, `${person.clicks} clicks`);
      assert.ok(person.ownSeconds <= seconds, `${person.ownSeconds} s`);
      assert.deepEqual(editor.errors, []);
    };

    it("needs few clicks from an empty flow to a mail by the simulated modem", async () => {
      await drag("inject", 380);
      await openSender();
      await person.choose("Connection", field("transport"), /Simulated/);
      await addAndDone();
      await deployAndInject();
      await person.openSidebar("quectel-modem");
      const mail = editor.page.locator(".quectel-inbox .quectel-mail").first();
      await person.wait("the mail", mail.waitFor({ timeout: 20_000 }));
      await editor.picture("newcomer-shortest");
      await within(SHORTEST.simulated, "simulated");
    });

    it("needs few clicks from an empty flow to a mail through a serial port", async () => {
      await drag("inject", 380);
      await openSender();
      await choosePort();
      await fillInServer();
      await addAndDone();
      await deployAndInject();
      const mail = await person.wait("the mail in the mailbox", server.waitForMail());
      assert.deepEqual(mail.to, ["duty@example.com"]);
      await within(SHORTEST.serial, "serial");
    });

    it("sends a first mail without hardware in under three minutes", async () => {
      const { page } = editor;
      await openSender();
      await person.choose("Connection", field("transport"), /Simulated/);
      person.read("what the simulated modem does");
      await test(/Send|send/);
      await sendTestMail();
      await editor.picture("newcomer-test-mail");
      await addAndDone();
      await place("inject", "inject", 380);
      await deployAndInject();
      await person.openSidebar("quectel-modem");
      const mails = page.locator(".quectel-inbox .quectel-mail");
      await person.wait("the mail", mails.nth(1).waitFor({ timeout: 20_000 }));
      await editor.picture("newcomer-inbox");
      await person.writeTable(join(OUTPUT, `first-mail-simulated-${version.name}.md`));
      assert.ok(person.seconds < THREE_MINUTES, `${person.seconds} s`);
      assert.deepEqual(editor.errors, []);
    });

    it("sends a first mail through a module on a serial port in under three minutes", async () => {
      await openSender();
      await choosePort();
      await test(/fill in/);
      await fillInServer();
      await sendTestMail();
      assert.match((await server.waitForMail(1)).parsed.subject ?? "", /Test/);
      await addAndDone();
      await place("inject", "inject", 380);
      await deployAndInject();
      const mail = await person.wait("the mail in the mailbox", server.waitForMail(2));
      assert.deepEqual(mail.to, ["duty@example.com"]);
      await editor.picture("newcomer-sent");
      await person.writeTable(join(OUTPUT, `first-mail-serial-${version.name}.md`));
      assert.ok(person.seconds < THREE_MINUTES, `${person.seconds} s`);
      assert.deepEqual(editor.errors, []);
    });
  });
}
