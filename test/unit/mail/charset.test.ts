import assert from "node:assert/strict";
import fc from "fast-check";
import { foldToAscii } from "../../../lib/mail/message/ascii-fold";
import { isAscii } from "../../../lib/mail/message/text";
import { codeText } from "../../../lib/mailer/qsmtp/compose/coded-text";

const DECODERS = { ascii: "latin1", "utf-8": "utf-8", gb2312: "gb2312", big5: "big5" } as const;

describe("the charset of a text", () => {
  it("is ASCII whenever the text is, whatever is wished for", () => {
    for (const wish of ["auto", "utf-8", "gb2312", "big5"] as const) {
      assert.deepEqual(codeText("Level 7", wish), {
        coded: { charset: "ascii", bytes: Buffer.from("Level 7") },
        fellBack: false,
      });
    }
  });

  it("is UTF-8 for other text unless something else is wished for", () => {
    assert.deepEqual(codeText("Füllstand 😀", "auto").coded, {
      charset: "utf-8",
      bytes: Buffer.from("Füllstand 😀"),
    });
  });

  it("is GB2312 or Big5 on request, in the bytes that mail programs read", () => {
    assert.deepEqual(codeText("水泵 7", "gb2312").coded, {
      charset: "gb2312",
      bytes: Buffer.from("cbaeb1c32037", "hex"),
    });
    assert.deepEqual(codeText("水泵 7", "big5").coded, {
      charset: "big5",
      bytes: Buffer.from("a4f4aca62037", "hex"),
    });
  });

  it("falls back to UTF-8 and says so where the wished one lacks a character, also one of a later superset", () => {
    for (const text of ["水😀", "水ü€", "朱镕基", "€"]) {
      const { coded, fellBack } = codeText(text, "gb2312");
      assert.deepEqual([coded.charset, fellBack], ["utf-8", true], text);
    }
    assert.deepEqual(codeText("简体", "big5").fellBack, true);
  });

  it("gives the text back to every reader of that charset", () => {
    const character = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
      fc.constantFrom("水", "泵", "警", "報", "é", "A", "\r\n"),
    );
    const wish = fc.constantFrom("auto", "utf-8", "gb2312", "big5");
    fc.assert(
      fc.property(fc.array(character), wish, (characters, wish) => {
        const text = characters.join("");
        const { coded } = codeText(text, wish);
        const decoder = new TextDecoder(DECODERS[coded.charset], { ignoreBOM: true });
        assert.equal(decoder.decode(coded.bytes), text);
      }),
      { numRuns: 500 },
    );
  });

  it("takes no character of the basic plane that another reader of the charset shows otherwise", () => {
    for (const wish of ["gb2312", "big5"] as const) {
      let carried = 0;
      for (let point = 0x80; point < 0xd800; point++) {
        const character = String.fromCharCode(point);
        const { coded, fellBack } = codeText(character, wish);
        if (fellBack) continue;
        carried++;
        assert.equal(new TextDecoder(DECODERS[coded.charset]).decode(coded.bytes), character, wish);
      }
      assert.ok(carried > 6700, `${wish} carries only ${carried} characters`);
    }
  });
});

describe("folding to ASCII", () => {
  it("keeps a text readable", () => {
    assert.equal(
      foldToAscii("Größe: 25 °C – Störung „Öl“ à 5 €, ±2 µm, 3 m², ½ → …"),
      'Grosse: 25 degC - Storung "Ol" a 5 EUR, +/-2 um, 3 m2, 1/2 -> ...',
    );
    assert.equal(foldToAscii("Žluťoučký kůň, smørrebrød, Łódź, ﬁn"), "Zlutoucky kun, smorrebrod, Lodz, fin");
  });

  it("writes a question mark for what has no relation to ASCII", () => {
    assert.equal(foldToAscii("水泵 7 😀"), "?? 7 ?");
  });

  it("drops what a reader cannot see", () => {
    assert.equal(foldToAscii("a\u200bb\u00adc\u0301\ufeff"), "abc");
  });

  it("gives ASCII for every text and leaves ASCII alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const folded = foldToAscii(text);
        assert.ok(isAscii(folded));
        assert.equal(foldToAscii(folded), folded);
        if (isAscii(text)) assert.equal(folded, text);
      }),
    );
  });
});
