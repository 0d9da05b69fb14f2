/**
 * Every regular expression of the package takes time in proportion to its input: whoever can send a message, an AT line
 * or a mail must not be able to hold up the runtime. Checked by analysis, so it also finds what no test feeds.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parse } from "acorn";
import { transformSync } from "esbuild";
import { check, type Diagnostics } from "recheck";

const ROOT = resolve(__dirname, "../../..");
/** The simulated modem is a tool for development, but its server may stand in a network. */
const FOLDERS = ["lib", "nodes", "editor"];
/** Milliseconds for one expression on a busy machine; the slowest takes about two seconds of an idle one. */
const TIME_FOR_ONE = 300_000;

interface Expression {
  readonly source: string;
  readonly flags: string;
  readonly file: string;
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return /\.(?:ts|js|html)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

/** The scripts of a file as JavaScript. */
function scriptsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  if (!file.endsWith(".html")) return [transformSync(text, { loader: "ts", target: "es2023" }).code];
  return [...text.matchAll(/<script type="text\/javascript"[^>]*>([^]*?)<\/script>/g)].map(
    ([, code = ""]) => code,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Literals, and the patterns given to `RegExp` with a word in place of each part that is put in. */
function* expressionsIn(node: unknown, file: string): Generator<Expression> {
  if (!isObject(node)) return;
  const { type, regex, callee, arguments: given } = node;
  if (type === "Literal" && isObject(regex)) {
    yield { source: String(regex["pattern"]), flags: String(regex["flags"]), file };
    return;
  }
  if (type === "NewExpression" && isObject(callee) && callee["name"] === "RegExp" && Array.isArray(given)) {
    const [pattern, flags]: readonly unknown[] = given;
    const source = patternOf(pattern);
    if (source !== undefined) yield { source, flags: isObject(flags) ? String(flags["value"]) : "", file };
  }
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) for (const one of child) yield* expressionsIn(one, file);
    else yield* expressionsIn(child, file);
  }
}

function patternOf(node: unknown): string | undefined {
  if (!isObject(node)) return undefined;
  if (node["type"] === "Literal" && typeof node["value"] === "string") return node["value"];
  if (node["type"] !== "TemplateLiteral" || !Array.isArray(node["quasis"])) return undefined;
  return node["quasis"]
    .map((quasi: unknown) => {
      const value = isObject(quasi) && isObject(quasi["value"]) ? quasi["value"]["cooked"] : "";
      return String(value);
    })
    .join("word");
}

function expressionsOf(file: string): readonly Expression[] {
  return scriptsOf(file).flatMap((code) => [
    ...expressionsIn(
      parse(code, { ecmaVersion: "latest", sourceType: "module", allowReturnOutsideFunction: true }),
      file,
    ),
  ]);
}

/**
 * What is wrong with it; undefined when it is linear. Proved with automata, so that the verdict is the same each time and
 * on each machine: what they cannot read (lookarounds and back-references without a bound) is written without.
 */
async function complaint({ source, flags, file }: Expression): Promise<string | undefined> {
  const found = await check(source, flags, {
    checker: "automaton",
    maxRepeatCount: 2_000,
    maxNFASize: 200_000,
    timeout: TIME_FOR_ONE,
  });
  return found.status === "safe"
    ? undefined
    : `${relative(ROOT, file)}: /${source}/${flags} is ${verdictOf(found)}`;
}

function verdictOf(found: Diagnostics): string {
  switch (found.status) {
    case "vulnerable":
      return found.complexity.summary;
    case "unknown":
      return "message" in found.error ? `not to be judged: ${found.error.message}` : found.error.kind;
    case "safe":
      return "safe";
  }
}

describe("The regular expressions of the package", function () {
  this.timeout(1_800_000);

  it("are all linear in the length of their input", async () => {
    const all = FOLDERS.flatMap((folder) => filesBelow(join(ROOT, folder)).flatMap(expressionsOf));
    const unique = [...new Map(all.map((one) => [`/${one.source}/${one.flags}`, one])).values()];
    assert.ok(unique.length > 150, `only ${unique.length} were found`);
    const complaints: string[] = [];
    for (const expression of unique) {
      const found = await complaint(expression);
      if (found !== undefined) complaints.push(found);
    }
    assert.deepEqual(complaints, []);
  });

  it("would be named if they were not", async () => {
    const code =
      'const a = /(a+)+$/; const b = new RegExp(`^${a}\\\\s*\\\\s*$`, "u"); const c = /^[a-z]+$/, d = /(?<=a+)b/;';
    const found = [...expressionsIn(parse(code, { ecmaVersion: "latest" }), join(ROOT, "lib/x.ts"))];
    assert.deepEqual(
      found.map(({ source }) => source),
      ["(a+)+$", "^word\\s*\\s*$", "^[a-z]+$", "(?<=a+)b"],
    );
    const complaints = await Promise.all(found.map(complaint));
    assert.match(complaints[0] ?? "", /lib\/x\.ts: \/\(a\+\)\+\$\/ is exponential/);
    assert.match(complaints[1] ?? "", /polynomial/);
    assert.equal(complaints[2], undefined);
    assert.match(complaints[3] ?? "", /look-behind/);
  });
});
