import assert from "node:assert/strict";
import type { Node } from "node-red";
import { reportReceivers, type CatchNode } from "../../../nodes/runtime/modem/report-receivers";

const user = (z: string): Node => ({ z }) as Node;
const USERS = { a: user("one"), b: user("one"), c: user("one"), d: user("two") };

const receivers = (...catches: readonly CatchNode[]): string =>
  Object.keys(reportReceivers(USERS, catches)).sort().join("");

describe("An error of the modem as such", () => {
  for (const [what, catches, expected] of [
    [
      "goes once to a Catch node of the whole tab",
      [
        { z: "one", scope: null },
        { z: "two", scope: null },
      ],
      "ad",
    ],
    [
      "goes to a Catch node of one user, and by it to that of the tab",
      [
        { z: "one", scope: null },
        { z: "one", scope: ["b"] },
        { z: "two", scope: null },
      ],
      "bd",
    ],
    [
      "goes to each of two Catch nodes that have different users",
      [
        { z: "one", scope: ["a"] },
        { z: "one", scope: ["c"] },
        { z: "two", scope: null },
      ],
      "acd",
    ],
    [
      "goes once where one user is in the scope of all",
      [
        { z: "one", scope: ["a", "b"] },
        { z: "one", scope: ["b", "a"] },
        { z: "two", scope: [] },
      ],
      "a",
    ],
    [
      "is left to Node-RED for a Catch node of a group",
      [
        { z: "one", scope: "group" },
        { z: "two", scope: null },
      ],
      "abcd",
    ],
    ["is left to Node-RED in a tab without Catch node, which may be a subflow", [], "abcd"],
  ] as const) {
    it(what, () => assert.equal(receivers(...catches), expected));
  }
});
