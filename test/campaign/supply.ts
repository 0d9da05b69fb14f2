/** Part "supply": what is installed with the package, and what the registry knows against it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockedPackages, nameAt, ROOT, runtimeTree } from "../support/runtime-tree";
import { equal, none, shown, type Figure, type Part } from "./part";

/** Major version of the npm that has written the lock file. */
const WRITTEN_BY = 11;

const { npm_execpath: EXECUTED_BY } = process.env;

/** The npm that runs this script: a dependency may have put another one in front of the path. */
const NPM: readonly [program: string, first: readonly string[]] =
  EXECUTED_BY === undefined ? ["npm", []] : [process.execPath, [EXECUTED_BY]];

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
      reproduced(),
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

/** Lets npm write the lock file from package.json and itself, without the network. Each major npm writes its own form. */
function reproduced(): Figure {
  const version = spawnSync(NPM[0], [...NPM[1], "--version"], { encoding: "utf8" }).stdout.trim();
  if (!version.startsWith(`${WRITTEN_BY}.`)) {
    return shown(
      "lock file made anew by npm",
      `not tried by npm ${version}, as npm ${WRITTEN_BY} has written it`,
    );
  }
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
    const { status } = spawnSync(NPM[0], [...NPM[1], ...command], { cwd: folder, timeout: 3 * PATIENCE });
    const [ours, theirs] = [ROOT, folder].map((at) => readFileSync(join(at, "package-lock.json"), "utf8"));
    return none("lock file made anew by npm is another one", status === 0 && ours === theirs ? 0 : 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where the registry answers no such question, the figure says so. */
function audit(): Figure {
  const command = ["audit", "--omit=dev", "--json"];
  const { stdout } = spawnSync(NPM[0], [...NPM[1], ...command], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: PATIENCE,
  });
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
