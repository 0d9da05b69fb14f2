/**
 * A person who has never seen the package, at the editor: does one thing after the other and counts the time that a
 * person takes, generously. Waiting is counted as it was.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Locator, Page } from "playwright-core";

/** Seconds; a word is looked for before each click. */
const CLICK = 2;
const LETTER = 0.3;
const DRAG = 4;
const READING = 5;

interface Step {
  readonly what: string;
  readonly seconds: number;
  /** Left out for what the person waits for. */
  readonly clicks?: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

export class Person {
  private readonly steps: Step[] = [];

  constructor(private readonly page: Page) {}

  get seconds(): number {
    return this.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** What the person takes without waiting, which depends on the machine. */
  get ownSeconds(): number {
    return this.steps
      .filter(({ clicks }) => clicks !== undefined)
      .reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** Clicks, a double click as one; dragging is none. */
  get clicks(): number {
    return this.steps.reduce((sum, { clicks = 0 }) => sum + clicks, 0);
  }

  async click(what: string, target: Locator): Promise<void> {
    await target.click();
    this.note(`click ${what}`, CLICK, 1);
  }

  async doubleClick(what: string, target: Locator): Promise<void> {
    await target.dblclick();
    this.note(`double click ${what}`, CLICK, 1);
  }

  /** Types into what has the focus, in the place of what stands there. */
  async type(what: string, text: string): Promise<void> {
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.type(text);
    this.note(`type ${what}: ${text}`, text.length * LETTER, 0);
  }

  async press(what: string, key: string): Promise<void> {
    await this.page.keyboard.press(key);
    this.note(`press ${what}`, CLICK, 0);
  }

  /** Opens a list and takes one of its entries. */
  async choose(what: string, list: Locator, label: string | RegExp): Promise<void> {
    const option = list.locator("option", { hasText: label }).first();
    await list.selectOption(await option.getAttribute("value"));
    this.note(`choose ${what}: ${(await option.innerText()).trim()}`, 2 * CLICK, 2);
  }

  async drag(what: string, from: Place, to: Place): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 8 });
    await mouse.move(to.x, to.y, { steps: 8 });
    await mouse.up();
    this.note(`drag ${what}`, DRAG, 0);
  }

  /** Opens a tab of the sidebar from the list of its tabs; the list looks different in each Node-RED. */
  async openSidebar(id: string): Promise<void> {
    await this.page.evaluate(`RED.sidebar.show(${JSON.stringify(id)})`);
    this.note(`open the tab ${id} of the sidebar`, 2 * CLICK, 2);
  }

  /** Looks at what has just appeared until it is understood. */
  read(what: string): void {
    this.note(`read ${what}`, READING, 0);
  }

  /** Waits for what the screen or a mailbox shows. */
  async wait<T>(what: string, coming: Promise<T>): Promise<T> {
    const begin = performance.now();
    const come = await coming;
    this.note(`wait for ${what}`, (performance.now() - begin) / 1000);
    return come;
  }

  /** Writes the steps as a table of Markdown. */
  async writeTable(path: string): Promise<void> {
    const rows = this.steps.map(
      ({ what, seconds }, index) => `| ${index + 1} | ${what} | ${seconds.toFixed(1)} |`,
    );
    const table = ["| step | what the person does | s |", "|---|---|---|", ...rows];
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, [...table, `| | **in all** | **${this.seconds.toFixed(0)}** |`, ""].join("\n"));
  }

  private note(what: string, seconds: number, clicks?: number): void {
    this.steps.push({ what, seconds, ...(clicks !== undefined && { clicks }) });
  }
}
