import assert from "node:assert/strict";
import { readResultCode } from "../../../lib/at/line-kind";

const words = (line: string): unknown => readResultCode(line, "words");

describe("a result code", () => {
  it("is a whole line", () => {
    assert.deepEqual(words("OK"), { kind: "ok" });
    assert.deepEqual(words("ERROR"), { kind: "error" });
    assert.deepEqual(words("CONNECT"), { kind: "connect", length: undefined });
  });

  it("is not a line that begins with one, such as OKAY or OK google (P3)", () => {
    for (const line of ["OKAY", "OK google", "ERRORS", "CONNECTED", "CONNECT fast", "+CME ERRORS: 1"]) {
      assert.equal(words(line), undefined, line);
    }
  });

  it("is not a line that ends with or holds one, such as a file name or an operator (P4)", () => {
    for (const line of ['+QFLST: "RAM:BOOK",3', '+COPS: 0,0,"OK mobile"', "BOOK", "NO ERROR", "no OK"]) {
      assert.equal(words(line), undefined, line);
    }
  });

  it("announces raw bytes by the number behind CONNECT", () => {
    assert.deepEqual(words("CONNECT 512"), { kind: "connect", length: 512 });
  });

  it("carries the number of an extended error, with or without a blank", () => {
    assert.deepEqual(words("+CME ERROR: 421"), { kind: "extended", family: "CME", number: 421 });
    assert.deepEqual(words("+CME ERROR:10"), { kind: "extended", family: "CME", number: 10 });
    assert.deepEqual(words("+CMS ERROR: 500"), { kind: "extended", family: "CMS", number: 500 });
  });

  it("is recognised in words too, known or not (P10: CMEE=2)", () => {
    assert.deepEqual(words("+CME ERROR: SIM busy"), { kind: "extended", family: "CME", number: 14 });
    assert.deepEqual(words("+CME ERROR: SIM PIN required"), { kind: "extended", family: "CME", number: 11 });
    assert.deepEqual(words("+CME ERROR: moon phase"), { kind: "extended", family: "CME", number: undefined });
    assert.deepEqual(words("+CMS ERROR: no network"), { kind: "extended", family: "CMS", number: undefined });
  });

  it("has no number where other text stands with the digits, or too many of them", () => {
    for (const text of ["100000", "12a", "a12", "3 tries"]) {
      assert.deepEqual(words(`+CME ERROR: ${text}`), { kind: "extended", family: "CME", number: undefined });
      assert.deepEqual(words(`+CMS ERROR: ${text}`), { kind: "extended", family: "CMS", number: undefined });
    }
  });

  it("may have blanks around it", () => {
    assert.deepEqual(words(" OK "), { kind: "ok" });
  });

  it("is a digit after ATV0, and only then", () => {
    assert.deepEqual(readResultCode("0", "digits"), { kind: "ok" });
    assert.deepEqual(readResultCode("4", "digits"), { kind: "error" });
    assert.deepEqual(readResultCode("1", "digits"), { kind: "connect", length: undefined });
    assert.equal(readResultCode("OK", "digits"), undefined);
    for (const name of ["constructor", "toString", "__proto__", "valueOf"])
      assert.equal(readResultCode(name, "digits"), undefined, name);
    assert.equal(words("0"), undefined);
    assert.deepEqual(readResultCode("+CME ERROR: 3", "digits"), {
      kind: "extended",
      family: "CME",
      number: 3,
    });
  });

  it("is not the end of somebody's call", () => {
    for (const line of ["NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "RING"]) {
      assert.equal(words(line), undefined, line);
    }
    assert.equal(readResultCode("3", "digits"), undefined);
  });
});
