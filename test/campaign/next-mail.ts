/** Part "next-mail": how soon after one single fault mails go out again. */
import { Dice, mixed } from "./fault/dice";
import { nextMailAfter, SINGLE_FAULTS } from "./fault/next-mail";
import { below, positionsOf, shown, type Figure, type Part } from "./part";

/** Seconds from the module being ready to the mail at the server. */
const GOAL = 5;

export const nextMail: Part = {
  name: "next-mail",
  full: 200,
  unit: "single faults of each kind",
  async run(size, options) {
    const figures: Figure[] = [];
    for (const [kind, fault] of SINGLE_FAULTS.entries()) {
      const seconds: number[] = [];
      for (const number of positionsOf(size, options)) {
        options.at(number);
        const took = (await nextMailAfter(fault, new Dice(mixed(options.seed, number * 10 + kind)))) / 1000;
        seconds.push(took);
        if (took >= GOAL)
          options.say(
            `next-mail: ${took.toFixed(1)} s after ${fault}; --part next-mail --seed ${options.seed} --only ${number}`,
          );
      }
      seconds.sort((a, b) => a - b);
      figures.push(
        shown(
          `${fault}: median until the next mail`,
          `${seconds[Math.floor(seconds.length / 2)]?.toFixed(1)} s`,
        ),
        below(`${fault}: longest until the next mail`, seconds.at(-1) ?? Infinity, GOAL, "s"),
      );
    }
    return figures;
  },
};
