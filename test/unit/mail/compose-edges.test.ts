/** Composing at its edges: the last character that fits, the first that does not, and what the user is told. */
import assert from "node:assert/strict";
import { foldToAscii } from "../../../lib/mail/message/ascii-fold";
import { codeText } from "../../../lib/mailer/qsmtp/compose/coded-text";
import { safeFileName } from "../../../lib/mailer/qsmtp/compose/compose";
import { composed, storedMail } from "./support";

const UNKNOWN = { subject: "unknown", body: "unknown" } as const;

describe("folding of signs", () => {
  it("keeps quotation marks, primes and blanks of every kind", () => {
    assert.equal(foldToAscii("d’été ‘a‘ ‚b‛ 5′"), "d'ete 'a' 'b' 5'");
    assert.equal(foldToAscii("“a” „b‟"), '"a" "b"');
    assert.equal(foldToAscii("a\u1680b\u2028c\u3000d\u00a0e"), "a b c d e");
  });
});

describe("the ranges of a double-byte charset", () => {
  for (const [wish, text, hex] of [
    ["gb2312", "\u3000", "a1a1"],
    ["gb2312", "齄", "f7fe"],
    ["big5", "\u3000", "a140"],
    ["big5", "一", "a440"],
    ["big5", "籲", "c67e"],
    ["big5", "乂", "c940"],
    ["big5", "龘", "f9d5"],
  ] as const) {
    it(`of ${wish} hold ${text} at their edge`, () => {
      assert.deepEqual(codeText(`A${text}`, wish), {
        coded: { charset: wish, bytes: Buffer.from(`41${hex}`, "hex") },
        fellBack: false,
      });
    });
  }

  for (const [wish, text] of [
    ["gb2312", "丂"],
    ["big5", "碁"],
    ["big5", "①"],
  ] as const) {
    it(`of ${wish} do not hold ${text}, which vendors added`, () => {
      assert.equal(codeText(text, wish).fellBack, true);
    });
  }
});

describe("a file name for the module", () => {
  for (const [name, safe] of [
    ["a..b.txt", "a.b.txt"],
    ["a__.txt", "a.txt"],
    ["__a.txt", "a.txt"],
    ["报告.abcdefghijklmno", "attachment.abcdefghijklmno"],
    ["报告.abcdefghijklmnop", "abcdefghijklmnop"],
    [`${"ä".repeat(300)}${"b".repeat(300)}.txt`, `${"a".repeat(72)}.txt`],
  ] as const) {
    it(`is ${safe.slice(0, 30)} for ${name.slice(0, 30)}`, () => {
      assert.equal(safeFileName(name), safe);
    });
  }
});

describe("what is said of a composed mail", () => {
  it("is that the subject could not be written in the charset of the settings", () => {
    const { transaction, warnings } = composed(storedMail({ subject: "水😀" }), {
      settings: { charset: "gb2312" },
    });
    assert.equal(transaction.subject.charset, "utf-8");
    assert.deepEqual(warnings, ["The subject cannot be written in gb2312; it is sent in UTF-8."]);
  });

  it("is that letters were replaced, in subject and text", () => {
    assert.deepEqual(composed(storedMail({ subject: "Ä", text: "ö" }), { support: UNKNOWN }).warnings, [
      "The module is not known to support non-ASCII letters in a subject; it is in full in the text.",
      "The module is not known to support non-ASCII letters; it is in full in message.txt.",
    ]);
  });

  it("is that the subject is long, and a folded one stands whole in the text then too", () => {
    const subject = "ü".repeat(120);
    const { transaction, warnings } = composed(storedMail({ subject }), {
      support: { subject: "unknown", body: "raw" },
    });
    assert.equal(transaction.body.bytes.toString(), `Subject: ${subject}\r\n\r\nLevel too high.`);
    assert.deepEqual(warnings, [
      "The module is not known to support non-ASCII letters in a subject; it is in full in the text.",
      "The subject exceeds the module's limit; it was truncated and is in full in the text.",
    ]);
  });
});

describe("a folded text", () => {
  it("leaves room in the body for the line that says where the whole is", () => {
    for (const length of [2_800, 2_831, 2_832, 3_070]) {
      const { body } = composed(storedMail({ text: `ü${"x".repeat(length)}` }), {
        support: UNKNOWN,
      }).transaction;
      assert.ok(body.bytes.length <= 3072, String(length));
      assert.match(body.bytes.toString(), /is in the attachment message\.txt\.$/);
    }
  });
});
