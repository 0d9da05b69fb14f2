/** What the campaign's part of that name measures, beside the other figures: mails that wait through one single fault. */
import { Dice, mixed } from "../../campaign/fault/dice";
import { nextMailAfter, SINGLE_FAULTS } from "../../campaign/fault/next-mail";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";

const FAULTS = 5;
const GOAL = 5;

export const nextMail: Row = {
  name: "next-mail",
  about:
    "Delivery of the next mail after a single fault, counted from the module being ready again (registered, mail commands served, no mail in flight), on the virtual clock with a module as on a good day: activation of the context and two seconds in flight are in it. The longest of 5 faults at random moments.",
  async measure(rounds) {
    const figures: Figure[] = [];
    for (const [kind, fault] of SINGLE_FAULTS.entries()) {
      const samples = await inRounds(rounds, async (round) => {
        const took: number[] = [];
        for (let number = 0; number < FAULTS; number++)
          took.push(await nextMailAfter(fault, new Dice(mixed(round, number * 10 + kind))));
        return Math.max(...took) / 1000;
      });
      figures.push({
        what: `next mail after ${fault}`,
        unit: "s",
        samples,
        goal: { kind: "below", limit: GOAL },
      });
    }
    return figures;
  },
};
