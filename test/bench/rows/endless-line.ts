/**
 * Bytes without a line end, as a download or a module at the wrong baud rate gives them: what four times as many cost.
 *
 * 4 is linear, 16 is quadratic. Whoever is quadratic here blocks the whole runtime for seconds.
 */
import type { Transform } from "node:stream";
import { ReadlineParser, RegexParser } from "../peers/serialport";
import { inRounds, type Row } from "../row";
import { processorTime } from "../support/processor-time";
import { countLines, countTokens, readsOf } from "./tokenizer";

const SMALL = 64 << 10;
const TIMES = 4;
/** Our own is too fast for a clock unless repeated. */
const REPEATS = 20;

export const endlessLine: Row = {
  name: "endless-line",
  about:
    "Cost of 256 KiB without a line end over the cost of 64 KiB, 64 bytes a read; 4 is linear, 16 quadratic.",
  async measure(rounds) {
    const small = readsOf(Buffer.alloc(SMALL, "x"));
    const large = readsOf(Buffer.alloc(SMALL * TIMES, "x"));
    const growth = (run: (reads: readonly Buffer[]) => unknown, repeats: number): number =>
      duration(() => run(large), repeats) / duration(() => run(small), repeats);
    const feed = (make: () => Transform) => (reads: readonly Buffer[]) => countLines(make(), reads);
    // The first runs are those of code that is not compiled yet.
    growth(countTokens, REPEATS);
    const results = await inRounds(rounds, async () => ({
      own: growth(countTokens, REPEATS),
      ownMs: duration(() => countTokens(large), 1),
      readline: growth(
        feed(() => new ReadlineParser({ delimiter: "\r\n" })),
        1,
      ),
      regexMs: duration(() => feed(() => new RegexParser({ regex: /\r\n/ }))(large), 1),
    }));
    return [
      {
        what: "tokenizer, growth of cost without line ends (x4 input)",
        unit: "x",
        samples: results.map(({ own }) => own),
        goal: { kind: "atMost", limit: TIMES * 1.5 },
        peer: { name: "parser-readline", samples: results.map(({ readline }) => readline) },
      },
      {
        what: "tokenizer, 256 KiB without line ends",
        unit: "ms",
        samples: results.map(({ ownMs }) => ownMs),
        peer: { name: "parser-regex", samples: results.map(({ regexMs }) => regexMs) },
      },
    ];
  },
};

/** Milliseconds of processor time of one run, of `repeats`. */
function duration(run: () => unknown, repeats: number): number {
  const ms = processorTime(() => {
    for (let count = 0; count < repeats; count++) run();
  });
  return ms / repeats;
}
