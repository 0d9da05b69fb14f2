/**
 * The editor of a real Node-RED in Chromium, as a person uses it: open a dialog, fill it in, save, look again.
 *
 * Pictures go to test/output/editor, for people to look at.
 */
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import type { NodeRedVersion } from "../../support/node-red-versions";

const ROOT = resolve(__dirname, "../../..");
const PICTURES = resolve(ROOT, "test/output/editor");

const CHROMIUM_ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface EditorOptions {
  readonly version: NodeRedVersion;
  readonly flows: readonly object[];
  readonly theme?: "light" | "dark";
  /** More settings for settings.js. */
  readonly settings?: object;
}

export class Editor {
  /** What went wrong in the page. */
  readonly errors: string[] = [];

  private constructor(
    private readonly nodeRed: NodeRedProcess,
    private readonly browser: Browser,
    readonly page: Page,
    private readonly pictures: string,
  ) {
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  static async start({ version, flows, theme = "light", settings = {} }: EditorOptions): Promise<Editor> {
    const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
    const { freePorts } = await import("../../../scripts/demo/ports.mjs");
    const [port] = await freePorts(1);
    if (port === undefined) throw new Error("no free port");
    const nodeRed = await startNodeRed({ ...version, port, flows, settings, prepare: linkPackage(ROOT) });
    try {
      const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
      const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS });
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: theme });
      page.setDefaultTimeout(15_000);
      const pictures = resolve(PICTURES, `${version.name}-${theme}`);
      await mkdir(pictures, { recursive: true });
      const editor = new Editor(nodeRed, browser, page, pictures);
      await page.goto(nodeRed.url);
      await page.waitForSelector(".red-ui-flow-node");
      // Node-RED's changing tips may fail while the sidebar is hidden, and would make each picture another.
      await page.request.post(new URL("settings/user", nodeRed.url).href, {
        data: { editor: { view: { "view-show-tips": false } } },
      });
      await page.evaluate(`RED.settings.setLocal("view-dark-theme", ${JSON.stringify(theme)})`);
      await page.reload();
      await page.waitForSelector(".red-ui-flow-node");
      editor.errors.length = 0;
      return editor;
    } catch (error) {
      await nodeRed.stop();
      throw error;
    }
  }

  get url(): string {
    return this.nodeRed.url;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.nodeRed.stop();
  }

  /** Opens the dialog of a node of the flow. */
  async openNode(id: string): Promise<void> {
    await this.page.evaluate(`RED.editor.edit(RED.nodes.node(${JSON.stringify(id)}))`);
    await this.opened("#node-dialog-ok");
  }

  /** Opens the dialog of a config node. */
  async openConfig(type: string, id: string): Promise<void> {
    await this.page.evaluate(`RED.editor.editConfig("", ${JSON.stringify(type)}, ${JSON.stringify(id)})`);
    await this.opened("#node-config-dialog-ok");
  }

  /** Opens the dialog of the modem "modem" and fills in an account of a server on this machine. */
  async openWithServer(
    port: number,
    password: string,
    change: Record<string, string | boolean> = {},
  ): Promise<void> {
    await this.openConfig("quectel-modem", "modem");
    await this.fill("node-config-input", {
      smtpHost: "127.0.0.1",
      smtpSecurity: "none",
      smtpPort: String(port),
      login: "password",
      smtpUser: "pump7",
      smtpPassword: password,
      senderAddress: "pump7@example.com",
      ...change,
    });
  }

  /** Opens a tab of the modem's dialog. */
  async openTab(name: string): Promise<void> {
    const content = this.page.locator(`#quectel-tab-${name}`);
    // Node-RED takes a click soon after another for a double click, which opens nothing; the one after that counts.
    while (!(await content.isVisible())) {
      await this.page.click(`#quectel-tabs a[href="#quectel-tab-${name}"]`);
    }
  }

  /** Opens what is folded under *More* in the part of the dialog that is shown. */
  async openMore(): Promise<void> {
    const fold = this.page.locator(".quectel-more:visible");
    if (!(await fold.evaluate((details) => details.hasAttribute("open"))))
      await fold.locator("summary").click();
  }

  /** Presses Done or Update, and waits until the dialog is gone. */
  async save(): Promise<void> {
    await this.page.locator("#node-dialog-ok, #node-config-dialog-ok").last().click();
    await this.page.waitForSelector(".red-ui-tray", { state: "detached" });
  }

  async cancel(): Promise<void> {
    await this.page.locator("#node-dialog-cancel, #node-config-dialog-cancel").last().click();
    await this.page.waitForSelector(".red-ui-tray", { state: "detached" });
  }

  /** What the dialog now shows, by the names of the properties. */
  shown(prefix: "node-input" | "node-config-input"): Promise<Record<string, unknown>> {
    return this.page.evaluate(`Object.fromEntries(
      $("[id^=${prefix}-]").filter("input, select, textarea").toArray().map((field) => [
        field.id.slice(${prefix.length + 1}),
        field.type === "checkbox" ? field.checked : field.value,
      ]))`);
  }

  /** Sets fields as a person would; selects and ticks too. */
  async fill(
    prefix: "node-input" | "node-config-input",
    values: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.page.evaluate(`{
      const values = ${JSON.stringify(values)};
      for (const [name, value] of Object.entries(values)) {
        const field = $("#${prefix}-" + name);
        if (field.is(":checkbox")) field.prop("checked", value);
        else if (field.hasClass("red-ui-typedInput")) field.typedInput("value", value);
        else field.val(value);
        field.trigger("change");
      }
    }`);
  }

  /** The complaints at the fields of the open dialog. */
  complaints(): Promise<string[]> {
    return this.page.evaluate(`$(".input-error:visible").toArray().map((field) => field.id)`);
  }

  /** Labels of fields and titles of tabs that do not fit into their place: cut, or on more than two lines. */
  crampedLabels(): Promise<string[]> {
    return this.page.evaluate(`{
      const end = (label) => {
        const text = document.createRange();
        text.selectNodeContents(label);
        return text.getBoundingClientRect().right;
      };
      const isCramped = (label) => {
        const tab = label.closest("li.red-ui-tab");
        if (tab !== null) return end(label) > tab.getBoundingClientRect().right;
        return label.scrollWidth > label.clientWidth + 1 || label.offsetHeight > 45;
      };
      $(".quectel-dialog").find("label, .red-ui-tab-label").filter(":visible").toArray().filter(isCramped)
        .map((label) => $(label).text().trim());
    }`);
  }

  /**
   * Ticks of the open dialog beside which the first line of their label stands more than 3 px higher or lower, and how
   * many were measured.
   */
  crookedTicks(): Promise<{ readonly count: number; readonly crooked: readonly string[] }> {
    return this.page.evaluate(`{
      const middle = ({ top, bottom }) => (top + bottom) / 2;
      const firstLine = (label) => {
        const text = document.createRange();
        text.selectNodeContents(label);
        return [...text.getClientRects()].find(({ width }) => width > 0);
      };
      const ticks = $(".quectel-dialog input[type=checkbox]:visible").toArray();
      const crooked = ticks.flatMap((tick) => {
        const label = tick.labels[0];
        const line = label && firstLine(label);
        if (!line) return [tick.id + " has no label"];
        const off = middle(tick.getBoundingClientRect()) - middle(line);
        return Math.abs(off) > 3 ? [tick.id + " by " + off + " px"] : [];
      });
      ({ count: ticks.length, crooked });
    }`);
  }

  /** True where the whole input of a property of the modem is in sight, without scrolling. */
  isInSight(property: string): Promise<boolean> {
    return this.page.evaluate(`{
      const place = (element) => element.getBoundingClientRect();
      const input = place($("#node-config-input-${property}")[0]);
      const body = place($(".red-ui-tray-body").last()[0]);
      input.height > 0 && input.top >= body.top && input.bottom <= body.bottom;
    }`);
  }

  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: resolve(this.pictures, `${name}.png`) });
  }

  private async opened(button: string): Promise<void> {
    await this.page.locator(button).last().waitFor();
    // The tray slides in, in one version by script and in the other by style; a picture or a click before that hits
    // the wrong place.
    await this.page.waitForFunction(`new Promise((resolve) => {
      const place = () => $(".red-ui-tray").toArray().map((tray) => tray.getBoundingClientRect().left).join();
      const before = place();
      setTimeout(() => resolve(before === place() && !$(".red-ui-tray").is(":animated")), 100);
    })`);
    // Then, and only then, the editor focuses the first field; a key that is pressed before that goes elsewhere.
    await this.page.waitForFunction(
      `$(".red-ui-tray").last().find(".red-ui-tray-body").has(document.activeElement).length > 0`,
    );
  }
}
