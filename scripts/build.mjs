// Compiles lib/ and nodes/, file by file, to build/ for the tools of this repository, and in few files to dist/ for the
// package, with html, locales and icons beside the nodes, because Node-RED looks for them only in the folder of the node's .js
// file. The editor's code becomes two files in resources/, the one folder that Node-RED serves to the browser.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { bundle } from "./bundle.mjs";
import { catalogNames, catalogOf, englishTexts, partNames } from "./catalogs.mjs";
import { readRows, withRows } from "./dialog-rows.mjs";

/**
 * What a program does not need of declarations: each text of the tables of errors and variants a second time, the comments on how
 * files are built (those at their heads), and indentation.
 */
const LEFT_OUT = [
  [/\/\/# sourceMappingURL=.*/g, ""],
  [/^\/\*\*[^]*?\*\/\n(?=import |export (?:type )?[{*])/, ""],
  [/\{\s+(?:readonly (?:number|text|hint|class): .+\s+)+\}/g, "ErrorRow"],
  [/(readonly (?:description|source): )(["']).*\2;/g, "$1string;"],
  [/^ +/gm, ""],
];

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const manifest = JSON.parse(readFileSync("package.json", "utf8"));

rmSync("build", { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

rmSync("dist", { recursive: true, force: true });
rmSync("resources", { recursive: true, force: true });
const browser = {
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
};
buildSync({ ...browser, entryPoints: ["editor/dialogs.ts"], outdir: "resources", globalName: "quectelMail" });
buildSync({ ...browser, entryPoints: ["editor/sidebar.ts"], outdir: "resources" });

cpSync("nodes", "dist/nodes", {
  recursive: true,
  filter: (source) => !source.endsWith(".ts") && !/^nodes[\\/]runtime\b/.test(source),
});
const rows = readRows(readFileSync("editor/dialog/rows.html", "utf8"));
for (const name of readdirSync("dist/nodes").filter((file) => file.endsWith(".html"))) {
  writeFileSync(`dist/nodes/${name}`, withRows(readFileSync(`nodes/${name}`, "utf8"), rows));
}
if (existsSync("icons")) cpSync("icons", "dist/nodes/icons", { recursive: true });

await bundle({ nodes: Object.keys(manifest["node-red"].nodes) });
for (const { types } of Object.values(manifest.exports)) {
  if (types !== undefined) copyDeclarations(types.replace("./dist/types/", ""));
}

/** Declarations that a program can reach by `exports`, from `file` on. */
function copyDeclarations(file, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const text = readFileSync(join("build", file), "utf8");
  const declared = LEFT_OUT.reduce((all, [pattern, type]) => all.replace(pattern, type), text);
  mkdirSync(join("dist/types", dirname(file)), { recursive: true });
  writeFileSync(join("dist/types", file), declared);
  for (const [, path] of text.matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
    const target = join(dirname(file), path);
    const found = [`${target}.d.ts`, join(target, "index.d.ts")].find((one) =>
      existsSync(join("build", one)),
    );
    if (found === undefined) throw new Error(`${file} refers to ${path}, which has no declarations`);
    copyDeclarations(found, copied);
  }
}

const english = englishTexts(resolve("build"));
for (const lang of readdirSync("nodes/locales")) {
  const [source, target] = [`nodes/locales/${lang}`, `dist/nodes/locales/${lang}`];
  for (const name of partNames(source)) rmSync(`${target}/${name}`);
  for (const name of catalogNames(source)) {
    writeFileSync(`${target}/${name}`, JSON.stringify(catalogOf(source, name, english)));
  }
}
