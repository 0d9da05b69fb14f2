// Puts the code of lib/ and nodes/ into few CommonJS files, because Node-RED reads all of them at each start. Each module is in
// one file only, so a class is the same wherever it is used: a file requires the modules that an earlier one has.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
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
const LAZY = { "lib/simulator/index.ts": "simulator" };

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
  /** Sources that later bundles require, by the bundle that has them. */
  const wanted = new Map(bundles.map(({ name }) => [name, new Set()]));
  const make = (one, modules) => {
    const plugins = [
      variables(replaceable),
      defaultExports,
      bundledData(ROOT, folder),
      elsewhere(one.name, owners, wanted),
    ];
    return made(one, join(folder, `${one.name}.js`), plugins, modules);
  };
  const results = new Map();
  for (const one of bundles) {
    const result = await make(one, new Set());
    results.set(one, result);
    for (const source of Object.keys(result.metafile.inputs)) {
      if (!source.includes(":") && source !== "<stdin>" && !owners.has(source)) owners.set(source, one.name);
    }
  }
  for (const source of exported) wanted.get(ownerOf(source, owners)).add(source);
  const names = { privates: privateFields(ROOT), short: new Map() };
  for (const [one, result] of results) {
    const modules = wanted.get(one.name);
    const { outputFiles } = modules.size === 0 ? result : await make(one, modules);
    await writeMinified(folder, outputFiles, one.name, names);
  }
  return owners;
}

/** The bundle that a source belongs to, even if it takes no part in what the package needs. */
function ownerOf(source, owners) {
  return owners.get(source) ?? (source.startsWith("lib/simulator/") ? "simulator" : "core");
}

/** Writes the code of a bundle, and beside it the map that leads from there to the sources. */
async function writeMinified(folder, outputFiles, name, { privates, short }) {
  const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  // esbuild leaves classes without a name of their own, which then have that of their variable.
  const classes = text(".js").replaceAll(/\b(\w+) = class (?=extends |\{)/g, "$1 = class $1 ");
  const { contents, names, isLong } = shortened(classes, privates, short);
  const { code, map } = await minify(contents, {
    ...MINIFIED,
    mangle: { ...MINIFIED.mangle, keep_fnames: new RegExp(`^(?!(?:${names.join("|")})$)`) },
    sourceMap: { content: text(".js.map"), filename: `${name}.js` },
  });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.js`);
  writeFileSync(file, code, name.startsWith("quectel-") ? { mode: 0o755 } : {});
  writeFileSync(`${file}.map`, map);
  if (isLong) writeFileSync(join(folder, `${name}.names.br`), brotliCompressSync(names.join(" ")));
}

function made({ entries }, outfile, plugins, exported) {
  const [entry] = entries;
  if (entries.length === 1 && exported.size === 0) {
    return build({ ...OPTIONS, outfile, plugins, entryPoints: [entry] });
  }
  const lines = entries.map((source, at) =>
    source.startsWith("nodes/")
      ? `import n${at} from "./${source}"; export { n${at} as "${source.replace(/^nodes\/|\.ts$/g, "")}" };`
      : `export * from "./${source}";`,
  );
  const modules = [...exported]
    .map((source) => `${JSON.stringify(source)}: ${identifierOf(source)}`)
    .join(", ");
  const imports = [...exported].map((source) => `import * as ${identifierOf(source)} from "./${source}";`);
  const contents = [...imports, ...lines, `export const modules = { ${modules} };`].join("\n");
  return build({ ...OPTIONS, outfile, plugins, stdin: { contents, resolveDir: ROOT, loader: "ts" } });
}

/** Names of the values that a module exports. */
function exportsOf(source) {
  return Object.keys(createRequire(join(ROOT, "build/x.js"))(`./${source.replace(/\.ts$/, ".js")}`));
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

/** Leaves out what an earlier bundle has, and what is loaded later. */
function elsewhere(name, owners, wanted) {
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
        wanted.get(owner).add(source);
        return { path: source, namespace: "elsewhere" };
      });
      // As an ES module, so that what it exports is a variable of the bundle, with a short name.
      builder.onLoad({ filter: /./, namespace: "elsewhere" }, ({ path }) => ({
        contents: `const { modules } = require("./${owners.get(path)}.js");
          export const { ${exportsOf(path).join(", ")} } = modules[${JSON.stringify(path)}];`,
        resolveDir: resolve(ROOT, "dist"),
      }));
    },
  };
}
