/**
 * The kill campaign as a command: `npm run campaign:kill -- [--kills 200] [--seed 1] [--form kill|cut|pause|all --way module|socket|mixed|all]`.
 *
 * Prints what became of all mails; ends with 1 when one was lost, repeated unmarked or against its option, not
 * reported, or falsely reported as sent.
 */
import { parseArgs } from "node:util";
import { isSound, runKillCampaign, type Form, type Result, type Way } from "./kill/campaign";

const WAYS: readonly Way[] = ["module", "socket", "mixed"];
const FORMS: readonly Form[] = ["kill", "cut", "pause"];
const TITLE = {
  kill: "kill -9: what was written stays",
  cut: "power cut: what was not flushed is lost",
  pause: "stop and continue: module and server do not wait",
} as const satisfies Record<Form, string>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      form: { type: "string", default: "all" },
      way: { type: "string", default: "all" },
    },
  });
  const forms = FORMS.filter((form) => values.form === form || values.form === "all");
  const ways = WAYS.filter((way) => values.way === way || values.way === "all");
  const kills = Number(values.kills);
  if (forms.length * ways.length === 0 || !Number.isInteger(kills))
    throw new Error("usage: --kills N --seed N --form kill|cut|pause|all --way module|socket|mixed|all");
  for (const [form, way] of forms.flatMap((one) => ways.map((other) => [one, other] as const))) {
    const start = performance.now();
    const result = await runKillCampaign({
      form,
      way,
      kills,
      seed: Number(values.seed),
      progress: (done) => process.stderr.write(`\r${done} of ${kills}`),
    });
    process.stderr.write("\r");
    print(`${TITLE[form]}, by ${way}`, form, kills, result, (performance.now() - start) / 1000);
    if (!isSound(result)) process.exitCode = 1;
  }
}

function print(title: string, form: Form, kills: number, result: Result, seconds: number): void {
  const rows: readonly (readonly [string, number])[] = [
    form === "pause" ? ["pauses", result.pauses] : ["kills", kills],
    ["with a mail in flight", result.inFlight],
    ["of these, in doubt", result.inDoubt],
    ["accepted", result.accepted],
    ["delivered", result.delivered],
    ["reported", result.reported],
    ["reported twice in one life", result.toldAgain],
    ["duplicates marked", result.duplicatesMarked],
    ["duplicates unmarked", result.duplicatesUnmarked],
    ["sent again against wish", result.duplicatesRefused],
    ["falsely reported as sent", result.falselySent],
    ["lost", result.lost],
    ["with two Message-IDs", result.otherIds],
  ];
  console.log(`${title} (${Math.round(seconds)} s)`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(24)}${String(value).padStart(6)}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
