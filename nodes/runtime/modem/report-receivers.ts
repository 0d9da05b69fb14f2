/**
 * Which users of a modem an error of its own goes through.
 *
 * Node-RED hands it to the Catch nodes once for each user, so three users would make three alarms of one event. Here
 * every Catch node that would have it gets it, as rarely as that allows: once, unless the Catch nodes of a tab were set
 * to different users.
 */
import type { Node, NodeAPI } from "node-red";

/** A Catch node as it is configured. */
export interface CatchNode {
  readonly z: string;
  /** Ids of nodes, `group`, or nothing for all of the tab. */
  readonly scope: unknown;
}

/** The Catch nodes of all tabs. */
export function catchNodes(RED: Pick<NodeAPI, "nodes">): readonly CatchNode[] {
  const found: CatchNode[] = [];
  RED.nodes.eachNode((config) => {
    if (config.type === "catch")
      found.push({ z: config.z, scope: "scope" in config ? config.scope : undefined });
  });
  return found;
}

/** The users that stand for all: by id, as Node-RED looks for it. */
export function reportReceivers(
  users: Readonly<Record<string, Node>>,
  catches: readonly CatchNode[],
): Record<string, Node> {
  const tabs = new Set(Object.values(users).map(({ z }) => z));
  return Object.fromEntries(
    [...tabs].flatMap((tab) =>
      receiversIn(
        Object.entries(users).filter(([, { z }]) => z === tab),
        catches.filter(({ z }) => z === tab).map(({ scope }) => scope),
      ),
    ),
  );
}

type Member = readonly [id: string, node: Node];

function receiversIn(members: readonly Member[], scopes: readonly unknown[]): readonly Member[] {
  // In a subflow, or with a Catch node of a group, only Node-RED knows who hears whom.
  const isPlain = scopes.every((scope) => scope === null || scope === undefined || Array.isArray(scope));
  if (scopes.length === 0 || !isPlain) return members;
  const chosen = new Map<string, Node>();
  // Those of few users first: one of them may stand for the others too.
  for (const scope of [...scopes].sort((a, b) => Number(Array.isArray(b)) - Number(Array.isArray(a)))) {
    const heard = members.filter(([id]) => !Array.isArray(scope) || scope.includes(id));
    const [first] = heard;
    if (first !== undefined && !heard.some(([id]) => chosen.has(id))) chosen.set(...first);
  }
  return [...chosen];
}
