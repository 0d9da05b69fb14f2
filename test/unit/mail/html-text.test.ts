import assert from "node:assert/strict";
import fc from "fast-check";
import { htmlToText, isHtml } from "../../../lib/mail/message/html-text";

describe("HTML as text", () => {
  it("is known by its document type or by tags that HTML has", () => {
    for (const html of [
      "<!DOCTYPE html><x>",
      "\n<html></html>",
      "Alarm<br>now",
      "<B>Alarm</B>",
      '<p class="a">x</p>',
    ]) {
      assert.ok(isHtml(html), html);
    }
    for (const text of ["level <low> & rising", "3 < 5 and 7 > 6", "a <b and c", "<xml/>", "<>", ""]) {
      assert.ok(!isHtml(text), text);
    }
  });

  it("keeps lines, list items and cells apart", () => {
    assert.equal(
      htmlToText("<h1>Alarm</h1><p>Pump <b>7</b>\n is  dry.</p><ul><li>one</li><li>two</li></ul>"),
      "Alarm\n\nPump 7 is dry.\n\n- one\n\n- two",
    );
    assert.equal(htmlToText("<table><tr><td>1</td><td>2</td></tr><tr><th>3</th></tr></table>"), "1 2\n\n3");
    assert.equal(htmlToText("a<br>b<br/>c"), "a\nb\nc");
  });

  it("drops comments, head, style and script, also those that never end", () => {
    const html =
      "<html><head><title>t</title></head><body>a<!-- <p>no</p> --><style>p{}</style>b<SCRIPT >x</script >c";
    assert.equal(htmlToText(html), "abc");
    assert.equal(htmlToText("<p>a</p><script>while(1)"), "a");
    assert.equal(htmlToText("<p>a</p><!-- b"), "a");
  });

  it("decodes character references once, and leaves unknown ones", () => {
    assert.equal(
      htmlToText("<p>&lt;5&nbsp;&deg;C &amp;lt; &#228;&#xE4;&auml; &what; &#0; &#99999999;"),
      "<5 °C &lt; äää &what; &#0; &#99999999;",
    );
  });

  it("leaves what only looks like a tag", () => {
    assert.equal(htmlToText("<p>level <low> and 3 < 5</p>"), "level <low> and 3 < 5");
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
      "&lt;",
      " ",
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        // Character references are decoded last and may spell a tag, which is then text.
        const html = pieces.filter((one) => one !== "&lt;").join("");
        assert.ok(!/<\/?(?:p|script)>/.test(htmlToText(html)), html);
      }),
    );
  });

  it("takes time in proportion to the length of the worst documents", () => {
    for (const piece of ["<p ", "<!--", "<script>", "</", "&", "<p>\n\n", "&#", " ", '<a href="']) {
      const started = performance.now();
      htmlToText(piece.repeat(200_000));
      assert.ok(performance.now() - started < 2000, JSON.stringify(piece));
    }
  });
});
