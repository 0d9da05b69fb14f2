// Puts the code of lib/ and nodes/ into few CommonJS files, because Node-RED reads all of them at each start. Each module is in
// one file only, so a class is the same wherever it is used: a file requires the modules that an earlier one has.
//
// A file that is loaded late may have been replaced by then, and what is short in it would stand for something else: so each file
// carries the id of its build, and refuses the files of another one that are in memory (lib/late-code.ts).
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";
import { bundledData, CATALOG } from "./bundled-data.mjs";
import { privateFields, shortened } from "./shorten.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The files of dist/ by name, with the sources they begin with. What comes first never requires what comes later. */
function bundlesOf(nodes) {
  return [
    // What the simulated modem needs too, so that its program loads nothing else of the package.
    { name: "base", entries: ["lib/errors.ts", "lib/clock.ts"] },
    { name: "core", entries: nodes.map((name) => `nodes/${name}.ts`) },
    { name: "index", entries: ["lib/index.ts"] },
    { name: "smtp", entries: ["lib/mailer/smtp/index.ts"] },
    { name: "simulator", entries: ["lib/simulator/index.ts"] },
  ];
}

const PROGRAMS = [
  { name: "quectel-modem-facts", entries: ["lib/facts/cli.ts"] },
  { name: "quectel-modem-simulator", entries: ["lib/simulator/cli.ts"] },
];

/** The source of a node, which exports one function. */
const NODE = /^nodes\/[\w-]+\.ts$/;

/** Loaded when first needed, by `require` with the path of its source. */
const LAZY = { "lib/mailer/smtp/index.ts": "smtp", "lib/simulator/index.ts": "simulator" };

/** The file that all others require. */
const BASE = "base";
/** Stands for the id of the build until all files are known, and is as long. */
const ID = "build-id-to-be";
const SAME_BUILD = `export function sameBuild(id) {
  if (id !== "${ID}")
    throw new Error("the package was updated on disk while an older build of it is in memory; restart Node-RED");
}`;
/** Comes before everything else in the other files. */
const CHECK = `require("./${BASE}.js").sameBuild("${ID}");`;

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  charset: "utf8",
  packages: "external",
  minifySyntax: true,
  sourcemap: "external",
  metafile: true,
  write: false,
  logLevel: "warning",
};

/**
 * Classes and inner functions keep their names and lines end, for stack traces; what no stack trace shows gets a short name.
 * Functions of a module do too, because each call repeats it, and are given their own back (shorten.mjs).
 */
const MINIFIED = {
  ecma: 2020,
  compress: false,
  mangle: { toplevel: true, keep_classnames: true },
  format: { max_line_len: 1000 },
};

/** Writes the files of dist/, and one for each node that Node-RED asks for. */
export async function bundle({ nodes }) {
  await write(join(ROOT, "dist"), [...bundlesOf(nodes), ...PROGRAMS], [], {});
  for (const name of nodes) {
    const stub = `module.exports = require("../core.js")[${JSON.stringify(name)}];\n`;
    writeFileSync(join(ROOT, `dist/nodes/${name}.js`), stub);
  }
}

/**
 * Writes the same code to another folder for tests that need more of it than the package lets them reach.
 *
 * @param exported sources, of which the folder gets a file each that gives what the bundle has: `lib/clock.js`.
 * @param replaceable functions that a test may replace there, by their sources.
 */
export async function bundleFor(folder, { nodes, exported, replaceable }) {
  const owners = await write(folder, bundlesOf(nodes), exported, replaceable);
  for (const source of exported) {
    const file = join(folder, source.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(file), { recursive: true });
    const path = JSON.stringify(join(folder, `${ownerOf(source, owners)}.js`));
    const accessors = (replaceable[source] ?? []).map(
      (name) =>
        `get ${name}() { return bundled.${name}; }, set ${name}(value) { bundled.replace_${name}(value); }`,
    );
    const module = `require(${path}).modules[${JSON.stringify(source)}]`;
    writeFileSync(
      file,
      NODE.test(source)
        ? `module.exports = ${module}.default;\n`
        : `const bundled = ${module};
module.exports = { __proto__: bundled, ${["__esModule: true", ...accessors].join(", ")} };
`,
    );
  }
}

