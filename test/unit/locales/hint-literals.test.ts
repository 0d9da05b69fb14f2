/** Hints are kept in tables, so that each is translated. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".ts"));
}

describe("A hint", () => {
  it("is written in the error table, never where it is given", () => {
    const files = [...sources("lib"), ...sources("nodes")].filter((file) => !file.includes("error-table"));
    assert(files.length > 100);
    const found = files.filter((file) => /\bhint:\s*["'`]/.test(readFileSync(join(ROOT, file), "utf8")));
    assert.deepEqual(found, []);
  });
});
