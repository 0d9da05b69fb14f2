// Compiles lib/ and nodes/, file by file, to build/ for the tools of this repository, and in few files to dist/ for the
// package, with html, locales and icons beside the nodes, because Node-RED looks for them only in the folder of the node's .js
// file. The editor's code becomes two files in resources/, the one folder that Node-RED serves to the browser.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync, transformSync } from "esbuild";
import { bundle } from "./bundle.mjs";
import { catalogNames, catalogOf, englishTexts, partNames } from "./catalogs.mjs";
import { declarationsOf } from "./declarations.mjs";
import { readRows, withRows } from "./dialog-rows.mjs";

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

/** Begin or end of an element that begins a line of its own: line ends beside it are not shown. */
const BLOCK =
  /\n+(?=<\/?(?:div|dl|dt|dd|h[1-6]|li|ol|option|p|pre|table|tr|ul)\b)|(?<=<\/(?:div|dl|h[1-6]|ol|p|select|table|ul)>)\n+/g;

/** The value of an attribute that needs no quotation marks. */
const QUOTED = /(?<= [a-z-]+)="([^\s"'=<>`]+)"(?=[ >])/g;

cpSync("nodes", "dist/nodes", {
  recursive: true,
  filter: (source) => !source.endsWith(".ts") && !/^nodes[\\/]runtime\b/.test(source),
});
const rows = readRows(readFileSync("editor/dialog/rows.html", "utf8"));
for (const name of readdirSync("dist/nodes").filter((file) => file.endsWith(".html"))) {
  writeFileSync(`dist/nodes/${name}`, flush(withRows(readFileSync(`nodes/${name}`, "utf8"), rows)));
}
if (existsSync("icons")) cpSync("icons", "dist/nodes/icons", { recursive: true });

await bundle({ nodes: Object.keys(manifest["node-red"].nodes) });
const entries = { index: "lib/index", simulator: "lib/simulator/index" };
for (const [name, text] of Object.entries(declarationsOf("build", entries))) {
  writeFileSync(`dist/${name}.d.ts`, text);
}

const english = englishTexts(resolve("build"));
for (const lang of readdirSync("nodes/locales")) {
  const [source, target] = [`nodes/locales/${lang}`, `dist/nodes/locales/${lang}`];
  for (const name of readdirSync(source).filter((file) => file.endsWith(".html"))) {
    const help = flush(readFileSync(`${source}/${name}`, "utf8"));
    const tags = /<(?!script)[a-z][^<>]*>/g;
    writeFileSync(
      `${target}/${name}`,
      help.replaceAll(tags, (tag) => tag.replaceAll(QUOTED, "=$1")),
    );
  }
  for (const name of partNames(source)) rmSync(`${target}/${name}`);
  for (const name of catalogNames(source)) {
    writeFileSync(`${target}/${name}`, JSON.stringify(catalogOf(source, name, english)));
  }
}

/** Html without what stands for nothing there: indentation, line ends, end tags that the next tag implies, blanks of styles. */
function flush(html) {
  return html
    .replaceAll(/^ +/gm, "")
    .replaceAll(/(?<=<script type="text\/html"[^>]*>)[^]*?(?=<\/script>)/g, (part) =>
      part.replaceAll(/<\/(?:dt|dd|li|option)>\s*/g, "").replaceAll(BLOCK, ""),
    )
    .replaceAll(
      /(?<=<style>)[^]*?(?=<\/style>)/g,
      (css) => transformSync(css, { loader: "css", minify: true }).code,
    );
}
