// What the package holds in another form than the sources: the English texts once, in the catalog that the editor loads, and
// long data compressed. The values are those of the sources (test/unit/bundled-data.test.ts).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { brotliCompressSync } from "node:zlib";

/** The catalog with the English texts, as the files of dist/ see it. */
export const CATALOG = "./nodes/locales/en-US/quectel-modem.json";

/** Text of the module in the package, by its source. `load` gives a module as tsc compiled it. */
const REPLACED = {
  "lib/error-table/index.ts": ({ load }) => {
    const { ERROR_TABLE, SPECIAL_HINTS } = load("lib/error-table/index.js");
    const codes = {};
    for (const [code, row] of Object.entries(ERROR_TABLE)) {
      const word = row.number === undefined ? code : `${code}=${row.number}`;
      codes[row.class] = codes[row.class] === undefined ? word : `${codes[row.class]} ${word}`;
    }
    return `
      import { errors } from "${CATALOG}";
      const rows = {};
      const codes = ${JSON.stringify(codes)};
      const line = (key, at) => {
        const found = errors[key].split("\\n")[at];
        return found.startsWith("=") ? line(found.slice(1), at) : found;
      };
      for (const name in codes) {
        for (const word of codes[name].split(" ")) {
          const [code, number] = word.split("=");
          rows[code] = { ...(number && { number: Number(number) }), class: name, text: line(code, 0), hint: line(code, 1) };
        }
      }
      export const ERROR_TABLE = rows;
      export const SPECIAL_HINTS = Object.fromEntries(
        ${JSON.stringify(Object.keys(SPECIAL_HINTS).join(" "))}.split(" ").map((name) => [name, line(name, 1)]),
      );`;
  },
  "lib/quectel/diagnosis/findings.ts": ({ source }) =>
    `import { findings } from "${CATALOG}";
    ${source.replace(/export const FINDINGS = \{[^]*?\n\} as const;/, "export const FINDINGS = findings;")}`,
  "lib/mail/providers/provider-table.ts": ({ load }) => {
    const { PROVIDERS } = load("lib/mail/providers/provider-table.js");
    // Where the facts come from is for those who keep the table.
    const rows = PROVIDERS.map(({ remark: _remark, rootsFrom: _roots, loginFrom: _login, ...rest }) => rest);
    return `
      import { remarks } from "${CATALOG}";
      const remarkOf = (id) => (remarks[id].startsWith("=") ? remarks[remarks[id].slice(1)] : remarks[id]);
      export const PROVIDERS = ${JSON.stringify(rows)}.map((row) => ({ ...row, remark: remarkOf(row.id) }));`;
  },
  "lib/mail/message/html-character-names.ts": ({ load, write }) => {
    const { characterNames } = load("lib/mail/message/html-character-names.js");
    return withCompressed(
      write,
      "html-character-names",
      characterNames(),
      (text) => `export function characterNames() { return ${text}; }`,
    );
  },
  "lib/simulator/line/cme-words.ts": ({ load, write }) => {
    const words = JSON.stringify([...load("lib/simulator/line/cme-words.js").cmeWords]);
    return withCompressed(
      write,
      "simulator-cme-words",
      words,
      (text) => `export const cmeWords = new Map(JSON.parse(${text}));`,
    );
  },
  "lib/simulator/variants/variant-table.ts": ({ load, write }) => {
    const { variantTable } = load("lib/simulator/variants/variant-table.js");
    return withCompressed(
      write,
      "simulator-variants",
      JSON.stringify(variantTable),
      (text) => `export const variantTable = JSON.parse(${text});`,
    );
  },
};

/** A module that reads `text` from a file beside it. @param code of the module, from the expression that gives the text */
function withCompressed(write, name, text, code) {
  write(`${name}.br`, brotliCompressSync(text));
  const read = `brotliDecompressSync(readFileSync(join(__dirname, "${name}.br"))).toString()`;
  return `
    import { readFileSync } from "node:fs";
    import { join } from "node:path";
    import { brotliDecompressSync } from "node:zlib";
    ${code(read)}`;
}

/** A plugin of esbuild. @param root of the repository, which tsc has compiled to its folder build. @param folder of the bundle */
export function bundledData(root, folder = join(root, "dist")) {
  const require = createRequire(join(root, "build/x.js"));
  const tools = {
    load: (path) => require(`./${path}`),
    write: (name, content) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), content);
    },
  };
  const names = Object.keys(REPLACED).map((source) => source.split("/").at(-1)?.replaceAll(".", "\\."));
  return {
    name: "bundled-data",
    setup(builder) {
      builder.onLoad({ filter: new RegExp(`[\\\\/](?:${names.join("|")})$`) }, ({ path }) => {
        const replace = REPLACED[relative(root, path).replaceAll("\\", "/")];
        if (replace === undefined) return undefined;
        return { contents: replace({ ...tools, source: readFileSync(path, "utf8") }), loader: "ts" };
      });
    },
  };
}
