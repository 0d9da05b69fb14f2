/**
 * Part "soak": weeks of virtual time in one life of the gateway, with mishaps that every site has now and then. What
 * the process holds at the end is what it held after the first tenth.
 */
import { runSoak, type Level } from "./soak/weeks";
import { none, shown, type Figure, type Part } from "./part";

/** Bytes by which the memory may differ: the noise of the garbage collector. */
const MEMORY_NOISE = 8e6;

export const soak: Part = {
  name: "soak",
  full: 20_000,
  unit: "mails",
  async run(size, { seed, at }) {
    const { before, after, account, weeks } = await runSoak(size, seed, at);
    return [
      shown("mails", account.mails),
      shown("virtual weeks", weeks.toFixed(1)),
      none(
        "lost, stuck, repeated unmarked or falsely told",
        account.lost + account.stuck + account.unmarkedRepeats + account.falselySent,
      ),
      grown("heap", "MB", before, after, (level) => level.heap / 1e6, MEMORY_NOISE / 1e6),
      grown("handles of the process", "", before, after, ({ handles }) => handles, 0),
      grown("timers", "", before, after, ({ timers }) => timers, 0),
      grown("listeners", "", before, after, ({ listeners }) => listeners, 0),
      grown("files in the spool", "", before, after, ({ spool }) => spool, 0),
      grown("files in the module", "", before, after, ({ module }) => module, 0),
    ];
  },
};

function grown(
  name: string,
  unit: string,
  before: Level,
  after: Level,
  of: (level: Level) => number,
  noise: number,
): Figure {
  const digits = noise === 0 ? 0 : 1;
  const [first, last] = [of(before), of(after)];
  return {
    name: `${name}, before and after`,
    value: `${first.toFixed(digits)} → ${last.toFixed(digits)} ${unit}`.trim(),
    goal: noise === 0 ? "level" : `+ ${noise} ${unit} at most`,
    met: last - first <= noise,
  };
}
