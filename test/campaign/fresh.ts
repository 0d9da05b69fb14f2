/**
 * Part "fresh": properties of what comes from outside, each for some minutes of seeds that no run has had before: the files
 * of a spool, hostile messages that meet faults, alone and in the dialogue with a module, and requests to the endpoints of the
 * editor. Some cases of each are in `npm test`.
 *
 * What a run tries cannot be tried again by its seed, which is 1 for all parts; each failure names its own, which `--only`
 * repeats.
 */
import { randomInt } from "node:crypto";
import fc from "fast-check";
import { watchProcess } from "./fault/problems";
import { adminProperty } from "./hostile/admin-property";
import { dialogueProperty } from "./hostile/dialogue-property";
import { EndpointsAttack } from "./hostile/endpoints";
import { joinedProperty } from "./hostile/joined-property";
import { spoolProperty, spoolToSpoil } from "./hostile/spool-property";
import { none, shown, type Figure, type Part, type PartOptions } from "./part";

const MINUTE = 60_000;
/** Cases of a seed; the next seed follows. */
const CASES = 200;

interface Tried {
  readonly cases: number;
  readonly seeds: number;
  readonly failures: number;
}

export const fresh: Part = {
  name: "fresh",
  full: 10,
  unit: "minutes of fresh seeds for each property, on each core",
  isSliceable: true,
  async run(size, options) {
    const { minutes = size } = options;
    const attack = new EndpointsAttack();
    await attack.begin();
    const watch = watchProcess();
    try {
      const spool = await tryFor(minutes, "spool", spoolProperty(await spoolToSpoil()), options);
      const joined = await tryFor(minutes, "hostile messages", joinedProperty(), options);
      const dialogues = await tryFor(minutes, "dialogues", dialogueProperty(), options);
      const admin = await tryFor(minutes, "endpoints", adminProperty(attack), options);
      return [
        ...figuresOf("files of a spool", spool),
        ...figuresOf("hostile messages that meet faults", joined),
        ...figuresOf("hostile messages to a module that fails", dialogues),
        ...figuresOf("requests to endpoints", admin),
        none("exceptions escaped", watch.take().length),
      ];
    } finally {
      watch.end();
      await attack.end();
    }
  },
};

async function tryFor<T>(
  minutes: number,
  name: string,
  property: fc.IAsyncPropertyWithHooks<T>,
  { only, say, at }: PartOptions,
): Promise<Tried> {
  // A seed that is repeated is tried once.
  const end = only === undefined ? performance.now() + minutes * MINUTE : 0;
  const tried = { cases: 0, seeds: 0, failures: 0 };
  do {
    const seed = only ?? randomInt(2 ** 31);
    at(seed);
    const found = await fc.check(property, { seed, numRuns: CASES });
    tried.seeds++;
    tried.cases += found.numRuns;
    if (!found.failed) continue;
    tried.failures++;
    const repeat = `npm run campaign -- --part fresh --only ${seed}`;
    say(`fresh: ${name}, ${fc.defaultReportMessage(found)}\n  repeat: ${repeat}`);
  } while (performance.now() < end);
  return tried;
}

function figuresOf(what: string, { cases, seeds, failures }: Tried): readonly Figure[] {
  return [
    shown(`${what}: fresh seeds`, seeds),
    shown(`${what}: cases`, cases),
    none(`${what}: cases that failed`, failures),
  ];
}
