/** Part "kills": the kill campaign, SIGKILL and power cut at random moments of a real process. */
import { isSound, runKillCampaign, type Form } from "./kill/campaign";
import { equal, none, shown, type Part } from "./part";

export const kills: Part = {
  name: "kills",
  full: 200,
  unit: "kills and power cuts each",
  async run(size, { seed, at }) {
    const all = [];
    for (const form of ["kill", "cut"] as const satisfies Form[]) {
      const result = await runKillCampaign({ form, kills: size, seed, progress: at });
      const name = form === "kill" ? "kill -9" : "power cut";
      all.push(
        shown(`${name}: accepted`, result.accepted),
        equal(`${name}: reported`, result.reported, result.accepted),
        none(`${name}: lost`, result.lost),
        none(`${name}: falsely told "sent"`, result.falselySent),
        none(`${name}: duplicates without the mark`, result.duplicatesUnmarked),
        none(`${name}: duplicates of mails that were to come once`, result.duplicatesRefused),
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
