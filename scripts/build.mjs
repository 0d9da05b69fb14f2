// Compiles lib/ and nodes/ to CommonJS in dist/ and lays html, locales and icons beside the compiled
// nodes, because Node-RED looks for them only in the folder of the node's .js file.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { catalogNames, catalogOf, partNames } from "./catalogs.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

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
