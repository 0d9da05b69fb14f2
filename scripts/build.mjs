// Compiles lib/ and nodes/ to CommonJS in dist/ and lays html, locales and icons beside the compiled
// nodes, because Node-RED looks for them only in the folder of the node's .js file.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

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

// The words of the nodes' statuses are kept once for each language; the editor looks for them in the catalog of the
// node that shows them.
for (const lang of readdirSync("dist/nodes/locales")) {
  const folder = `dist/nodes/locales/${lang}`;
  const words = JSON.parse(readFileSync(`${folder}/status.json`, "utf8"));
  rmSync(`${folder}/status.json`);
  for (const catalog of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
    const file = `${folder}/${catalog}`;
    writeFileSync(
      file,
      JSON.stringify({ ...words, ...JSON.parse(readFileSync(file, "utf8")) }, undefined, 2),
    );
  }
}
