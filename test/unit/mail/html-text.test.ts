import assert from "node:assert/strict";
import fc from "fast-check";
import { isHtml } from "../../../lib/mail/message/html-tags";
import { htmlToText as extract } from "../../../lib/mail/message/html-text";
import { assertProportional, processorMs } from "../../support/proportion";
import { done } from "./support";

/** The oracle, which has no types of its own. */
const { convert }: { convert: (html: string, options: object) => string } = require("html-to-text");

const htmlToText = (html: string): string => done(extract(html));

describe("HTML", () => {
  it("begins with its document type or root, or holds a pair of tags or a void element", () => {
    for (const html of [
      "<!DOCTYPE html><x>",
      "\uFEFF\n<html></html>",
      "Alarm<br>now",
      "Alarm<br/>now",
      "<B>Alarm</B>",
      '<p class="a">x</p>',
      'Trend: <img src="cid:trend" alt="a > b">',
      "<ul><li>one<li>two</ul>",
      '<td nowrap data-x ng:if="a">1</td>',
      "<!doctype html>a <b and c> d",
      '<?xml version="1.0"?>\n<!DOCTYPE html><p>x</p>',
      '\uFEFF<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>',
    ]) {
      assert.ok(isHtml(html), html);
    }
  });

  it("is not a text with one bare tag, with a comparison, or with what only looks like tags", () => {
    for (const text of [
      'ValueError("<a> missing")',
      "Limit: a <b and c> d; p <s 3 or q> 4",
      "CHECK <a> 1 <b> 2",
      "level <low> & rising",
      "3 < 5 and 7 > 6",
      "a <b and c",
      "usage: copy <input> <output>",
      "at <time> on <data>",
      "List<String> a; Map<i, b> x",
      "if a <b or c> d then <br>",
      "begin with <!doctype html, please",
      '<?xml version="1.0"?><alarm><b>1</b><title>Pump</title></alarm>',
      "</b> first <b>",
      "<xml/>",
      "<>",
      "",
    ]) {
      assert.ok(!isHtml(text), text);
    }
  });
});

