/** The tables of README.md are made from the code; needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

describe("README.md", () => {
  it("shows the tables as the code has them", () => {
    const run = spawnSync(
      process.execPath,
      [resolve(__dirname, "../../scripts/readme-tables.mjs"), "--check"],
      {
        encoding: "utf8",
      },
    );
    assert.equal(run.status, 0, run.stderr);
  });
});
