/**
 * Part "soak": weeks of virtual time in one life of the gateway by each mailer, with mishaps that every site has now and
 * then. What the process holds after a quarter is what it held after the one before: a slope shows however small it is.
 */
import { runSoak, type Level, type Way } from "./soak/weeks";
import { none, shown, type Figure, type Part } from "./part";

/** Bytes that a quarter may leave: design, section 4. */
const MEMORY = 1e6;
const WAYS: readonly Way[] = ["module", "socket"];

export const soak: Part = {
  name: "soak",
  full: 20_000,
  unit: "mails by each mailer",
  async run(size, { seed, at, say }) {
    const figures: Figure[] = [];
    for (const way of WAYS) {
      const began = performance.now();
      const { levels, account, weeks } = await runSoak(size, { way, seed, at });
      const minutes = ((performance.now() - began) / 60_000).toFixed(1);
      say(`soak: by ${way}, ${minutes} min`);
      const count = (name: string, of: (level: Level) => number): Figure =>
        slope(`by ${way}: ${name}`, levels.map(of));
      figures.push(
        shown(`by ${way}: mails`, account.mails),
        shown(`by ${way}: virtual weeks`, weeks.toFixed(1)),
        none(
          `by ${way}: lost, stuck, repeated unmarked or falsely told`,
          account.lost + account.stuck + account.unmarkedRepeats + account.falselySent,
        ),
        slope(
          `by ${way}: heap, MB`,
          levels.map(({ heap }) => heap / 1e6),
          // Of a small run all is warming up.
          size < 20_000 ? Infinity : MEMORY / 1e6,
        ),
        count("handles of the process", ({ handles }) => handles),
        count("timers", ({ timers }) => timers),
        count("listeners", ({ listeners }) => listeners),
        count("listeners of abort signals, and signals joined to them", ({ dependants }) => dependants),
        count("files in the spool", ({ spool }) => spool),
        count("files in the module", ({ module }) => module),
      );
    }
    return figures;
  },
};

/** Of the values after each quarter. @param room by which one may be above the one before. */
export function slope(name: string, values: readonly number[], room = 0): Figure {
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? 0));
  const goal = room === 0 ? "level" : room === Infinity ? "" : `+ ${room} at most, each`;
  return {
    name: `${name}, after each quarter`,
    value: values.map((value) => value.toFixed(room === 0 ? 0 : 1)).join(" → "),
    goal,
    met: Math.max(0, ...steps) <= room,
  };
}
