import assert from "node:assert/strict";
import fc from "fast-check";
import { decoded, fromDataUrl } from "../../../lib/mail/message/coded-content";
import { done } from "./support";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 49_100, max: 49_200 }).map((length) => Buffer.alloc(length, "pump")),
  fc.integer({ min: 32_760, max: 32_780 }).map((length) => Buffer.alloc(length, 0xfe)),
);
const blanks = fc.constantFrom("", " ", "\n", "\r\n", "\t ");

describe("A content that came as text", () => {
  it("is the bytes that were coded, wherever lines end and pieces are cut", () => {
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom("hex", "base64", "base64url"),
        blanks,
        fc.integer({ min: 1, max: 80 }),
        (content, encoding, blank, width) => {
          const buffer = Buffer.from(content);
          const text = buffer.toString(encoding);
          const lines = text.replace(new RegExp(`(.{${width}})`, "g"), `$1${blank}`);
          assert.ok(done(decoded(lines, encoding))?.equals(buffer));
          if (encoding === "hex") return;
          assert.ok(done(decoded(`data:a/b;base64,${lines}`, "base64"))?.equals(buffer));
        },
      ),
    );
  });

  it("is refused with a sign that is none of its encoding, wherever it stands", () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom("*", "ü", "\0"), fc.nat(), (content, sign, at) => {
        for (const encoding of ["hex", "base64"] as const) {
          const text = Buffer.from(content).toString(encoding).replace(/=+$/, "");
          const place = at % (text.length + 1);
          const wrong = `${text.slice(0, place)}${sign}${text.slice(place)}`;
          assert.equal(done(decoded(wrong, encoding)), undefined);
        }
      }),
    );
    for (const text of ["414", "4g", "41 4"]) assert.equal(done(decoded(text, "hex")), undefined, text);
    for (const text of ["QQ==QQ==", "=QUI", "QU=I"])
      assert.equal(done(decoded(text, "base64")), undefined, text);
  });

  it("of a data: URL is what it was before it was escaped", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.integer({ min: 65_500, max: 65_600 }).map((length) => `${"a".repeat(length)}ü%夜`),
      fc.integer({ min: 21_000, max: 22_000 }).map((length) => "%".repeat(length)),
    );
    fc.assert(
      fc.property(text, (content) => {
        const url = `data:text/plain,${encodeURIComponent(content)}`;
        assert.equal(done(fromDataUrl(url)).bytes?.toString(), content);
        const coded = encodeURIComponent(Buffer.from(content).toString("base64"));
        assert.equal(done(fromDataUrl(`data:;base64,${coded}`)).bytes?.toString(), content);
      }),
    );
  });

  it("takes a turn of the event loop for each 64 k characters, whatever they are", () => {
    const size = 1_000_000;
    for (const [text, encoding] of [
      [" ".repeat(size), "base64"],
      ["= ".repeat(size / 2), "base64"],
      ["4 ".repeat(size / 2), "hex"],
      ["ü".repeat(size), "utf8"],
    ] as const) {
      let turns = 1;
      for (const work = decoded(text, encoding); work.next().done !== true;) turns++;
      assert.ok(turns >= 15, `${encoding} ${turns}`);
    }
    let turns = 1;
    for (const work = fromDataUrl(`data:,${"%41a".repeat(size / 4)}`); work.next().done !== true;) turns++;
    assert.ok(turns >= 15, `${turns}`);
  });
});
