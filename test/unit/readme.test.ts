/** README.md says what the code does; needs `npm run build`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const read = (path: string): string => readFileSync(resolve(__dirname, "../..", path), "utf8");

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

  it("and the help of smtp-send name every property of a message that is read", () => {
    const source = read("lib/mail/message/message.ts");
    const names = new Set([...source.matchAll(/msg\["(\w+)"\]/g)].map(([, name = ""]) => name));
    assert.ok(names.has("replaces") && names.size >= 12, [...names].join());
    const table = read("README.md").split("| smtp-send reads |")[1]?.split("\n\n")[0] ?? "";
    const help = read("nodes/locales/en-US/quectel-smtp-send.html");
    for (const name of names) {
      assert.ok(table.includes(`\`${name}\``), `README.md: ${name}`);
      assert.match(help, new RegExp(`\\b${name}\\b`), `help: ${name}`);
    }
  });
});
