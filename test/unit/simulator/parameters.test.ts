import assert from "node:assert/strict";
import fc from "fast-check";
import { anyText, integerIn, parseParameters, quotedText } from "../../../lib/simulator/device/parameters";
import { parseLine } from "../../../lib/simulator/line/v250-parser";

describe("Parameters of a command", () => {
  it("are strings, numbers, hex numbers, bare words or empty", () => {
    assert.deepEqual(parseParameters('"a,b;c" , -3,0xFFFF,UFS,,1.2.3.4'), [
      { kind: "string", text: "a,b;c", raw: '"a,b;c"' },
      { kind: "number", value: -3, raw: "-3" },
      { kind: "hex", value: 65_535, raw: "0xFFFF" },
      { kind: "bare", text: "UFS", raw: "UFS" },
      { kind: "empty", raw: "" },
      { kind: "bare", text: "1.2.3.4", raw: "1.2.3.4" },
    ]);
    assert.deepEqual(parseParameters(""), []);
  });

  for (const faulty of ['"a', 'a"', '"a"b', '"a""b"']) {
    it(`are faulty in ${faulty}`, () => {
      assert.equal(parseParameters(faulty), undefined);
    });
  }

  it("keep every text without quotes as it was", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().map((text) => text.replaceAll('"', "")),
          { minLength: 1 },
        ),
        (texts) => {
          const parsed = parseParameters(texts.map((text) => `"${text}"`).join(","));
          assert.deepEqual(parsed?.map(quotedText), texts);
        },
      ),
    );
  });

  it("are read as a number within its range, as a quoted text, or as any text", () => {
    const [number, string, empty] = parseParameters('7,"x",') ?? [];
    assert.equal(integerIn(number, 0, 7), 7);
    assert.equal(integerIn(number, 0, 6), undefined);
    assert.equal(integerIn(string, 0, 7), undefined);
    assert.equal(quotedText(number), undefined);
    assert.equal(anyText(number), "7");
    assert.equal(anyText(string), "x");
    assert.equal(anyText(empty), undefined);
    assert.equal(anyText(undefined), undefined);
  });
});

describe("A command line in parts", () => {
  const names = (text: string): readonly string[] =>
    parseLine(text).commands.map(({ name, form, argumentText }) => `${name} ${form} ${argumentText}`.trim());

  it("names basic, register and extended commands with their forms", () => {
    assert.deepEqual(names('E0 v1&D2S3?S7=60+CMEE=2;+creg?;+COPS=?;&W;+QSMTPDST=1,1,"a;b"'), [
      "E exec 0",
      "V exec 1",
      "&D exec 2",
      "S read 3",
      "S write 7,60",
      "+CMEE write 2",
      "+CREG read",
      "+COPS test",
      "&W exec",
      '+QSMTPDST write 1,1,"a;b"',
    ]);
  });

  it("gives a dial string the rest up to a semicolon", () => {
    assert.deepEqual(names("D *99#;+CSQ"), ["D exec *99#;", "+CSQ exec"]);
  });

  it("keeps what stands before a fault", () => {
    const { commands, faulty } = parseLine('E0+CSQ;+CPIN="12');
    assert.deepEqual([commands.length, faulty], [2, true]);
    assert.deepEqual(parseLine(""), { commands: [], faulty: false });
  });

  it("of any text is taken apart without an end to wait for", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        assert.ok(parseLine(text).commands.length <= text.length);
      }),
    );
  });
});
