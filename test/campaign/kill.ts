/**
 * The kill campaign as a command: `npx tsx test/campaign/kill.ts [--kills 200] [--seed 1]`.
 *
 * Prints what became of all mails; ends with 1 when one was lost, repeated unmarked or falsely told as sent.
 */
import { parseArgs } from "node:util";
import { runKillCampaign } from "./kill/campaign";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { kills: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
  });
  const kills = Number(values.kills);
  const totals = await runKillCampaign({
    kills,
    seed: Number(values.seed),
    progress: (life) => process.stderr.write(`\r${life} of ${kills} kills`),
  });
  process.stderr.write("\n");
  const rows: readonly (readonly [string, number])[] = [
    ["kills", kills],
    ["accepted", totals.accepted],
    ["delivered", totals.delivered],
    ["reported", totals.reported],
    ["duplicates marked", totals.duplicatesMarked],
    ["duplicates unmarked", totals.duplicatesUnmarked],
    ["falsely told as sent", totals.falselySent],
    ["lost", totals.lost],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(22)}${String(value).padStart(6)}`);
  const isSound =
    totals.lost === 0 &&
    totals.duplicatesUnmarked === 0 &&
    totals.falselySent === 0 &&
    totals.reported === totals.accepted;
  process.exitCode = isSound ? 0 : 1;
}

void main();