/** Writes bundles to a folder. Returns the name of the bundle by source. */
async function write(folder, bundles, exported, replaceable) {
  const owners = new Map();
  const links = new Map(bundles.map(({ name }) => [name, new Link()]));
  const make = (one, link, modules) => {
    const plugins = [
      variables(replaceable),
      defaultExports,
      bundledData(ROOT, folder),
      elsewhere(one.name, owners, links, link),
    ];
    return made(one, join(folder, `${one.name}.js`), plugins, link?.shared ?? new Map(), modules);
  };
  // At first only what each has, and what it needs of the others.
  for (const one of bundles) {
    const { metafile } = await make(one, undefined, []);
    for (const source of Object.keys(metafile.inputs)) {
      if (!source.includes(":") && source !== "<stdin>" && !owners.has(source)) owners.set(source, one.name);
    }
  }
  // esbuild asks for what files import in any order.
  for (const link of links.values()) link.sort();
  const names = { privates: privateFields(ROOT), short: new Map() };
  const files = [];
  for (const one of bundles) {
    const link = links.get(one.name);
    const modules = exported.filter((source) => ownerOf(source, owners) === one.name);
    // Tests of nodes replace the clock of all files.
    const whole = one.name === BASE ? new Set([...modules, ...link.shared.values()]) : modules;
    const { outputFiles } = await make(one, link, [...whole]);
    files.push(await minified(outputFiles, one.name, names));
  }
  writeFiles(folder, files);
  return owners;
}

/** What a bundle has to do with the others. */
class Link {
  /** The names that later ones need of it, each with the source that exports it. */
  shared = new Map();
  /** The names that it needs of earlier ones, by bundle. */
  used = new Map();

  /** @param owner bundle that has the source. @param its link */
  use(owner, its, source, name) {
    const other = its.shared.get(name) ?? source;
    if (other !== source) throw new Error(`${source} and ${other} both export ${name} to another file`);
    its.shared.set(name, source);
    this.used.set(owner, (this.used.get(owner) ?? new Set()).add(name));
  }

  sort() {
    const inOrder = (one, other) => (one < other ? -1 : 1);
    this.shared = new Map([...this.shared].toSorted(([one], [other]) => inOrder(one, other)));
    for (const [owner, names] of this.used) this.used.set(owner, new Set([...names].toSorted(inOrder)));
  }
}

/** The bundle that a source belongs to, even if it takes no part in what the package needs. */
function ownerOf(source, owners) {
  return owners.get(source) ?? (source.startsWith("lib/simulator/") ? "simulator" : "core");
}

/** The code of a bundle, and the map that leads from there to the sources. */
async function minified(outputFiles, name, { privates, short }) {
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  // esbuild leaves classes without a name of their own, which then have that of their variable.
  const classes = text(".js").replaceAll(/\b(\w+) = class (?=extends |\{)/g, "$1 = class $1 ");
  const { contents, names, isLong } = shortened(classes, privates, short);
  const { code, map } = await minify(contents, {
    ...MINIFIED,
    mangle: { ...MINIFIED.mangle, keep_fnames: new RegExp(`^(?!(?:${names.join("|")})$)`) },
    sourceMap: { content: text(".js.map"), filename: `${name}.js` },
  });
  return { name, code, map, ...(isLong && { names: names.join(" ") }) };
}

/** Writes them with the id of their build: the same for the same sources. */
function writeFiles(folder, files) {
  const hash = createHash("sha256");
  for (const { name, code, names } of files) hash.update(JSON.stringify([name, code, names]));
  const id = hash.digest("hex").slice(0, ID.length);
  mkdirSync(folder, { recursive: true });
  for (const { name, code, map, names } of files) {
    const file = join(folder, `${name}.js`);
    writeFileSync(file, code.replaceAll(ID, id), name.startsWith("quectel-") ? { mode: 0o755 } : {});
    writeFileSync(`${file}.map`, map);
    if (names !== undefined) writeFileSync(join(folder, `${name}.names.br`), brotliCompressSync(names));
  }
}

/** @param shared names that it gives to other bundles, with their sources. @param whole sources that it gives with all they export */
function made({ name, entries }, outfile, plugins, shared, whole) {
  const options = { ...OPTIONS, outfile, plugins, ...(name !== BASE && { banner: { js: CHECK } }) };
  const [entry] = entries;
  if (entries.length === 1 && shared.size === 0 && whole.length === 0) {
    return build({ ...options, entryPoints: [entry] });
  }
  const lines = entries.map((source, at) =>
    source.startsWith("nodes/")
      ? `import n${at} from "./${source}"; export { n${at} as "${source.replace(/^nodes\/|\.ts$/g, "")}" };`
      : `export * from "./${source}";`,
  );
  if (name === BASE) lines.push(SAME_BUILD);
  for (const [one, source] of shared) lines.push(`import { ${one} } from "./${source}";`);
  if (shared.size > 0) lines.push(`export const shared = { ${[...shared.keys()].join(", ")} };`);
  for (const source of whole) lines.push(`import * as ${identifierOf(source)} from "./${source}";`);
  const modules = whole.map((source) => `${JSON.stringify(source)}: ${identifierOf(source)}`);
  if (whole.length > 0) lines.push(`export const modules = { ${modules.join(", ")} };`);
  return build({ ...options, stdin: { contents: lines.join("\n"), resolveDir: ROOT, loader: "ts" } });
}

/** The names of values that a file imports, or passes on, from a path; all of them must be named. */
function namesFrom(importer, path) {
  const statements = /^(?:import|export) (?!type )([^;]*?) from "([^"]+)";/gm;
  const lists = [...readFileSync(importer, "utf8").matchAll(statements)]
    .filter(([, , from]) => from === path)
    .map(([, list]) => /^\{([^]*)\}$/.exec(list)?.[1]);
  if (lists.length === 0 || lists.includes(undefined))
    throw new Error(`${importer} has to name what it imports from ${path}`);
  const names = lists.flatMap((list) => list.split(",").map((one) => one.trim()));
  return names
    .filter((one) => one !== "" && !one.startsWith("type "))
    .map((one) => one.replace(/ as .*/, ""));
}

