/** The lint rule that keeps imports pointing downwards, tried on files that break it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../../..");

/** Runs the project's lint on a tree of the given files; returns what it printed, empty when it was content. */
function lint(files: Readonly<Record<string, string>>): string {
  const tree = mkdtempSync(join(tmpdir(), "arrows-"));
  try {
    copyFileSync(join(ROOT, ".oxlintrc.json"), join(tree, ".oxlintrc.json"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, name)), { recursive: true });
      writeFileSync(join(tree, name), text);
    }
    const run = spawnSync(
      process.execPath,
      [join(ROOT, "node_modules/oxlint/bin/oxlint"), "--deny-warnings"],
      {
        cwd: tree,
        encoding: "utf8",
      },
    );
    return run.status === 0 ? "" : run.stdout + run.stderr;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function importing(source: string): string {
  return `import { thing } from "${source}";\n\nexport const used = thing;\n`;
}

describe("The lint rule for import arrows", function () {
  this.timeout(30_000);

  const wrong: readonly [file: string, source: string][] = [
    ["lib/errors.ts", "./serial/transport"],
    ["lib/serial/x.ts", "../at/channel"],
    ["lib/serial/x.ts", "../mail/mail"],
    ["lib/at/x.ts", "../quectel/modem"],
    ["lib/at/deep/x.ts", "../../quectel/modem"],
    ["lib/quectel/x.ts", "../mail/mail"],
    ["lib/quectel/commands/x.ts", "../../../nodes/runtime/settings/options"],
    ["lib/quectel/x.ts", "../mailer/mailer"],
    ["lib/quectel/commands/x.ts", "../../facts/run"],
    ["lib/facts/x.ts", "../mail/mail"],
    ["lib/facts/x.ts", "../simulator"],
    ["lib/mail/x.ts", "../facts/run"],
    ["lib/quectel/x.ts", "../outbox/outbox"],
    ["lib/mailer/x.ts", "../outbox/outbox"],
    ["lib/mailer/qsmtp/x.ts", "../../simulator"],
    ["lib/mailer/qsmtp/x.ts", "../../../nodes/runtime/settings/options"],
    ["lib/outbox/x.ts", "../mailer/smtp/mailer"],
    ["lib/outbox/x.ts", "../mailer/qsmtp/qsmtp-mailer"],
    ["lib/outbox/x.ts", "../quectel/connection/modem"],
    ["lib/outbox/spool/x.ts", "../../at/channel"],
    ["lib/mail/x.ts", "../../nodes/runtime/settings/options"],
    ["lib/mail/x.ts", "../simulator"],
    ["lib/at/x.ts", "serialport"],
    ["lib/simulator/x.ts", "../at/tokenizer"],
    ["lib/simulator/x.ts", "../quectel/checksum"],
    ["lib/simulator/commands/x.ts", "../../serial/trace"],
    ["nodes/x.ts", "../lib/at/channel"],
  ];
  for (const [file, source] of wrong) {
    it(`refuses ${source} in ${file}`, () => {
      assert.match(lint({ [file]: importing(source) }), /no-restricted-imports/);
    });
  }

  it("refuses a circle, also one of types alone", () => {
    const type = (name: string, source: string): string =>
      `import type { ${source} } from "./${source.toLowerCase()}";\n\nexport interface ${name} {\n  readonly other: ${source};\n}\n`;
    const chain = { "lib/at/a.ts": type("A", "B"), "lib/at/b.ts": type("B", "C") };
    const end = "export interface C {\n  readonly own: string;\n}\n";
    assert.equal(lint({ ...chain, "lib/at/c.ts": end }), "");
    assert.match(lint({ ...chain, "lib/at/c.ts": type("C", "A") }), /no-cycle/);
  });

  it("accepts imports that point downwards", () => {
    const output = lint({
      "lib/at/x.ts": importing("../serial/transport"),
      "lib/quectel/x.ts": importing("../at/channel"),
      "lib/facts/x.ts": importing("../quectel/connection/modem"),
      "lib/mail/x.ts": importing("../quectel/carrier"),
      "lib/mailer/x.ts": importing("../mail/mail"),
      "lib/outbox/x.ts": importing("../mailer/mailer"),
      "lib/mailer/qsmtp/x.ts": importing("../../quectel/connection/modem"),
      "lib/simulator/x.ts": importing("../serial/transport"),
      "nodes/x.ts": importing("../lib/mail/mail"),
    });
    assert.equal(output, "");
  });
});
