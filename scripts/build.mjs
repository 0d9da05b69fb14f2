// Compiles lib/ and nodes/ to CommonJS in dist/ and lays html, locales and icons beside the compiled
// nodes, because Node-RED looks for them only in the folder of the node's .js file. The editor's code becomes two files
// in resources/, the one folder that Node-RED serves to the browser.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { catalogNames, catalogOf, partNames } from "./catalogs.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

rmSync("resources", { recursive: true, force: true });
const browser = { bundle: true, format: "iife", target: "es2022", charset: "utf8", logLevel: "warning" };
buildSync({ ...browser, entryPoints: ["editor/dialogs.ts"], outdir: "resources", globalName: "quectelMail" });
buildSync({ ...browser, entryPoints: ["editor/sidebar.ts"], outdir: "resources" });

cpSync("nodes", "dist/nodes", {
  recursive: true,
  filter: (source) => !source.endsWith(".ts"),
});
if (existsSync("icons")) cpSync("icons", "dist/nodes/icons", { recursive: true });

const { ERROR_TABLE, SPECIAL_HINTS } = createRequire(import.meta.url)("../dist/lib/error-table/index.js");
const tables = { errors: ERROR_TABLE, specialHints: SPECIAL_HINTS };
for (const lang of readdirSync("nodes/locales")) {
  const [source, target] = [`nodes/locales/${lang}`, `dist/nodes/locales/${lang}`];
  for (const name of partNames(source)) rmSync(`${target}/${name}`);
  for (const name of catalogNames(source)) {
    writeFileSync(`${target}/${name}`, JSON.stringify(catalogOf(source, name, tables), undefined, 2));
  }
}
