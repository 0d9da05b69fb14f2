// Rolls the declarations that a program can reach by `exports` up into one file for each entry, because tsc writes one for each
// source, with all that the package alone uses. What no exported name leads to is left out, and so are members that are private.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const DECLARED =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|function|enum) (\w+)/m;
const PRIVATE = /^ *(?:\/\*\*(?:(?!\*\/)[^])*\*\/\s*)?(?:private|protected) (?!constructor)[^;]*;\n/gm;
/** Rows of tables, which tsc declares with all their texts, and the type that says what a program needs of them. */
const ROWS = [
  {
    pattern: /\{\s+(?:readonly (?:number|text|hint|class): .+\s+)+\}/g,
    type: "ErrorRow",
    file: "lib/error-table/row",
  },
  {
    pattern:
      /\{\s+readonly values: readonly (\[[^\]]*\]);\s+readonly default: .+\s+readonly description: .+\s+readonly source: .+\s+\}/g,
    type: "VariantSwitch<$1>",
    file: "lib/simulator/variants/variant-switch",
  },
];
/** Switches of the simulated modem, written by their values alone. */
const SWITCHES = /\{\s*(?:readonly [\w"-]+: VariantSwitch<[^>]*>;\s*)+\}/g;
/** The texts of a table of numbers, which a program can only read. */
const TEXTS = /(?<=readonly \d+: )"[^"]*"(?=;)/g;
const TABLE = /\{\s*(?:readonly \w+: ErrorRow;\s*)+\}/g;
const COMMENT = /\/\*\*[^]*?\*\//g;
const NAME = /(?<![\w$.])[A-Za-z_$][\w$]*/g;

/**
 * The declarations of each entry as the text of one file, by the name that it gets.
 *
 * @param root folder of what tsc wrote. @param entries files there without their ending, by name; what one exports, a later one
 * imports from there, so that a class is the same in both.
 */
export function declarationsOf(root, entries) {
  const modules = new Map();
  /** Names of what has been written and can be imported, by file and name of the declaration. */
  const known = new Map();
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, rolledUp(root, name, entry, modules, known)]),
  );
}

function rolledUp(root, asked, entry, modules, elsewhere) {
  const read = (file) => {
    if (!modules.has(file)) modules.set(file, moduleOf(root, file));
    return modules.get(file);
  };
  /** Where a name of a module is declared, and how it is called there. */
  const find = (file, name) => {
    const { own, imported } = read(file);
    if (own.has(name)) return { file, name };
    const from = imported.get(name);
    if (from === undefined) return undefined;
    return from.file === undefined ? { foreign: from.path, name: from.name } : find(from.file, from.name);
  };

  const foreign = new Map();
  const texts = new Map();
  const reach = (file, name) => {
    const found = find(file, name);
    if (found === undefined) return;
    const written = elsewhere.get(`${found.file} ${found.name}`);
    const path = found.foreign ?? (written === undefined ? undefined : `./${written}`);
    if (path !== undefined) {
      foreign.set(path, (foreign.get(path) ?? new Set()).add(found.name));
      return;
    }
    const known = texts.get(found.name);
    if (known !== undefined) {
      if (known.file !== found.file)
        throw new Error(`${found.name} is declared in ${known.file} and in ${found.file}`);
      return;
    }
    const text = read(found.file).own.get(found.name);
    texts.set(found.name, { file: found.file, text });
    for (const [used] of text.replaceAll(COMMENT, "").matchAll(NAME)) reach(found.file, used);
  };

  const exported = read(entry).exported;
  for (const name of exported) reach(entry, name);
  for (const name of exported) {
    const { file, name: declared } = find(entry, name) ?? {};
    elsewhere.set(`${file} ${declared}`, asked);
  }
  const imports = [...foreign].map(
    ([path, names]) =>
      `import type { ${[...names].toSorted((one, other) => (one < other ? -1 : 1)).join(", ")} } from "${path}";`,
  );
  const statements = [...texts].map(([name, { text }]) => withoutComments(text, exported.includes(name)));
  return [...imports, ...statements, `export { ${exported.join(", ")} };`, ""].join("\n");
}

