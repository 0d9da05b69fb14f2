import assert from "node:assert/strict";
import { LONGEST_LINE, Tokenizer } from "../../../lib/at/tokenizer";
import { Work } from "./counted-bytes";

const LINES = Buffer.from("\r\n+CSQ: 24,99\r\n\r\nOK\r\n+QSMTPPUT: 0,0\r\n".repeat(200));
const ENDLESS = Buffer.alloc(4 * LONGEST_LINE, "x");
/** Looked at for LF and for CR, and decoded; in reads of one byte also as the end of what has come. */
const MOST = 3;
const SIZES = [
  { size: 1, most: MOST + 1 },
  { size: 64, most: MOST },
  { size: 4096, most: MOST },
] as const;

/** Bytes looked at for each byte of the input, cut into reads of `size`. */
function workPerByte(input: Buffer, size: number): number {
  const work = new Work();
  const tokenizer = new Tokenizer();
  let tokens = 0;
  const perByte = feed(work, input, size, (bytes) => {
    tokenizer.push(bytes);
    while (tokenizer.next() !== undefined) tokens++;
  });
  assert.ok(tokens > 0);
  return perByte;
}

function feed(work: Work, input: Buffer, size: number, take: (bytes: Buffer) => void): number {
  work.during(() => {
    for (let at = 0; at < input.length; at += size) take(work.count(input.subarray(at, at + size)));
  });
  return work.bytes / input.length;
}

describe("what the tokenizer does for a byte", () => {
  for (const { size, most } of SIZES) {
    it(`is at most to find its line end and to decode it, in reads of ${size}`, () => {
      assert.ok(workPerByte(LINES, size) <= most);
    });

    it(`does not grow with the length of what has no line end, in reads of ${size}`, () => {
      assert.ok(workPerByte(ENDLESS, size) <= most);
    });
  }

  it("is to make one text of a line, and one more where a read ends in it", () => {
    const work = new Work();
    const tokenizer = new Tokenizer();
    let [lines, reads] = [0, 0];
    feed(work, LINES, 64, (bytes) => {
      reads++;
      tokenizer.push(bytes);
      while (tokenizer.next() !== undefined) lines++;
    });
    assert.equal(lines, 600);
    assert.ok(work.texts <= lines + reads, `${work.texts} texts`);
  });

  it("would be more if what has no line end were joined with each read", () => {
    const work = new Work();
    let held: Buffer = Buffer.alloc(0);
    const perByte = feed(work, ENDLESS, 64, (bytes) => {
      held = Buffer.concat([held, bytes]);
    });
    assert.ok(perByte > 10 * MOST);
  });
});
