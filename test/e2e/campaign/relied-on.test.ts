/** The list of what the client relies on, in docs/campaign.md: what it names takes something away, and it names all mishaps. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseVariant, variantNames, variantTable } from "../../../lib/simulator";
import { CHANGE_OF_MAILER, DEPLOYS } from "../../campaign/fault/deploys";
import { MISHAPS, NOISE } from "../../campaign/fault/mishaps";
import { SOCKET_MISHAPS } from "../../campaign/fault/socket-mishaps";

const ALL = [...MISHAPS, ...SOCKET_MISHAPS, ...NOISE, ...DEPLOYS, CHANGE_OF_MAILER].map(({ name }) => name);
const page = readFileSync(resolve(__dirname, "../../../docs/campaign.md"), "utf8");
const list = /\n## What the client relies on\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
const rows = list.split("\n").filter((line) => /^\| [A-Z]/.test(line));

describe("The list of what the client relies on", () => {
  it("takes each of it away, by a switch or a mishap that there is", () => {
    assert(rows.length > 25);
    for (const row of rows) {
      const switches = [...row.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
      const struck = [...row.matchAll(/“([^”]+)”/g)].map(([, text = ""]) => text);
      assert(switches.length + struck.length > 0, row);
      for (const text of switches) {
        const name = variantNames.find((one) => parseVariant(text)[one] !== undefined);
        assert(name !== undefined, text);
        assert.notEqual(parseVariant(text)[name], variantTable[name].default, `${text} is what is relied on`);
      }
      for (const name of struck) assert(ALL.includes(name), name);
    }
  });

  it("has a line for every mishap of the campaign", () => {
    assert.deepEqual(
      ALL.filter((name) => !list.includes(`“${name}”`)),
      [],
    );
  });
});