/** What a name stands for is told of those that are exported; the sources say the rest. */
function withoutComments(text, isExported) {
  const [first = ""] = isExported ? (/^\/\*\*[^]*?\*\/\n/.exec(text) ?? []) : [];
  return first + text.replaceAll(COMMENT, "").replaceAll(/\n+/g, "\n").trim();
}

/** The statements of a module: what it declares, and where the other names come from. */
function moduleOf(root, file) {
  const own = new Map();
  const imported = new Map();
  const exported = [];
  const target = (path) => (path.startsWith(".") ? fileOf(root, join(dirname(file), path)) : undefined);
  const withoutRows = ROWS.reduce(
    (all, { pattern, type, file: path }) => {
      const name = type.replace(/<.*/, "");
      if (pattern.test(all) && path !== file) imported.set(name, { file: path, name });
      return all.replace(pattern, type).replace(TABLE, (table) => {
        const names = [...table.matchAll(/readonly (\w+):/g)].map(([, key]) => `"${key}"`);
        return `Record<${names.join(" | ")}, ErrorRow>`;
      });
    },
    readFileSync(join(root, `${file}.d.ts`), "utf8"),
  );
  const text = withoutRows
    .replace(SWITCHES, (table) => {
      const name = "VariantSwitches";
      imported.set(name, { file: "lib/simulator/variants/variant-switch", name });
      return `${name}<${table.replaceAll(/readonly ([\w"-]+): VariantSwitch<([^>]*)>/g, "$1: $2")}>`;
    })
    .replace(TEXTS, "string")
    .replace(PRIVATE, "")
    .replace(/import\("([^"]+)"\)\.(\w+)/g, (_, path, name) => {
      imported.set(name, { file: target(path), path, name });
      return name;
    });
  for (const statement of statementsOf(text)) {
    const [, keyword, list, path] =
      /^(import|export) (?:type )?\{([^}]*)\} from "([^"]+)";/m.exec(statement) ?? [];
    if (path !== undefined) {
      for (const part of list
        .split(",")
        .map((one) => one.trim().replace(/^type /, ""))
        .filter(Boolean)) {
        const [name, as = name] = part.split(" as ");
        imported.set(as, { file: target(path), path, name });
        if (keyword === "export") exported.push(as);
      }
    } else if (!/^export \{\};/m.test(statement)) {
      const [, name] = DECLARED.exec(statement.replace(COMMENT, "").trim()) ?? [];
      if (name === undefined) throw new Error(`not understood in ${file}: ${statement}`);
      own.set(name, shortened(statement));
      if (/^export /m.test(statement)) exported.push(name);
    }
  }
  return { own, imported, exported };
}

/** The statements of a file, each with the comment before it. Strings in declarations hold no brackets that are not closed. */
function* statementsOf(text) {
  const comments = [...text.matchAll(COMMENT)].map(({ 0: comment, index }) => [
    index,
    index + comment.length,
  ]);
  const bare = text.replaceAll(COMMENT, (comment) => " ".repeat(comment.length));
  for (const { 0: word, index } of bare.matchAll(/^(?:export|import|declare|interface|type)\b.*/gm)) {
    const isBody = /\b(?:class|interface|enum) \w/.test(word);
    let depth = 0;
    let end = index;
    for (; end < bare.length; end++) {
      const letter = bare[end];
      if ("{[(".includes(letter)) depth++;
      if ("}])".includes(letter)) depth--;
      if (depth === 0 && letter === (isBody ? "}" : ";")) break;
    }
    const [from] = comments.find(
      ([, to]) => /^\s*$/.test(bare.slice(to, index)) && to <= index && text.slice(to, index).trim() === "",
    ) ?? [index];
    yield text.slice(from, end + 1);
  }
}

/** A module is a file, or the index of a folder. */
function fileOf(root, path) {
  const found = [path, join(path, "index")].find((one) => existsSync(join(root, `${one}.d.ts`)));
  if (found === undefined) throw new Error(`no declarations of ${path}`);
  return found;
}

/** Without the keyword, because what is exported is told at the end, and without indentation. */
function shortened(statement) {
  return statement
    .replace(/^export (?=declare|interface|type|abstract)/m, "")
    .replaceAll(/^ +/gm, "")
    .trim();
}
