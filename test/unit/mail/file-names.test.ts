import assert from "node:assert/strict";
import fc from "fast-check";
import { safeFileName } from "../../../lib/mailer/qsmtp/compose/compose";

/** The names of one mail. */
function safeFileNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => safeFileName(name, taken));
}

describe("file names for the module", () => {
  const cases = [
    ["report.csv", "report.csv"],
    ["Störung Öl.csv", "Storung_Ol.csv"],
    ["dir/sub\\shot.jpg", "shot.jpg"],
    ["../../etc/passwd", "passwd"],
    ["C:\\data\\log.txt", "log.txt"],
    ["报告.csv", "attachment.csv"],
    ["", "attachment"],
    [".", "attachment"],
    ["..", "attachment"],
    [".htaccess", "attachment.htaccess"],
    ["*?.txt", "attachment.txt"],
    ['a\r\nb".txt', "a_b.txt"],
    ["tar.tar.gz", "tar.tar.gz"],
    ["name.", "name"],
    ["a..b", "a.b"],
    ["v1.2 of the report", "v1.2_of_the_report"],
  ] as const;
  for (const [name, safe] of cases) {
    it(`write ${JSON.stringify(name)} as ${safe}`, () => {
      assert.equal(safeFileName(name), safe);
    });
  }

  it("differ in one mail, also for file systems that ignore case", () => {
    assert.deepEqual(safeFileNames(["a.txt", "A.TXT", "x/a.txt", "a-2.txt"]), [
      "a.txt",
      "A-2.TXT",
      "a-3.txt",
      "a-2-2.txt",
    ]);
  });

  it("keep their extension when they are cut", () => {
    const [name, second] = safeFileNames([`${"x".repeat(300)}.jpeg`, `${"x".repeat(300)}.jpeg`]);
    assert.equal(name, `${"x".repeat(71)}.jpeg`);
    assert.equal(second, `${"x".repeat(69)}-2.jpeg`);
  });

  it("are safe, short and unique for all names", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[.aA_-]{0,5}$/),
      fc.string({ minLength: 70 }),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 11 }), (names) => {
        const safe = safeFileNames(names);
        assert.equal(safe.length, names.length);
        assert.equal(new Set(safe.map((one) => one.toLowerCase())).size, names.length);
        for (const one of safe) assert.match(one, /^[A-Za-z0-9][A-Za-z0-9._-]{0,75}$/);
      }),
      { numRuns: 500 },
    );
  });
});
