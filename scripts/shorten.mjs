// Shortens the code of a bundle where terser cannot, because it does not know what a name or text is used for. What the code does
// and what stack traces show stays the same.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";

/** Texts are only worth a variable from so many bytes saved on. */
const WORTH = 2;
/** Bytes of a variable once terser has named it. */
const VARIABLE = 2.7;
/** What `typeof` gives, which engines compare faster when it is written out. */
const TYPES = ["string", "number", "boolean", "object", "function", "undefined"];

/**
 * The code with its undefined values and repeated texts as variables, private fields under short names, and a statement at its
 * end that gives the functions of its modules their names back: they get short ones from terser, because each call repeats them,
 * and V8 shows the property `name` in stack traces.
 *
 * @param privates names of fields, see `privateFields`.
 * @returns the names of those functions too.
 */
export function shortened(code, privates) {
  const tree = parse(code, { ecmaVersion: "latest" });
  const edits = [];
  const texts = new Map();
  const fields = new Map();
  for (const [node, parent] of nodesOf(tree)) {
    if (node.type === "UnaryExpression" && code.slice(node.start, node.end) === "void 0") {
      edits.push({ ...node, text: "undefined_" });
    }
    if (isText(node, parent)) texts.set(node.value, [...(texts.get(node.value) ?? []), node]);
    const use = fieldUse(node, parent);
    if (use !== undefined && privates.has(use.name))
      fields.set(use.name, [...(fields.get(use.name) ?? []), use]);
  }

  const variables = ["undefined_"];
  // The most frequent first, because terser gives the shortest names to what comes first.
  for (const [value, places] of [...texts].toSorted(([, one], [, other]) => other.length - one.length)) {
    const length = Buffer.byteLength(JSON.stringify(value));
    if (places.length * (length - VARIABLE) - length - VARIABLE - 2 < WORTH) continue;
    const name = `text${variables.length}_`;
    variables.push(`${name} = ${JSON.stringify(value)}`);
    // A blank, because a text may follow a word right away.
    for (const { start, end } of places) edits.push({ start, end, text: ` ${name} ` });
  }
  for (const [name, uses] of fields) {
    if (!uses.every(({ isPrivate }) => isPrivate)) continue;
    for (const { start, end } of uses) edits.push({ start, end, text: privates.get(name) });
  }

  const names = tree.body.flatMap((one) => (one.type === "FunctionDeclaration" ? [one.id.name] : []));
  const [, first = "", rest] = /^(#!.*\n)?([^]*)$/.exec(edited(code, edits));
  return {
    names,
    // On the first line, so that the source map fits the others.
    contents: `${first}var ${variables.join(", ")};${rest}
((named) => { for (const value in named) Object.defineProperty(named[value], "name", { value }); })({ ${names.join(", ")} });
`,
  };
}

/**
 * Names of all fields that the sources declare as private and nothing but private, each with a short one; the compiler has
 * seen to it that only their own class uses them.
 *
 * @param folder of the declarations that tsc wrote.
 */
export function privateFields(folder) {
  const declared = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll(/\/\*\*[^]*?\*\//g, ""))
    .join("\n");
  const names = new Set([...declared.matchAll(/^ +private (?:readonly )?(\w+);$/gm)].map(([, name]) => name));
  const others = declared.replaceAll(/^ +private .*;$/gm, "");
  const used = new Set(others.match(/\w+/g));
  const unique = [...names].filter((name) => !used.has(name));
  return new Map(unique.map((name, at) => [name, `_${at.toString(36)}`]));
}

/** A text that a variable can stand for. */
function isText(node, parent) {
  if (node.type !== "Literal" || typeof node.value !== "string" || TYPES.includes(node.value)) return false;
  const { type } = parent;
  // Tools that look for what a package requires read the text.
  if (type === "ExpressionStatement" || (type === "CallExpression" && parent.callee.name === "require"))
    return false;
  return !((type === "Property" || type.endsWith("Definition")) && parent.key === node && !parent.computed);
}

/** Where a property is named; private only where it is one of `this`, or declared by its class. */
function fieldUse(node, parent) {
  if (node.type === "Literal" && typeof node.value === "string")
    return { name: node.value, isPrivate: false };
  if (node.type !== "Identifier") return undefined;
  const { name, start, end } = node;
  if (parent.type === "MemberExpression" && parent.property === node && !parent.computed)
    return { name, start, end, isPrivate: parent.object.type === "ThisExpression" };
  if (parent.type === "PropertyDefinition" && parent.key === node)
    return { name, start, end, isPrivate: true };
  if ((parent.type === "Property" || parent.type === "MethodDefinition") && parent.key === node)
    return { name, start, end, isPrivate: false };
  return undefined;
}

/** All nodes of a tree, each with the one that it is part of. */
function* nodesOf(node, parent) {
  yield [node, parent];
  for (const part of Object.values(node)) {
    for (const one of Array.isArray(part) ? part : [part]) {
      if (typeof one?.type === "string") yield* nodesOf(one, node);
    }
  }
}

function edited(code, edits) {
  const sorted = edits.toSorted((one, other) => one.start - other.start);
  let at = 0;
  const parts = sorted.flatMap(({ start, end, text }) => {
    const before = code.slice(at, start);
    at = end;
    return [before, text];
  });
  return [...parts, code.slice(at)].join("");
}
