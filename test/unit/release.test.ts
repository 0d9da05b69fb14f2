import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../support/runtime-tree";

/** A package as it stands before a release, with the script that checks it. */
function packageWith(versions: { manifest: string; lock: string; changelog: string }): string {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  mkdirSync(join(folder, "scripts"));
  cpSync(join(ROOT, "scripts/check-release.mjs"), join(folder, "scripts/check-release.mjs"));
  const { manifest, lock, changelog } = versions;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "a", version: manifest }));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: { "": { version: lock } } }));
  writeFileSync(
    join(folder, "CHANGELOG.md"),
    `# Changelog\n\n## Unreleased\n\n## ${changelog}\n\n## 0.9.0\n`,
  );
  return folder;
}

function check(versions: Parameters<typeof packageWith>[0], tag: string): { ok: boolean; text: string } {
  const folder = packageWith(versions);
  try {
    const script = join(folder, "scripts/check-release.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, tag], { encoding: "utf8" });
    return { ok: status === 0, text: stdout + stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("The check before a release", () => {
  const right = { manifest: "1.2.3", lock: "1.2.3", changelog: "1.2.3 (2027-01-31)" };

  it("passes where tag, package, lock file and change log agree", () => {
    assert.deepEqual(check(right, "v1.2.3"), {
      ok: true,
      text: "a 1.2.3: tag, package, lock file and change log agree\n",
    });
  });

  for (const [name, versions, tag] of [
    ["package.json", { ...right, manifest: "1.2.2" }, "v1.2.3"],
    ["package-lock.json", { ...right, lock: "1.2.2" }, "v1.2.3"],
    ["CHANGELOG.md", { ...right, changelog: "1.2.2" }, "v1.2.3"],
    ["tag", right, "release-1.2.3"],
    ["tag", { manifest: "", lock: "", changelog: "" }, ""],
  ] as const) {
    it(`fails and names ${name} for the tag "${tag}" where it says something else`, () => {
      const { ok, text } = check(versions, tag);
      assert.equal(ok, false);
      assert(text.includes(name), text);
    });
  }
});
