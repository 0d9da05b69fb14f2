/** Part "supply": what is installed with the package, and what the registry knows against it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockedPackages, nameAt, ROOT, runtimeTree } from "../support/runtime-tree";
import { equal, none, shown, type Figure, type Part } from "./part";

/** Milliseconds for an answer of the registry. */
const PATIENCE = 60_000;

export const supply: Part = {
  name: "supply",
  full: 1,
  unit: "lock file",
  run() {
    const tree = [...runtimeTree()];
    return Promise.resolve([
      shown("packages installed with this one", tree.length),
      shown(
        "their licences",
        [...new Set(tree.map(([, { license = "none" }]) => license))].sort().join(", "),
      ),
      equal(
        "install scripts, that of @serialport/bindings-cpp",
        tree.filter(([, { hasInstallScript }]) => hasInstallScript === true).length,
        tree.some(([place]) => nameAt(place) === "@serialport/bindings-cpp") ? 1 : 0,
      ),
      none("packages not locked by their hash", withoutHash()),
      none("lock file made anew by npm is another one", isReproduced() ? 0 : 1),
      audit(),
    ]);
  },
};

function withoutHash(): number {
  const { "": _own, ...others } = lockedPackages();
  return Object.values(others).filter(
    ({ integrity, inBundle }) => inBundle !== true && !integrity?.startsWith("sha512-"),
  ).length;
}

/** Lets npm write the lock file from package.json and itself, without the network. */
function isReproduced(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "campaign-lock-"));
  try {
    for (const name of ["package.json", "package-lock.json", ".npmrc"])
      copyFileSync(join(ROOT, name), join(folder, name));
    const command = [
      "install",
      "--package-lock-only",
      "--ignore-scripts",
      "--offline",
      "--no-audit",
      "--no-fund",
    ];
    const { status } = spawnSync("npm", command, { cwd: folder, timeout: 3 * PATIENCE });
    const [ours, theirs] = [ROOT, folder].map((at) => readFileSync(join(at, "package-lock.json"), "utf8"));
    return status === 0 && ours === theirs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where the registry answers no such question, the figure says so. */
function audit(): Figure {
  const command = ["audit", "--omit=dev", "--json"];
  const { stdout } = spawnSync("npm", command, { cwd: ROOT, encoding: "utf8", timeout: PATIENCE });
  const name = "known vulnerabilities (npm audit)";
  try {
    const { metadata } = JSON.parse(stdout) as {
      metadata?: { vulnerabilities?: { total?: number } };
    };
    const total = metadata?.vulnerabilities?.total;
    return total === undefined ? shown(name, "the registry does not answer") : none(name, total);
  } catch {
    return shown(name, "the registry does not answer");
  }
}
