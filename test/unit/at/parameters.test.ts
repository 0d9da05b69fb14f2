import assert from "node:assert/strict";
import { firstNumber, headerOf, parseParameters } from "../../../lib/at/command";

const texts = (line: string): (string | undefined)[] => {
  const parameters = parseParameters(line);
  return Array.from({ length: parameters.length }, (_, position) => parameters.text(position));
};

describe("parameters of information text", () => {
  it("keep the blanks inside quotes, and lose those around quotes and bare words", () => {
    assert.deepEqual(texts('+X:  "a b" , c d ,"" , " "'), ["a b", "c d", "", " "]);
  });

  it("lose nothing of a bare word that stands before a quote", () => {
    assert.deepEqual(texts('+X: ab"c",1'), ["abc", "1"]);
  });

  it("keep what follows a quote but blanks", () => {
    assert.deepEqual(texts('+X: "a"b ,1'), ["ab", "1"]);
  });

  it("take parentheses inside quotes for text, outside for a group, however deep", () => {
    assert.deepEqual(texts('+X: "(",1,")"'), ["(", "1", ")"]);
    assert.deepEqual(texts("+X: ((1,2),(3)),4"), ["((1,2),(3))", "4"]);
    assert.deepEqual(texts("+X: 1),2,(3"), ["1)", "2", "(3"]);
  });

  it("know which were quoted, and that those beyond the end were not", () => {
    const parameters = parseParameters('+X: "a",b');
    assert.deepEqual(
      [0, 1, 2].map((position) => parameters.isQuoted(position)),
      [true, false, false],
    );
    assert.equal(parameters.hex(7), undefined);
  });

  it("begin behind the header, which is all before the colon", () => {
    assert.equal(headerOf("+CSQ: 1"), "+CSQ");
    assert.equal(headerOf("^SYSINFO:1"), "^SYSINFO");
    assert.equal(headerOf("Revision: 1"), undefined);
    assert.deepEqual(texts("a:b,c"), ["a:b", "c"]);
  });

  it("may be a single number, quoted or not, which is read from the first line", () => {
    const read = (...lines: string[]): number => firstNumber("the number")({ lines });
    for (const line of ["+X: 15", "+X:15", '+X: "15"', "+X: 15,99", "+X:  15 , 99"]) {
      assert.equal(read(line, "+X: 7"), 15, line);
    }
    for (const line of ["", "+X:", "15", "+X: -15", "+X: 15 A", "+X: ,15", `+X: ${"1".repeat(16)}`]) {
      assert.throws(() => read(line), { code: "MODEM_ANSWER", message: /the number is missing$/ }, line);
    }
    assert.throws(() => read(), { code: "MODEM_ANSWER" });
  });
});
