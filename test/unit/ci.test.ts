/** That README, the CI run and the hosted workflow speak of the same versions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../support/runtime-tree";
import manifest from "../../package.json";

const read = (name: string): string => readFileSync(join(ROOT, name), "utf8");

/** Every match, as `node/node-red`, sorted. */
function combinations(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, node, red]) => `${node}/${red}`).sort();
}

describe("The versions that are tested", () => {
  // The machine of .ci/run has Node.js 20, and node_modules Node-RED 4.1.
  const run = ["20/4.1", ...combinations(read(".ci/run"), /^begin .* \.ci\/on-node (\d+) ([\d.]+)$/gm)];

  it("are four long-term versions of Node.js and both of Node-RED", () => {
    assert.deepEqual(run, ["20/4.1", "22/4.1", "24/5.0", "26/5.0"]);
  });

  it("are those of the hosted workflow", () => {
    const hosted = combinations(
      read(".github/workflows/ci.yml"),
      /os: ubuntu-latest, node: (\d+), red: "([\d.]+)"/g,
    );
    assert.deepEqual(hosted, run);
  });

  it("are those in README.md", () => {
    const row = /^\| Node-RED ([\d.]+) +\| Node\.js ([\d, ]+) +\|$/gm;
    const told = [...read("README.md").matchAll(row)].flatMap(([, red, nodes = ""]) =>
      nodes.split(",").map((node) => `${node.trim()}/${red}`),
    );
    assert.deepEqual(told.sort(), run);
  });

  it("begin with the oldest one that the package takes", () => {
    assert.match(manifest.engines.node, /^>=20\./);
    assert.match(manifest["node-red"].version, /^>=4\./);
  });

  it("are installed in .ci/versions", () => {
    const { optionalDependencies }: { optionalDependencies: Record<string, string> } = JSON.parse(
      read(".ci/versions/package.json"),
    );
    for (const node of [22, 24, 26]) {
      for (const cpu of ["x64", "arm64"]) {
        assert.match(optionalDependencies[`node-${node}-${cpu}`] ?? "", new RegExp(`^npm:.*@${node}\\.`));
      }
    }
  });
});
