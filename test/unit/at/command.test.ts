import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeText,
  fileName,
  headerOf,
  hex,
  informationText,
  num,
  ONE_LINE,
  parseParameters,
  shownLine,
  str,
} from "../../../lib/at/command";
import { isModemError } from "../../../lib/errors";
import { RUNS, TIME } from "../../support/property";

const isRefusal = (error: unknown): boolean => isModemError(error, "INVALID_ARGUMENT");
const refuses = (make: () => unknown): void => assert.throws(make, isRefusal);

describe("an argument", () => {
  it("of text stands in quotes", () => {
    assert.equal(str("Pump 7, alarm"), '"Pump 7, alarm"');
    assert.equal(str(""), '""');
  });

  it("of text may hold raw bytes of UTF-8, GB2312 or BIG5 as latin1", () => {
    const bytes = Buffer.from("Füllstand 水位", "utf8").toString("latin1");
    assert.equal(str(bytes), `"${bytes}"`);
  });

  it("of text that could end the string or the line is refused, not changed (B5)", () => {
    for (const character of ['"', "\r", "\n", "\0", "\x1a", "\x1b", "\t", "\x08", "\x7f"]) {
      refuses(() => str(`a${character}b`));
    }
  });

  it("of text that is no sequence of bytes is refused", () => {
    refuses(() => str("水"));
    refuses(() => str("1 \u20ac"));
  });

  it("that is refused is not repeated in the error, because it may be a password", () => {
    assert.throws(
      () => str('hunter2"'),
      (error: Error) => !error.message.includes("hunter2"),
    );
  });

  it("of number is written in digits and kept in its range", () => {
    assert.equal(num(65_535, { min: 1, max: 65_535 }), "65535");
    assert.equal(num(-5), "-5");
    refuses(() => num(0, { min: 1 }));
    refuses(() => num(65_536, { max: 65_535 }));
    refuses(() => num(1.5));
    refuses(() => num(Number.NaN));
    refuses(() => num(Number.POSITIVE_INFINITY));
    refuses(() => num(2 ** 53));
  });

  it("of hex is written with 0x", () => {
    assert.equal(hex(0xffff), "0xFFFF");
    assert.equal(hex(0), "0x0");
    refuses(() => hex(-1));
    refuses(() => hex(0x10000, { max: 0xffff }));
  });

  it("of file name may name a storage, and is no pattern and no path", () => {
    assert.equal(fileName("RAM:log.csv"), '"RAM:log.csv"');
    assert.equal(fileName("photo 1.jpg"), '"photo 1.jpg"');
    for (const name of [
      "*",
      "RAM:*",
      "a?b",
      "../x",
      "a\\b",
      'a"b',
      "",
      "RAM:",
      " a",
      "a:b:c",
      "a\r",
      "x".repeat(81),
    ]) {
      refuses(() => fileName(name));
    }
    assert.equal(fileName(`UFS:${"x".repeat(80)}`).length, 86);
  });
});

describe("a command line", () => {
  it("with a control character or an odd quote is refused by the last look before the wire", () => {
    for (const line of [
      "AT+X\r",
      "AT+X\rAT+QPOWD",
      'AT+X="a',
      "AT\x1a",
      "AT\n",
      "",
      "hello",
      "AT+X=水",
      "AT+X=\x7f",
    ]) {
      assert.doesNotMatch(line, ONE_LINE);
    }
    for (const line of ["AT", "at", "AT\xff", 'AT+X="a","\xe4"', 'AT+X=""1"~"!#'])
      assert.match(line, ONE_LINE);
  });

  it("has exactly one CR, at the end, and its quotes in pairs, or is refused, for any argument", function () {
    this.timeout(TIME);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.string({ unit: fc.constantFrom('"', "\r", "\n", "A", "\0", "\x1a", ";", ",") }),
        ),
        (argument) => {
          for (const build of [str, fileName]) {
            let line: string;
            try {
              line = `AT+QSMTPSUB=0,${build(argument)}`;
            } catch (error) {
              assert.ok(isRefusal(error));
              continue;
            }
            assert.match(line, ONE_LINE);
            const wire = Buffer.from(`${line}\r`, "latin1");
            assert.equal(wire.indexOf(0x0d), wire.length - 1);
            assert.equal(wire.filter((byte) => byte === 0x22).length, 2);
            assert.ok(wire.subarray(0, -1).every((byte) => byte >= 0x20 && byte !== 0x7f));
            assert.equal(parseParameters(wire.toString("latin1").slice(14, -1)).text(0), argument);
          }
        },
      ),
      { numRuns: RUNS },
    );
  }).timeout(60_000);

  it("is shown without its secrets", () => {
    assert.equal(
      shownLine({ line: 'AT+QSMTPCFG="account","pump7","s3cret"', secrets: ["s3cret"] }),
      'AT+QSMTPCFG="account","pump7","•••"',
    );
    assert.equal(shownLine({ line: "AT+CPIN=abcabcd", secrets: ["abc", "abcd"] }), "AT+CPIN=••••••");
  });
});