describe("The text of HTML", () => {
  it("keeps lines, list items and cells apart", () => {
    assert.equal(
      htmlToText("<h1>Alarm</h1><p>Pump <b>7</b>\n is  dry.</p><ul><li>one</li><li>two</li></ul>"),
      "Alarm\n\nPump 7 is dry.\n\n- one\n- two",
    );
    assert.equal(htmlToText("<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>"), "1 2\n3");
    assert.equal(htmlToText("a<br>b<br/>c<br><br>d"), "a\nb\nc\n\nd");
    assert.equal(htmlToText("<div>a</div><div>b</div>c"), "a\nb\nc");
    assert.equal(htmlToText('<tr><td>1<td class="a">2<th\n>3'), "1 2 3");
    assert.equal(htmlToText("a<link rel=x>b<tt>c</tt>"), "abc");
  });

  it("has the marks of lists, also of a list in a list", () => {
    assert.equal(htmlToText('<ul><li class="a">one<li>two</ul>'), "- one\n- two");
    assert.equal(
      htmlToText('<ol start="3"><li>a<ul><li>b</li></ul></li><li><p>c</p></li></ol>d'),
      "3. a\n  - b\n4. c\n\nd",
    );
    assert.equal(htmlToText("<ul><li></li><li>b</ul>"), "- b");
  });

  it("has the targets of links where the text does not show them", () => {
    assert.equal(
      htmlToText('<p>See <a href="https://scada.example/a?b=1&amp;c=2">the trend</a>.</p>'),
      "See the trend (https://scada.example/a?b=1&c=2).",
    );
    for (const [html, text] of [
      ['<a href="https://a.example/">a.example</a>', "a.example"],
      ['<a href="mailto:ops@a.example">Ops</a>, now', "Ops (ops@a.example), now"],
      ["<a href='tel:+491234'>+491234</a>", "+491234"],
      ['<a href="https://a.example/x"><img src="x.png"></a>', "https://a.example/x"],
      ['<a href="#top">up</a> <a href="javascript:x()">run</a> <a name="x">x</a>', "up run x"],
      [
        '<a href="https://a.example/1">one <a href="https://a.example/2">two</a>',
        "one (https://a.example/1) two (https://a.example/2)",
      ],
      ['<a href="https://a.ex\r\nample/x\u0000">x</a>', "x (https://a.example/x)"],
    ] as const) {
      assert.equal(htmlToText(html), text);
    }
  });

  it("keeps preformatted text as it is", () => {
    assert.equal(htmlToText("<pre>\na  b\n   c\r\n</pre>after"), "a  b\n   c\n\nafter");
    assert.equal(htmlToText("<p>x</p><pre>1   2\n\n\n3</pre>"), "x\n\n1   2\n\n\n3");
    assert.equal(htmlToText("<textarea>a\n  b</textarea>"), "a\n  b");
  });

  it("has alternative texts and the values of inputs, and no attribute beside them", () => {
    assert.equal(
      htmlToText('<img alt="a > b" src="x">Level <input value="42 &gt; 40" type=text>'),
      "[a > b]Level 42 > 40",
    );
    assert.equal(htmlToText("<input type=checkbox checked> on <input type=radio> off"), "[x] on [ ] off");
    assert.equal(htmlToText('<input type="password" value="secret"><input type=hidden value=token>x'), "x");
    assert.equal(htmlToText('<p title="1 > 0" style=\'a>b\'>x</p><img src="a>b">'), "x");
    assert.equal(htmlToText("<p data-a=\"'>\" data-b='\">'>x</p>"), "x");
  });

  it("writes powers of ten as people type them", () => {
    assert.equal(
      htmlToText("10<sup>3</sup> m<sup>2</sup>, 10<sup>&minus;6</sup>, x<sup>n</sup>"),
      "10^3 m^2, 10^−6, x^n",
    );
    assert.equal(htmlToText("1<sup>st</sup> of May, H<sub>2</sub>O"), "1st of May, H2O");
  });

  it("drops comments, style, script and title, also those that never end", () => {
    const html =
      "<html><head><title>t</title></head><body>a<!-- <p>no</p> --><style>p{}</style>b<SCRIPT >x</script >c";
    assert.equal(htmlToText(html), "abc");
    assert.equal(htmlToText("<p>a</p><script>while(1)"), "a");
    assert.equal(htmlToText("<p>a</p><!-- b"), "a");
    assert.equal(
      htmlToText("<html><head><style>x</style><body>shown although the head never ends"),
      "shown although the head never ends",
    );
    assert.equal(htmlToText("a<![if !mso]>b<![endif]>c<!--[if mso]>d<![endif]-->"), "abc");
    assert.equal(htmlToText("<html><p>a<o:p></o:p></p>"), "a");
  });

  it("has its document type taken away at the beginning only", () => {
    assert.equal(htmlToText('\n <!DOCTYPE html PUBLIC "x"><p>a'), "a");
    assert.equal(htmlToText('<?xml version="1.0"?>\n<!DOCTYPE html><html>a'), "a");
    assert.equal(htmlToText("<p>a <!doctype x> b"), "a <!doctype x> b");
  });

  it("decodes character references once, all of HTML's names, and leaves unknown ones", () => {
    assert.equal(
      htmlToText("<p>&lt;5&nbsp;&deg;C &amp;lt; &#228;&#xE4;&auml; &what; &#0; &#99999999;"),
      "<5 °C &lt; äää &what; &#0; &#99999999;",
    );
    assert.equal(
      htmlToText("m&sup2; m&sup3; &NotEqualTilde;&Zopf;&CounterClockwiseContourIntegral;"),
      "m² m³ ≂̸ℤ∳",
    );
    assert.equal(
      htmlToText("&#1114111;|&#1114112;|&#x10FFFF;|&#xD800;"),
      "\u{10FFFF}|&#1114112;|\u{10FFFF}|&#xD800;",
    );
    assert.equal(htmlToText("&#128; &#x96; &#150; &#159;"), "€ – – Ÿ");
    assert.equal(htmlToText("AT&T &copy 2026 &ltb a&reg=1 &ampere"), "AT&T © 2026 &ltb a&reg=1 &ampere");
  });

  it("leaves what only looks like a tag", () => {
    assert.equal(htmlToText("<p>level <low> and 3 < 5</p>"), "level <low> and 3 < 5");
    assert.equal(htmlToText("<b>x</b> a <b and c> d, at <time>"), "x a <b and c> d, at <time>");
  });

  it("leaves no HTML tag in any document", () => {
    const piece = fc.constantFrom(
      "<p>",
      "</p>",
      "<",
      ">",
      "<br",
      "<!--",
      "-->",
      "<script>",
      "</script>",
      "text",
      "İ",
      '"',
      "=",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const html = pieces.join("");
        assert.ok(!/<\/?(?:p|script)>/.test(htmlToText(html)), html);
      }),
    );
  });

  it("has the words of a well-kept library, in its order, for any document", () => {
    const word = fc.constantFrom(
      "Pump",
      "7",
      "94",
      "high",
      "Füllstand",
      "夜班",
      "a&amp;b",
      "5&nbsp;&deg;C",
      "&lt;x&gt;",
      "&euro;",
      "&#150;",
    );
    const words = fc.array(word, { minLength: 1, maxLength: 3 }).map((list) => list.join(" "));
    const inline = fc.oneof(
      words,
      words.map((text) => `<b class="x>y">${text}</b>`),
      words.map((text) => `<span style='a:"b"'>${text}</span>`),
      words.map((text) => `<!-- ${text} --><i>${text}</i>`),
      words.map((text) => `<a href="https://a.example/t?x=1&amp;y=2">${text}</a>`),
      fc.constant("<br>"),
      words.map((text) => `<style>p { color: red }</style><em>${text}</em>`),
    );
    const line = fc
      .tuple(words, fc.array(inline, { maxLength: 3 }))
      .map(([first, list]) => [first, ...list].join(" "));
    const block = fc.oneof(
      ...["p", "div", "h2", "blockquote", "section"].map((name) =>
        line.map((text) => `<${name}>${text}</${name}>`),
      ),
      fc
        .array(line, { minLength: 1, maxLength: 3 })
        .map((items) => `<ul>${items.map((item) => `<li>${item}</li>`).join("\n")}</ul>`),
      fc
        .array(line, { minLength: 1, maxLength: 3 })
        .map((items) => `<ol>${items.map((item) => `<li>${item}</li>`).join("")}</ol>`),
      fc
        .array(words, { minLength: 1, maxLength: 3 })
        .map((cells) => `<table><tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr></table>`),
      words.map((text) => `<pre>${text}\n  ${text}</pre>`),
    );
    const document = fc
      .array(block, { minLength: 1, maxLength: 5 })
      .map((blocks) => `<html><body>\n${blocks.join("\n")}</body></html>`);
    const seen = (text: string): readonly string[] => text.match(/[\p{L}\p{N}&€–°]+/gu) ?? [];
    const headings = ["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({
      selector,
      options: { uppercase: false },
    }));
    fc.assert(
      fc.property(document, (html) => {
        assert.ok(isHtml(html));
        assert.deepEqual(
          seen(htmlToText(html)),
          seen(
            convert(html, {
              wordwrap: false,
              selectors: [...headings, { selector: "table", format: "dataTable" }],
            }),
          ),
          html,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("takes time in proportion to the length of the worst documents", async () => {
    for (const piece of [
      "<p ",
      "<!--",
      "<script>",
      "</",
      "&",
      "<p>\n\n",
      "&#",
      " ",
      '<a href="',
      "<a href=x>",
      "<ul><li>x",
      "<p x='",
      "<pre>\n\n",
      "<td>",
      "<time>",
      "<time",
      "<sup>",
      "&amp;",
      '<a "',
      "<a ='",
      "<input value=1>",
      "<b",
      "<a =\"<a ='",
      "<a ",
      "<a/b=",
      "<a b=' <a c=\"",
      "<map>",
      "<img alt='",
    ]) {
      // What is no HTML root is looked at more closely, and nothing of it ends before the end.
      await assertProportional(JSON.stringify(piece), 128_000, (length) => {
        const text = `<b>x</b>${piece.repeat(length / piece.length)} zz zz>`;
        isHtml(text);
        htmlToText(text);
      });
    }
  });

  it("lets go of the event loop, whatever the document is made of", () => {
    for (const [kind, document] of Object.entries({
      signs: "<".repeat(2_000_000),
      words: "Füllstand ".repeat(200_000),
      "one word": "x".repeat(2_000_000),
      references: "&lt;".repeat(500_000),
      tags: "<b>".repeat(600_000),
      "tags that never end": "<a/b=".repeat(400_000),
      "a script": `<script>${"</b>".repeat(500_000)}`,
      lines: `<pre>${"a \n".repeat(600_000)}`,
      attributes: `<p ${'a="" '.repeat(3_000)}>`.repeat(130),
      "names that are tags where they end": `<map>${"</b>".repeat(500_000)}`,
    })) {
      let pauses = 0;
      for (const work = extract(`<html>${document}`); work.next().done !== true;) pauses++;
      assert.ok(pauses >= 20, `${kind}: ${pauses}`);
    }
  });

  it("is the same wherever a long text is cut", () => {
    const bits = ["Pump 7", " ", "&amp;", "\u3000", "夜班", "\n", "x".repeat(70), "🚨"];
    fc.assert(
      fc.property(
        fc.integer({ min: 16_300, max: 16_390 }),
        fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 40 }),
        (length, around) => {
          const text = `${"y".repeat(length)}${around.join("")}z`;
          const expected = text.replace(/[ \n]+/g, " ").replaceAll("&amp;", "&");
          assert.ok(htmlToText(`<html>${text}`) === expected);
          const kept = text.replaceAll("&amp;", "&").replace(/[ \u3000]+\n/g, "\n");
          const lines = htmlToText(`<html><pre>${text.replace(/[ \u3000]+\n/g, "\n")}</pre>`);
          assert.ok(lines === kept, JSON.stringify(around));
        },
      ),
      {
        numRuns: 200,
        examples: [[16_300, ["x".repeat(70), "\n", "\n", "\n", "&amp;", "x".repeat(70)]]],
      },
    );
  });

  it("has a picture's text however large the picture is, and what comes behind an unclosed tag", () => {
    const picture = `data:image/png;base64,${"A".repeat(3_000_000)}`;
    assert.equal(htmlToText(`<html><img src="${picture}" alt="Gate 7"> open`), "[Gate 7] open");
    assert.equal(htmlToText('<html><p>Pump <b class="x <i>7</i> is dry</p>'), 'Pump <b class="x 7 is dry');
  });

  it("of 1 MB takes no longer than 50 passes over its tags, in pieces that leave the event loop alone", async () => {
    const row = '<tr class="row"><td style="color:red">Pump 7</td><td>94&nbsp;%</td></tr>\n';
    const report = `<html><body><table>${row.repeat(1_000_000 / row.length)}</table></body></html>`;
    const lines = Math.floor(1_000_000 / row.length);
    let [read, passed] = [Infinity, Infinity];
    // The best of some, as a pause of the machine may hit any.
    for (let attempt = 0; attempt < 10 && read >= 50 * passed; attempt++) {
      const passes = (): unknown =>
        assert.equal(report.replace(/<[^>]*>/g, "").split("\n").length, lines + 1);
      passed = Math.min(passed, await processorMs(passes));
      read = Math.min(
        read,
        await processorMs(() => {
          assert.ok(isHtml(report));
          assert.equal(htmlToText(report).split("\n").length, lines);
        }),
      );
    }
    assert.ok(read < 50 * passed, `${read} ms, ${passed} ms for a pass`);
    let pieces = 1;
    for (const work = extract(report); work.next().done !== true;) pieces++;
    assert.ok(pieces >= 10, `${pieces} pieces`);
  });
});
