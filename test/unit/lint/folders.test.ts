/** Folders import each other one way: no circle of folders, type imports included. Files are the business of the lint rule. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path/posix";
import { sep } from "node:path";

const ROOT = resolve(__dirname.replaceAll(sep, "/"), "../../..");
/** `import … from "./x"`, `export … from`, `import("./x")`, `require("./x")`. */
const IMPORTED = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*"(\.[^"]*)"/g;

/** Imports between folders, each with the files that make it. */
type Graph = ReadonlyMap<string, ReadonlyMap<string, string>>;

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file.replaceAll(sep, "/")))
    .filter((file) => file.endsWith(".ts"));
}

/** @param target the source file that `source` means in `file`; undefined where it is none of ours. */
function graphOf(texts: ReadonlyMap<string, string>): Graph {
  const graph = new Map<string, Map<string, string>>();
  const target = (file: string, source: string): string | undefined => {
    const path = join(dirname(file), source);
    return [`${path}.ts`, `${path}/index.ts`].find((one) => texts.has(one));
  };
  for (const [file, text] of texts) {
    for (const [, source = ""] of text.matchAll(IMPORTED)) {
      const imported = target(file, source);
      if (imported === undefined || dirname(imported) === dirname(file)) continue;
      const targets = graph.get(dirname(file)) ?? new Map<string, string>();
      graph.set(dirname(file), targets.set(dirname(imported), `${file} imports ${imported}`));
    }
  }
  return graph;
}

/** One circle, as the imports that make it; undefined where there is none. */
function circleIn(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const search = (
    folder: string,
    path: readonly string[],
    why: readonly string[],
  ): readonly string[] | undefined => {
    const at = path.indexOf(folder);
    if (at !== -1) return why.slice(at);
    if (done.has(folder)) return undefined;
    for (const [next, because] of graph.get(folder) ?? []) {
      const found = search(next, [...path, folder], [...why, because]);
      if (found !== undefined) return found;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of graph.keys()) {
    const found = search(folder, [], []);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe("The folders of the code", () => {
  it("import each other one way only", () => {
    const files = ["lib", "nodes", "editor"].flatMap(sources);
    assert(files.length > 300 && files.every((file) => existsSync(join(ROOT, file))));
    const graph = graphOf(new Map(files.map((file) => [file, readFileSync(join(ROOT, file), "utf8")])));
    assert(graph.get("lib/quectel/connection")?.has("lib/at") === true);
    assert.deepEqual(circleIn(graph), undefined);
  });

  it("would be named with the imports that make a circle, of types too, and over a third folder", () => {
    const pair = new Map([
      ["lib/a/one.ts", 'import { other } from "../b/other";\n'],
      ["lib/b/other.ts", "export const other = 1;\n"],
      ["lib/b/third.ts", 'import type {\n  Two,\n} from "../a/two";\n'],
      ["lib/a/two.ts", "export interface Two {}\n"],
    ]);
    assert.deepEqual(circleIn(graphOf(pair)), [
      "lib/a/one.ts imports lib/b/other.ts",
      "lib/b/third.ts imports lib/a/two.ts",
    ]);
    const chain = new Map([
      ["lib/x.ts", 'export { y } from "./y";\n'],
      ["lib/y/index.ts", 'const z = await import("../z/z");\n'],
      ["lib/z/z.ts", 'import x = require("../x");\n'],
    ]);
    assert.equal(circleIn(graphOf(chain))?.length, 3);
    chain.set("lib/z/z.ts", 'import x = require("./own");\n');
    assert.equal(circleIn(graphOf(chain)), undefined);
  });
});
