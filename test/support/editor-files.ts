/** The editor's part of the package as plain data, without a browser: definitions, catalogs, help. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";

const ROOT = resolve(__dirname, "../..");

export interface PropertyDefinition {
  readonly value: unknown;
  readonly type?: string;
  readonly required?: boolean;
  readonly validate?: (this: object, value: unknown, options: object) => unknown;
}

/** The second argument of `RED.nodes.registerType`. */
export interface EditorDefinition {
  readonly category: string;
  readonly color: string;
  readonly defaults: Readonly<Record<string, PropertyDefinition>>;
  readonly credentials?: Readonly<Record<string, { readonly type: string }>>;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly icon?: string;
  readonly paletteLabel?: string;
  readonly label: unknown;
  readonly inputLabels?: unknown;
  readonly outputLabels?: unknown;
}

export interface NodeFiles {
  /** Of the node set in package.json, which is also the type. */
  readonly name: string;
  readonly html: string;
  readonly definition: EditorDefinition;
}

export function readText(path: string): string {
  return readFileSync(resolve(ROOT, path), "utf8");
}

export function readJson(path: string): ReturnType<JSON["parse"]> {
  return JSON.parse(readText(path));
}

export function filesIn(folder: string): readonly string[] {
  return readdirSync(resolve(ROOT, folder)).sort();
}

/** Names of the nodes in package.json. */
export function nodeNames(): readonly string[] {
  return Object.keys(readJson("package.json")["node-red"].nodes);
}

/** A node's html as the build leaves it, with the rows that it shares with others. */
export function dialogOf(name: string): string {
  return readText(`dist/nodes/${name}.html`);
}

/** Every node's html with the definition that its script registers, run with the shared editor code. */
export function editorNodes(): readonly NodeFiles[] {
  return nodeNames().map((name) => {
    const html = dialogOf(name);
    const registered = new Map<string, EditorDefinition>();
    const red = {
      _: (key: string) => key,
      events: { on: () => undefined },
      nodes: {
        registerType: (type: string, definition: EditorDefinition) => registered.set(type, definition),
        getType: (type: string) => registered.get(type),
      },
      utils: { validateTypedProperty: () => true },
    };
    const window: Record<string, unknown> = { RED: red, $: () => ({ length: 0 }) };
    window["window"] = window;
    for (const shared of resourcesOf(readText("nodes/quectel-modem.html")))
      runInNewContextOf(window, readText(shared));
    for (const [, script] of html.matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g)) {
      runInNewContextOf(window, script ?? "");
    }
    const definition = registered.get(name);
    if (definition === undefined) throw new Error(`nodes/${name}.html does not register ${name}`);
    return { name, html, definition };
  });
}

/** The editor code that a node's html loads, as paths of this package. */
export function resourcesOf(html: string): readonly string[] {
  const sources = [
    ...html.matchAll(/<script src="resources\/@modem-mail\/node-red-quectel-smtp\/([\w-]+\.js)"/g),
  ];
  return sources.map(([, file = ""]) => `resources/${file}`);
}

function runInNewContextOf(window: Record<string, unknown>, script: string): void {
  runInNewContext(script, window);
}
