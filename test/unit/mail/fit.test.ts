import assert from "node:assert/strict";
import fc from "fast-check";
import { fitPiece, fitText, inTurns, isWithCrLf, type Work } from "../../../lib/mail/message/text";

/** Turns that a piece of work takes. */
function turnsOf(work: Work<unknown>): number {
  for (let turns = 1; ; turns++) if (work.next().done === true) return turns;
}

describe("A long text made fit for a mail", () => {
  const bits = fc.constantFrom("a", "\n", "\r\n", "\r", "\u2028", "🚨", "\uD83D", "\uDEA8", "ü", "\t");
  /** Longer than a piece, with something else around each place where pieces meet. */
  const long = fc
    .tuple(fc.integer({ min: 65_520, max: 65_540 }), fc.array(bits, { maxLength: 60 }))
    .map(([length, around]) => "x".repeat(length) + around.join("") + "y".repeat(length) + around.join(""));

  it("is what it would be at once, wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(long, fc.string()), async (text) => {
        assert.deepEqual(await inTurns(fitText(text)), fitPiece(text));
      }),
      { numRuns: 200 },
    );
  });

  it("is known again with other line ends, unless some of them were of another kind", async () => {
    await fc.assert(
      fc.asyncProperty(long, async (text) => {
        const { text: fit } = fitPiece(text);
        const expected = fit.replaceAll("\r\n", "\n") === text;
        assert.equal(await inTurns(isWithCrLf(text, fit)), expected);
        assert.equal(await inTurns(isWithCrLf(text, `${fit}.`)), false);
      }),
      { numRuns: 200 },
    );
  });

  it("takes a turn of the event loop for each 64 k characters", () => {
    assert.equal(turnsOf(fitText("x".repeat(65_536))), 1);
    assert.equal(turnsOf(fitText("\u0001\n".repeat(500_000))), 17);
    assert.equal(turnsOf(isWithCrLf("\n".repeat(1_000_000), "\r\n".repeat(1_000_000))), 16);
  });
});
