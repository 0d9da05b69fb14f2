/** The nodes that Node-RED brings along, for flows that are run as users get them. */
import { createRequire } from "node:module";
import type { NodeInitializer } from "node-red";

/** Files below `@node-red/nodes/core`, by node type. */
const FILES = {
  inject: "common/20-inject.js",
  comment: "common/90-comment.js",
  function: "function/10-function.js",
  switch: "function/10-switch.js",
  exec: "function/90-exec.js",
  trigger: "function/89-trigger.js",
  rbe: "function/rbe.js",
  join: "sequence/17-split.js",
  batch: "sequence/19-batch.js",
} as const;

export type CoreNode = keyof typeof FILES;

/** Those of the Node-RED that runs the test. */
export function coreNodes(types: readonly CoreNode[]): NodeInitializer[] {
  const ours = createRequire(__filename);
  const runtime = process.env["NODE_RED_RUNTIME"] ?? ours.resolve("node-red");
  const load = createRequire(ours.resolve(runtime));
  return types.map((type): NodeInitializer => load(`@node-red/nodes/core/${FILES[type]}`));
}