function identifierOf(source) {
  return `_${source.replaceAll(/\W/g, "_")}`;
}

/** Makes exported functions variables that whoever requires the bundle can set: `replace_next(value)`. */
function variables(replaceable) {
  return {
    name: "variables",
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const names = replaceable[relative(ROOT, path).replaceAll("\\", "/")];
        if (names === undefined) return undefined;
        const contents = names.reduce(
          (text, name) => {
            const declared = new RegExp(`^export ((?:async )?function )${name}\\b`, "m");
            if (!declared.test(text)) throw new Error(`${path} exports no function ${name}`);
            return `${text.replace(declared, `$1${name}_`)}
            export let ${name} = ${name}_;
            export function replace_${name}(value) { ${name} = value; }`;
          },
          readFileSync(path, "utf8"),
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/**
 * Gives the nodes an export that esbuild knows as one of an ES module: with `export =` it makes each module that they use a
 * function of its own, which costs time at the start.
 */
const defaultExports = {
  name: "default-exports",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]nodes[\\/][\w-]+\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(/^export = (\w+);$/m, "export default $1;"),
      loader: "ts",
    }));
  },
};

/** Leaves out what an earlier bundle has, and what is loaded later. @param link undefined: what it needs is only noted */
function elsewhere(name, owners, links, link) {
  return {
    name: "elsewhere",
    setup(builder) {
      builder.onResolve({ filter: /^\.{1,2}(\/|$)/ }, async (asked) => {
        if (asked.pluginData === "resolving") return undefined;
        if (asked.namespace === "elsewhere" || asked.path === CATALOG)
          return { path: asked.path, external: true };
        const { path, errors } = await builder.resolve(asked.path, {
          kind: asked.kind,
          resolveDir: asked.resolveDir,
          importer: asked.importer,
          pluginData: "resolving",
        });
        if (errors.length > 0) return { errors };
        const source = relative(ROOT, path).replaceAll("\\", "/");
        const later = LAZY[source];
        if (asked.kind === "require-call" && later !== undefined)
          return { path: `./${later}.js`, external: true };
        const owner = owners.get(source);
        if (owner === undefined || owner === name) return { path };
        if (link !== undefined) return { path: owner, namespace: "elsewhere" };
        for (const one of namesFrom(asked.importer, asked.path))
          links.get(name).use(owner, links.get(owner), source, one);
        return { path, external: true };
      });
      // As an ES module, so that what it exports is a variable of the bundle, with a short name.
      builder.onLoad({ filter: /./, namespace: "elsewhere" }, ({ path: owner }) => ({
        contents: `export const { ${[...link.used.get(owner)].join(", ")} } = require("./${owner}.js").shared;`,
        resolveDir: resolve(ROOT, "dist"),
      }));
    },
  };
}
