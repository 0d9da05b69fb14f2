/**
 * Every text of the dialogs and of the sidebar can be read: a contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3) between
 * the colours that the browser computes, in each theme. What is typed into fields, and fields that are switched off,
 * have the colours of the editor.
 */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";

const LEAST = 4.5;
const PALETTE = ["smtp-send", "attach-file", "pdp-context", "modem-status", "outbox"] as const;
const TABS = ["modem", "network", "server", "security", "outbox"] as const;
const MAIL = { version: 1, senderAddress: "pump7@example.com", smtpHost: "127.0.0.1", smtpSecurity: "none" };
const FLOWS = [
  { id: "tab", type: "tab", label: "Test" },
  // Nothing listens there, so that mails wait.
  { id: "modem", type: "quectel-modem", name: "", transport: "simulator", ...MAIL, smtpPort: "9" },
  {
    id: "missing",
    type: "quectel-modem",
    name: "",
    ...MAIL,
    serialPort: "/dev/no-such-port",
    smtpPort: "25",
  },
  {
    id: "alarm",
    type: "inject",
    z: "tab",
    name: "",
    props: [{ p: "payload" }],
    payload: "Level high",
    payloadType: "str",
    once: true,
    onceDelay: 0.1,
    x: 200,
    y: 400,
    wires: [["smtp-send"]],
  },
  ...PALETTE.map((name, index) => ({
    id: name,
    type: `quectel-${name}`,
    z: "tab",
    name: "",
    version: 1,
    modem: "modem",
    ...(name === "smtp-send" && { to: "duty@example.com", toType: "str" }),
    x: 420,
    y: 80 + 60 * index,
    wires: [],
  })),
  {
    id: "status",
    type: "quectel-modem-status",
    z: "tab",
    version: 1,
    modem: "missing",
    x: 420,
    y: 400,
    wires: [[]],
  },
];

interface FaintText {
  readonly text: string;
  readonly of: string;
  readonly ratio: number;
}

/** The texts below `root` whose contrast is less than `least`, and how many were measured. */
const measured = (root: string, least: number): string => `{
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const shade = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    return { rgb: [r, g, b], alpha: a / 255 };
  };
  const over = (top, alpha, below) => top.map((value, at) => value * alpha + below[at] * (1 - alpha));
  const ground = (element) => {
    if (element === null) return [255, 255, 255];
    const { rgb, alpha } = shade(getComputedStyle(element).backgroundColor);
    return alpha === 1 ? rgb : over(rgb, alpha, ground(element.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((value) =>
      value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opacityOf = (element) =>
    element === null ? 1 : Number(getComputedStyle(element).opacity) * opacityOf(element.parentElement);
  const texts = [];
  const walker = document.createTreeWalker(document.querySelector(${JSON.stringify(root)}), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement: element } = walker.currentNode;
    const isShown = data.trim() !== "" && element.checkVisibility({ checkVisibilityCSS: true });
    if (!isShown || element.closest("select, textarea, style, :disabled, .red-ui-typedInput-container")) continue;
    const style = getComputedStyle(element);
    const { rgb, alpha } = shade(element instanceof SVGElement ? style.fill : style.color);
    const below = ground(element);
    const [dark, light] = [luminance(over(rgb, alpha * opacityOf(element), below)), luminance(below)].sort((a, b) => a - b);
    texts.push({
      text: data.trim().slice(0, 40),
      of: element.id || element.getAttribute("class") || element.parentElement.getAttribute("class"),
      ratio: Math.round(((light + 0.05) / (dark + 0.05)) * 100) / 100,
    });
  }
  ({ count: texts.length, faint: texts.filter(({ ratio }) => ratio < ${least}) });
}`;

for (const version of nodeRedVersions()) {
  for (const theme of version.name === "4.1" ? (["light"] as const) : (["light", "dark"] as const)) {
    describe(`The texts of Node-RED ${version.name}, ${theme}`, () => {
      let editor: Editor;

      before(async () => {
        editor = await Editor.start({ version, flows: FLOWS, theme });
      });
      after(() => editor?.stop());

      const check = async (root: string, atLeast: number): Promise<void> => {
        // What lies under the mouse, or changes its colour just now, is measured as it is at rest.
        await editor.page.mouse.move(1, 1);
        await editor.page.evaluate(`Promise.all(
          document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => {})))`);
        const { count, faint }: { count: number; faint: FaintText[] } = await editor.page.evaluate(
          measured(root, LEAST),
        );
        assert.deepEqual(faint, []);
        assert.ok(count >= atLeast, `${count} texts`);
      };
      const openAll = (): Promise<unknown> =>
        editor.page.evaluate(`$(".quectel-dialog details").prop("open", true)`);

      for (const name of PALETTE) {
        it(`are readable in the dialog of ${name}`, async () => {
          await editor.openNode(name);
          await openAll();
          await check(".quectel-dialog", 3);
          await editor.cancel();
        });
      }

      it("are readable in every tab of the modem's dialog, its warnings included", async () => {
        const { page } = editor;
        await editor.openConfig("quectel-modem", "missing");
        await editor.fill("node-config-input", { mailer: "module", smtpSecurity: "none", shared: true });
        for (const tab of TABS) {
          await editor.openTab(tab);
          await openAll();
          await check(".quectel-dialog", 10);
        }
        await editor.fill("node-config-input", {
          smtpSecurity: "starttls",
          senderAddress: "nobody",
          smtpPort: "465",
        });
        await editor.openTab("server");
        await page.locator("#quectel-advice", { hasText: "Port 465" }).waitFor();
        await page.locator("#quectel-tabs a.quectel-danger").waitFor();
        await check(".quectel-dialog", 10);
        await editor.openTab("security");
        await page.selectOption("#quectel-check", "off");
        await check(".quectel-dialog", 10);
        await editor.cancel();
      });

      it("are readable in the report of a test, whatever became of its steps", async () => {
        const { page } = editor;
        await editor.openConfig("quectel-modem", "modem");
        await page.click("#quectel-test-modem");
        await page.locator(".quectel-step-pending").first().waitFor();
        await check(".quectel-connection-test", 10);
        await page.locator(".quectel-step-failed").waitFor({ timeout: 30_000 });
        await page.locator("#quectel-test-cancel").waitFor({ state: "hidden", timeout: 30_000 });
        await openAll();
        await editor.picture("contrast-test");
        await check(".quectel-connection-test", 20);
        await editor.cancel();
      });

      it("are readable in the sidebar, with a waiting mail and without a module", async () => {
        const { page } = editor;
        await page.evaluate(`RED.sidebar.show("quectel-modem")`);
        for (const modem of ["modem", "missing"]) {
          await page.locator(".quectel-sidebar select").first().selectOption(modem);
          if (modem === "modem")
            await page.locator(".quectel-mail-waiting").first().waitFor({ timeout: 30_000 });
          else await page.waitForFunction(`!$(".quectel-status").text().includes("SIMULATED")`);
          await editor.picture(`contrast-sidebar-${modem}`);
          await check(".quectel-sidebar", 10);
        }
      });
    });
  }
}