describe("information text", () => {
  it("is parted from its header, with or without a blank behind the colon (P11)", () => {
    assert.equal(headerOf("+CPIN: READY"), "+CPIN");
    assert.equal(headerOf("+CPIN:READY"), "+CPIN");
    assert.equal(informationText("+CPIN:READY"), "READY");
    assert.equal(informationText("+CPIN: READY"), "READY");
    assert.equal(headerOf("Revision: EC25EFAR06A01M4G"), undefined);
    assert.equal(informationText("Revision: EC25"), "Revision: EC25");
    assert.equal(headerOf('"+CPIN: READY"'), undefined);
  });

  it("falls apart at the commas outside quotes (P12)", () => {
    const parameters = parseParameters('+X: "a",1,,"b,c",0x1F');
    assert.equal(parameters.length, 5);
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((position) => parameters.text(position)),
      ["a", "1", undefined, "b,c", "0x1F", undefined],
    );
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((position) => parameters.integer(position)),
      [undefined, 1, undefined, undefined, 31],
    );
    assert.deepEqual(
      [0, 1, 3].map((position) => parameters.isQuoted(position)),
      [true, false, true],
    );
  });

  it("reads numbers in hex digits, padded or not, in either case", () => {
    const parameters = parseParameters("+QFUPL: 10,707,0707,0x707,FfFf,x");
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((position) => parameters.hex(position)),
      [0x707, 0x707, 0x707, 0xffff, undefined],
    );
  });

  it("tells an empty string from an omitted parameter", () => {
    const parameters = parseParameters('+QSMTPCFG: "account","",');
    assert.equal(parameters.length, 3);
    assert.equal(parameters.text(1), "");
    assert.equal(parameters.text(2), undefined);
    assert.equal(parseParameters("").length, 0);
  });

  it("survives quotes that are not closed (P12)", () => {
    assert.equal(parseParameters('+CREG: 1,"00D5').text(1), "00D5");
    assert.equal(parseParameters('+CREG: 1,00D5"').text(1), "00D5");
  });

  it("keeps ranges of a test command together", () => {
    const parameters = parseParameters("+QSMTPATT: (0,1),(1-10),<file_name>");
    assert.deepEqual(
      [0, 1, 2].map((position) => parameters.text(position)),
      ["(0,1)", "(1-10)", "<file_name>"],
    );
  });

  it("is read back from what the builders wrote, for any text that can be carried", function () {
    this.timeout(TIME);
    const carried = fc
      .string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
      .filter((text) => !/["\x7f]/.test(text));
    fc.assert(
      fc.property(fc.array(fc.oneof(carried, fc.maxSafeInteger()), { minLength: 1 }), (values) => {
        const text = values.map((value) => (typeof value === "string" ? str(value) : num(value))).join(",");
        const parameters = parseParameters(`+X: ${text}`);
        assert.equal(parameters.length, values.length);
        values.forEach((value, position) => {
          if (typeof value === "string") assert.equal(parameters.text(position), value);
          else if (Math.abs(value) < 1e15) assert.equal(parameters.integer(position), value);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it("becomes UTF-8 text where its bytes are, else stays latin1, and never throws (B1)", () => {
    assert.equal(decodeText(Buffer.from("Zürich 水").toString("latin1")), "Zürich 水");
    assert.equal(decodeText("Z\xfcrich"), "Zürich");
    assert.equal(decodeText("\xff\xfe\x80"), "\xff\xfe\x80");
    assert.equal(decodeText("plain"), "plain");
  });
});
