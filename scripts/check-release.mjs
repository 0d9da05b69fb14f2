// Compares the tag of a release with package.json, package-lock.json and CHANGELOG.md, before anything is published.
//
//   node scripts/check-release.mjs v1.2.3
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const [tag = ""] = process.argv.slice(2);
const wanted = tag.replace(/^v/, "");
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const manifest = readJson("package.json");
const lock = readJson("package-lock.json");
const heading = /^## \[?(\d+\.\d+\.\d+[^\]\s]*)/m.exec(readFileSync("CHANGELOG.md", "utf8"));

const versions = {
  tag: /^v\d/.test(tag) ? wanted : `not a version tag: "${tag}"`,
  "package.json": manifest.version,
  "package-lock.json": lock.packages[""].version,
  "newest heading of CHANGELOG.md": heading?.[1] ?? "none",
};
const wrong = Object.entries(versions).filter(([, version]) => version !== wanted || wanted === "");
for (const [where, version] of wrong)
  console.error(`${where}: ${version}, expected ${wanted || "a version"}`);
if (wrong.length > 0) process.exit(1);
console.log(`${manifest.name} ${wanted}: tag, package, lock file and change log agree`);
