// Shortens the code of a bundle where terser cannot, because it does not know what a name or text is used for. What the code does
// and what stack traces show stays the same.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";

/** Texts are only worth a variable from so many bytes saved on. */
const WORTH = 2;
/** Bytes of a variable once terser has named it. */
const VARIABLE = 2.7;
/** From so many names of functions on a file of them is worth it. */
const MANY = 200;
const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** What `typeof` gives, which engines compare faster when it is written out. */
const TYPES = ["string", "number", "boolean", "object", "function", "undefined"];

/**
 * The code with its undefined values and repeated texts as variables, private fields under short names, and a statement at its
 * end that gives the functions of its modules their names back: they get short ones from terser, because each call repeats them,
 * and V8 shows the property `name` in stack traces. Where they are many, they are read from a compressed file beside the bundle;
 * where that is missing or damaged, stack traces show the short ones.
 *
 * @param privates the private fields of each class, see `privateFields`.
 * @param short the short name of each field, the same for all bundles because a class may be derived from one of another; grows.
 * @returns the names of those functions too, and whether they have to be in that file.
 */
export function shortened(code, privates, short) {
  const comments = [];
  const tree = parse(code, { ecmaVersion: "latest", onComment: comments });
  // esbuild writes the path of each module in front of it.
  const modules = comments.filter(({ type, value }) => type === "Line" && /^ [\w./-]+\.ts$/.test(value));
  const edits = [];
  const texts = new Map();
  const known = new Set();
  for (const [node, parent] of nodesOf(tree)) {
    if (node.type === "Identifier") known.add(node.name);
    if (node.type === "UnaryExpression" && code.slice(node.start, node.end) === "void 0") {
      edits.push({ ...node, text: "undefined_" });
    }
    if (isText(node, parent)) texts.set(node.value, [...(texts.get(node.value) ?? []), node]);
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      const source = modules.findLast(({ end }) => end < node.start)?.value.trim();
      // esbuild tells names apart that it finds twice.
      const [, name] = /^_?(\w+?)\d*$/.exec(node.id?.name ?? "") ?? [];
      for (const [field, uses] of usesOf(node.body, privates.get(`${source} ${name}`) ?? [])) {
        if (!short.has(field)) short.set(field, shortName(short.size));
        const text = short.get(field);
        for (const { start, end, form } of uses) {
          if (form === "shorthand") edits.push({ start, end: start, text: `${text}: ` });
          else edits.push({ start, end, text: form === "declaration" ? "" : text });
        }
      }
    }
  }

  for (const name of short.values()) {
    if (known.has(name)) throw new Error(`${name} has to stand for a private field, but the sources have it`);
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
  const names = tree.body.flatMap((one) => (one.type === "FunctionDeclaration" ? [one.id.name] : []));
  const [, first = "", rest] = /^(#!.*\n)?([^]*)$/.exec(edited(code, edits));
  const isLong = names.length > MANY;
  const words = isLong
    ? 'require("node:zlib").brotliDecompressSync(require("node:fs").readFileSync(__filename.replace(/js$/, "names.br"))).toString()'
    : JSON.stringify(names.join(" "));
  // Without the file the code runs all the same.
  const [attempt, end] = isLong ? ["try {", "} catch {}"] : ["", ""];
  return {
    names,
    isLong,
    // On the first line, so that the source map fits the others.
    contents: `${first}var ${variables.join(", ")};${rest}
${attempt}((named, words) => {
  if (words.length === named.length)
    named.forEach((one, at) => Object.defineProperty(one, "name", { value: words[at] }));
})([${names.join(", ")}], ${words}.split(" "));${end}
`,
  };
}

/**
 * The private fields of the classes of a folder: `lib/clock.ts SystemClock` to their names. The compiler has seen to it that only
 * code inside the class uses them, and that no class derived from it has one of the same name.
 *
 * @param root of the sources.
 */
export function privateFields(root) {
  const fields = new Map();
  for (const folder of ["lib", "nodes"]) {
    for (const file of readdirSync(join(root, folder), { recursive: true })) {
      if (!file.endsWith(".ts")) continue;
      const text = readFileSync(join(root, folder, file), "utf8").replaceAll(/\/\*[^]*?\*\/|^ *\/\/.*/gm, "");
      for (const [, name, body] of text.matchAll(/^(?:export )?(?:abstract )?class (\w+)([^]*?)^\}/gm)) {
        const names = [...body.matchAll(/\bprivate (?:readonly )?(\w+)\??(?=[:;]| =)/g)];
        fields.set(
          `${folder}/${file.replaceAll("\\", "/")} ${name}`,
          new Set(names.map(([, field]) => field)),
        );
      }
    }
  }
  return fields;
}

/**
 * Where the private fields of a class are named, by field. Only of those that nothing in the class can use but as a property of
 * `this`: a field of another object may be one of another class.
 */
function usesOf(body, names) {
  const uses = new Map([...names].map((name) => [name, []]));
  const isOwn = (pattern) => pattern?.type === "ThisExpression";
  const visit = (node, parent, hasThis) => {
    if (
      node.type === "MemberExpression" &&
      node.computed &&
      (isOwn(node.object) || node.property.type === "Literal")
    ) {
      if (node.property.type === "Literal") uses.delete(node.property.value);
      else uses.clear();
    }
    if (node.type === "MemberExpression" && !node.computed) {
      if (hasThis && isOwn(node.object)) uses.get(node.property.name)?.push(node.property);
      else uses.delete(node.property.name);
    }
    if (node.type === "BinaryExpression" && node.operator === "in") uses.delete(node.left.value);
    if (node.type === "PropertyDefinition" && parent === body && !node.static)
      uses.get(node.key.name)?.push(node.value === null ? { ...node, form: "declaration" } : node.key);
    if (node.type === "MethodDefinition" && parent === body) uses.delete(node.key.name);
    if (node.type === "ObjectPattern") {
      const isOfThis =
        hasThis && (isOwn(parent.init) || (parent.type === "AssignmentExpression" && isOwn(parent.right)));
      for (const part of node.properties) {
        if (part.type === "RestElement") {
          if (isOfThis) uses.clear();
        } else if (isOfThis && !part.computed) {
          uses.get(part.key.name)?.push(part.shorthand ? { ...part.key, form: "shorthand" } : part.key);
        } else uses.delete(part.key.name);
      }
    }
    // Functions of the class have its `this`, arrows that of where they stand.
    const isMember = parent?.type === "MethodDefinition" || parent?.type === "PropertyDefinition";
    const isElsewhere =
      node.type === "StaticBlock" ||
      (/^(?:Function|Class)/.test(node.type) && !(isMember && node.type.startsWith("Function")));
    const inner = node !== body && (isElsewhere || (parent === body && node.static)) ? false : hasThis;
    for (const part of Object.values(node)) {
      for (const one of Array.isArray(part) ? part : [part]) {
        if (typeof one?.type === "string") visit(one, node, inner);
      }
    }
  };
  visit(body, undefined, true);
  return uses;
}

/** `_0` to `_Z`, `$0` to `$Z`, then `_00` and so on. */
function shortName(at) {
  const letter = (of) => LETTERS[of % LETTERS.length];
  if (at < LETTERS.length) return `_${letter(at)}`;
  if (at < 2 * LETTERS.length) return `$${letter(at)}`;
  return `_${letter(at)}${letter(Math.floor(at / LETTERS.length) - 2)}`;
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
