/** The Node-RED versions that the package must run on, each with the Node.js it needs. */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

export interface NodeRedVersion {
  readonly name: string;
  /** Path of the Node.js binary. */
  readonly node: string;
  /** Path of red.js. */
  readonly red: string;
}

const ROOT = resolve(__dirname, "../..");
const SECOND = join(ROOT, ".ci/node-red-5/node_modules");

/**
 * Node-RED 4.1 on the Node.js that runs the tests, and Node-RED 5.0 on the Node.js 22 beside it.
 *
 * @throws when the second one is not installed: `npm ci --prefix .ci/node-red-5 --ignore-scripts`.
 */
export function nodeRedVersions(): readonly NodeRedVersion[] {
  const platform = existsSync(SECOND) && readdirSync(SECOND).find((name) => name.startsWith("node-linux-"));
  if (!platform) {
    throw new Error("Node-RED 5 is missing: npm ci --prefix .ci/node-red-5 --ignore-scripts");
  }
  return [
    { name: "4.1", node: process.execPath, red: createRequire(__filename).resolve("node-red/red.js") },
    { name: "5.0", node: join(SECOND, platform, "bin/node"), red: join(SECOND, "node-red/red.js") },
  ];
}
