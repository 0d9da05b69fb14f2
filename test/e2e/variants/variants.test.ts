/**
 * The mail suite under every single variant of the module, and under every pair of variant values: in memory from the
 * outbox to the server, and by a real handshake from the module to a real server.
 */
import assert from "node:assert/strict";
import { parseVariant, variantNames, variantTable, type VariantChoice } from "../../../lib/simulator";
import { coveringArray, pairsOf } from "../../support/covering-array";
import { passSuite, SUITE_SIZE } from "./mail-suite";
import { passSecurely, SECURE_MAILS } from "./secure-mail";

const SWITCHES = variantNames.map((name) => ({ name, values: variantTable[name].values }));

const SINGLE: readonly VariantChoice[] = SWITCHES.flatMap(({ name, values }) =>
  values
    .filter((value) => value !== variantTable[name].default)
    .map((value): VariantChoice => ({ [name]: value })),
);

function choiceOf(row: Readonly<Record<string, string>>): VariantChoice {
  return Object.entries(row)
    .map(([name, value]) => parseVariant(`${name}=${value}`))
    .reduce((all, one) => ({ ...all, ...one }), {});
}

describe("the library, outbox to server", () => {
  const rows = coveringArray(SWITCHES);
  after(() => {
    const pairs = new Set(rows.flatMap((row) => pairsOf(SWITCHES.map(({ name }) => row[name]))));
    const singles = `${SINGLE.length} variants of ${SWITCHES.length} switches`;
    const suite = `${SUITE_SIZE + SECURE_MAILS} mails each`;
    console.log(`      ${singles}, ${pairs.size} pairs in ${rows.length} rows, ${suite}`);
  });

  const pass = async (variants: VariantChoice): Promise<void> => {
    await passSuite(variants);
    await passSecurely(variants);
  };

  it("passes the mail suite with the usual module", () => pass({}));

  for (const variants of SINGLE) {
    it(`passes the mail suite with ${Object.entries(variants).flat().join(" = ")}`, () => pass(variants));
  }

  for (const [at, row] of rows.entries()) {
    it(`passes the mail suite with row ${at + 1} of ${rows.length} of all pairs of variants`, () =>
      pass(choiceOf(row)));
  }

  it("has met every pair of variant values", () => {
    const seen = new Set(rows.flatMap((row) => pairsOf(SWITCHES.map(({ name }) => row[name]))));
    const wanted = SWITCHES.flatMap((one, at) =>
      SWITCHES.slice(at + 1).map((other) => one.values.length * other.values.length),
    );
    assert.equal(
      seen.size,
      wanted.reduce((sum, count) => sum + count, 0),
    );
  });
});
