/** The Node-RED versions that the package must run on, each with the Node.js it needs. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

export interface NodeRedVersion {
  readonly name: string;
  /** Path of the Node.js binary. */
  readonly node: string;
  /** Path of red.js. */
  readonly red: string;
}

const ROOT = resolve(__dirname, "../..");
const BESIDE = join(ROOT, ".ci/versions/node_modules");
/** The Node.js that the second Node-RED runs on. */
const SECOND_NODE = 24;

/**
 * Node-RED 4.1 on the Node.js that runs the tests, and Node-RED 5.0 on Node.js 24. Where `NODE_RED_RUNTIME` names the
 * folder of a Node-RED, as `.ci/on-node` does: that one alone, on the Node.js that runs the tests.
 *
 * @throws when the second one is not installed.
 */
export function nodeRedVersions(): readonly NodeRedVersion[] {
  const chosen = process.env["NODE_RED_RUNTIME"];
  if (chosen !== undefined) return [versionIn(chosen, process.execPath)];
  return [
    versionIn(dirname(createRequire(__filename).resolve("node-red/red.js")), process.execPath),
    versionIn(join(BESIDE, "node-red"), nodeBeside(SECOND_NODE)),
  ];
}

/** Path of a Node.js beside that of the machine: 22, 24 or 26. @throws when it is not installed. */
export function nodeBeside(major: number): string {
  const folder = existsSync(BESIDE) && readdirSync(BESIDE).find((name) => name.startsWith(`node-${major}-`));
  if (!folder) throw new Error(`Node.js ${major} is missing: npm ci --prefix .ci/versions --ignore-scripts`);
  return join(BESIDE, folder, "bin/node");
}

function versionIn(folder: string, node: string): NodeRedVersion {
  const { version }: { version: string } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { name: version.replace(/\.\d+$/, ""), node, red: join(folder, "red.js") };
}
