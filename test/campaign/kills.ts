/** Part "kills": the kill campaign, SIGKILL, power cut, stop and continue at random moments of a real process. */
import { isSound, runKillCampaign, type Form, type Way } from "./kill/campaign";
import { equal, none, shown, type Part } from "./part";

const NAMES = { kill: "kill -9", cut: "power cut", pause: "stop and continue" } as const satisfies Record<
  Form,
  string
>;

/** A socket leaves nothing behind that could be asked for a result, the module's client does; `mixed` changes between lives. */
const RUNS = (["kill", "cut", "pause"] as const satisfies Form[]).flatMap((form) =>
  (["module", "socket", "mixed"] as const satisfies Way[]).map((way) => [form, way] as const),
);

export const kills: Part = {
  name: "kills",
  full: 200,
  unit: "kills, power cuts and pauses each",
  async run(size, { seed, at }) {
    const all = [];
    for (const [form, way] of RUNS) {
      const result = await runKillCampaign({ form, way, kills: size, seed, progress: at });
      const name = `${NAMES[form]}, ${way}`;
      all.push(
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
