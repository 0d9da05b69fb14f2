/** Every example as a person gets it: chosen in the editor's menu, imported, deployed. */
import assert from "node:assert/strict";
import { filesIn, readJson } from "../../support/editor-files";
import { nodeRedVersions } from "../../support/node-red-versions";
import { Editor } from "./editor";
import manifest from "../../../package.json";

/** Pixels of the flow that a screen of usual width shows. */
const WIDEST = 1400;
const EXAMPLES = filesIn("examples").map((file) => file.replace(/\.json$/, ""));

interface ImportedNode {
  readonly type: string;
  readonly name: string;
  readonly valid: boolean;
  /** Centre and size, pixels. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

for (const version of nodeRedVersions()) {
  describe(`An example chosen in the menu of Node-RED ${version.name}`, () => {
    let editor: Editor;

    before(async () => {
      const flows = [
        { id: "tab", type: "tab", label: "Test" },
        { id: "note", type: "comment", z: "tab", name: "here", x: 100, y: 60 },
      ];
      editor = await Editor.start({ version, flows });
    });
    after(() => editor?.stop());

    const nodesOf = (tab: string): Promise<ImportedNode[]> =>
      editor.page.evaluate(`{
        const tab = RED.nodes.workspace(RED.nodes.getWorkspaceOrder().at(-1));
        tab.label === ${JSON.stringify(tab)}
          ? RED.nodes.filterNodes({ z: tab.id }).map(
              ({ type, name, valid, x, y, w, h }) => ({ type, name, valid, x, y, w, h }))
          : [];
      }`);

    /** Wires of the last tab that do not run from left to right. */
    const wiresBackward = (): Promise<string[]> =>
      editor.page.evaluate(`{
        const z = RED.nodes.getWorkspaceOrder().at(-1);
        RED.nodes
          .filterLinks({})
          .filter(({ source, target }) => source.z === z && target.x - target.w / 2 < source.x + source.w / 2)
          .map(({ source, target }) => (source.name || source.type) + " to " + (target.name || target.type));
      }`);

    for (const example of EXAMPLES) {
      it(`"${example}" is imported whole, has no fault that the editor sees, and is deployed`, async () => {
        const { page } = editor;
        const nodes: { type: string; label?: string; z?: string; id: string }[] = readJson(
          `examples/${example}.json`,
        );
        const tab = nodes.findLast(({ type }) => type === "tab");
        const wanted = nodes.filter(({ z }) => z === tab?.id).map(({ type }) => type);

        await page.evaluate(`RED.actions.invoke("core:show-examples-import-dialog")`);
        const tree = page.locator("#red-ui-clipboard-dialog-import-tab-examples");
        const leaf = tree.getByText(example, { exact: true });
        await tree.getByText(manifest.name, { exact: true }).click();
        // Node-RED's tree unfolds for a while, and a click into what moves selects nothing.
        await leaf.waitFor();
        await page.waitForFunction(
          `!$("#red-ui-clipboard-dialog-import-tab-examples").find("*").is(":animated")`,
        );
        await leaf.click();
        await page.click("#red-ui-clipboard-dialog-ok");
        const label = JSON.stringify(tab?.label);
        await page.waitForFunction(
          `RED.nodes.workspace(RED.nodes.getWorkspaceOrder().at(-1)).label === ${label}`,
        );
        // Nodes get their size when they are drawn.
        await page.evaluate(`{
          RED.workspaces.show(RED.nodes.getWorkspaceOrder().at(-1));
          $(".red-ui-notification").hide();
        }`);
        await page.waitForFunction(`$(".red-ui-flow-node-group").length === ${wanted.length}`);
        const imported = await nodesOf(tab?.label ?? "");
        assert.deepEqual(imported.map(({ type }) => type).sort(), wanted.sort());
        assert.deepEqual(
          imported.filter(({ valid }) => !valid),
          [],
        );
        assert.deepEqual(overlaps(imported), []);
        assert.deepEqual(
          imported.filter(({ x, w }) => x - w / 2 < 0 || x + w / 2 > WIDEST),
          [],
        );
        assert.deepEqual(await wiresBackward(), []);
        await editor.picture(`example-${example.slice(0, 2)}`);

        await page.click("#red-ui-header-button-deploy");
        await page.waitForFunction(`!RED.nodes.dirty()`);
      });
    }

    it("leads to no error in the page", () => {
      assert.deepEqual(editor.errors, []);
    });
  });
}

/** Pairs of nodes of which one covers a part of the other. */
function overlaps(nodes: readonly ImportedNode[]): string[] {
  return nodes.flatMap((one, index) =>
    nodes
      .slice(index + 1)
      .filter(
        ({ x, y, w, h }) => Math.abs(x - one.x) < (w + one.w) / 2 && Math.abs(y - one.y) < (h + one.h) / 2,
      )
      .map((other) => `${one.name || one.type} and ${other.name || other.type}`),
  );
}
