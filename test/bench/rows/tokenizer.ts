/** Tokenizer: lines a second in reads of 64 bytes, as a UART gives them, against the line parsers of serialport. */
import type { Transform } from "node:stream";
import { ReadlineParser, RegexParser } from "../peers/serialport";
import { Tokenizer } from "../../../lib/at/tokenizer";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { processorTime } from "../support/processor-time";

/** Bytes of one read. */
const READ = 64;
/** Bytes in all. */
const AMOUNT = 2 << 20;

/** What a module says, 17 bytes a line on average. */
const DIALOGUE = [
  "\r\nOK\r\n",
  "\r\n+CSQ: 24,99\r\n\r\nOK\r\n",
  "\r\n+CEREG: 0,1\r\n\r\nOK\r\n",
  '\r\n+QIACT: 1,1,1,"192.0.2.17"\r\n\r\nOK\r\n',
  "\r\n+QSMTPPUT: 0,0\r\n",
].join("");

export const tokenizer: Row = {
  name: "tokenizer",
  about: "Lines cut out of the module's bytes, 64 bytes a read, counted by a listener.",
  async measure(rounds) {
    const reads = readsOf(Buffer.from(DIALOGUE.repeat(Math.ceil(AMOUNT / DIALOGUE.length))));
    const results = await inRounds(rounds, async () => ({
      own: rate(() => countTokens(reads)),
      readline: rate(() => countLines(new ReadlineParser({ delimiter: "\r\n", encoding: "latin1" }), reads)),
      regex: rate(() => countLines(new RegexParser({ regex: /\r\n/, encoding: "latin1" }), reads)),
    }));
    const what = "tokenizer, lines of a dialogue";
    const unit = "MB/s";
    const samples = results.map(({ own }) => own);
    return [
      {
        what,
        unit,
        samples,
        goal: { kind: "moreThanPeer" },
        peer: { name: "parser-readline", samples: results.map(({ readline }) => readline) },
      },
      { what, unit, samples, peer: { name: "parser-regex", samples: results.map(({ regex }) => regex) } },
    ] satisfies Figure[];
  },
};

export function readsOf(bytes: Buffer): readonly Buffer[] {
  const reads: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += READ) reads.push(bytes.subarray(at, at + READ));
  return reads;
}

/** Number of tokens in all reads. */
export function countTokens(reads: readonly Buffer[]): number {
  const cutter = new Tokenizer();
  let count = 0;
  for (const read of reads) {
    cutter.push(read);
    while (cutter.next() !== undefined) count++;
  }
  return count;
}

/** Number of lines that a parser of serialport emits. */
export function countLines(parser: Transform, reads: readonly Buffer[]): number {
  let count = 0;
  parser.on("data", () => count++);
  for (const read of reads) parser.write(read);
  return count;
}

/** MB (10^6) a second of processor time in one run over `AMOUNT` bytes. */
function rate(run: () => number): number {
  const ms = processorTime(() => {
    if (run() === 0) throw new Error("no line was found");
  });
  return AMOUNT / 1000 / ms;
}
