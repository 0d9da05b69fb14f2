/** Part "kills": the kill campaign, SIGKILL, power cut, stop and continue at random moments of a real process. */
import { isSound, runKillCampaign, type Form, type Way } from "./kill/campaign";
import { atLeast, equal, none, shown, type Part } from "./part";

const NAMES = { kill: "kill -9", cut: "power cut", pause: "stop and continue" } as const satisfies Record<
  Form,
  string
>;

/** A socket leaves nothing behind that could be asked for a result, the module's client does; `mixed` changes between lives. */
const RUNS = (["kill", "cut", "pause"] as const satisfies Form[]).flatMap((form) =>
  (["module", "socket", "mixed"] as const satisfies Way[]).map((way) => [form, way] as const),
);

/** Kills after which a run says how far it is. */
const TOLD_EVERY = 50;

/** Parts of the kills, cuts and pauses that have to come while a mail is in flight, and while it is in doubt. */
const IN_FLIGHT = 0.2;
const IN_DOUBT = 0.1;

export const kills: Part = {
  name: "kills",
  full: 200,
  unit: "kills, power cuts and pauses each",
  async run(size, { seed, at, say }) {
    const all = [];
    for (const [form, way] of RUNS) {
      const name = `${NAMES[form]}, ${way}`;
      const began = performance.now();
      const minutes = (): string => `${((performance.now() - began) / 60_000).toFixed(1)} min`;
      const progress = (done: number): void => {
        at(done);
        if (done > 0 && done % TOLD_EVERY === 0) say(`kills: ${name}: ${done} of ${size}, ${minutes()}`);
      };
      const result = await runKillCampaign({ form, way, kills: size, seed, progress });
      say(`kills: ${name}: ${isSound(result) ? "sound" : "NOT SOUND"}, ${minutes()}`);
      all.push(
        atLeast(`${name}: with a mail in flight`, result.inFlight, Math.ceil(size * IN_FLIGHT)),
        atLeast(`${name}: with a mail in doubt`, result.inDoubt, Math.ceil(size * IN_DOUBT)),
        shown(`${name}: accepted`, result.accepted),
        equal(`${name}: reported`, result.reported, result.accepted),
        none(`${name}: reported twice in one life`, result.toldAgain),
        none(`${name}: lost`, result.lost),
        none(`${name}: falsely reported as sent`, result.falselySent),
        none(`${name}: duplicates without the mark`, result.duplicatesUnmarked),
        none(`${name}: duplicates of mails that were to come once`, result.duplicatesRefused),
        none(`${name}: repeats with another Message-ID`, result.otherIds),
        {
          name: `${name}: sound in all`,
          value: isSound(result) ? "yes" : "no",
          goal: "yes",
          met: isSound(result),
        },
      );
    }
    return all;
  },
};
