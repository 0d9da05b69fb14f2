import assert from "node:assert/strict";
import { ERROR, variantTable, type Variants } from "../../../lib/simulator";
import { answersOf, checkAnswers, factsRig } from "./facts-rig";

describe("Facts asked of a module that refuses without a number", () => {
  /** Right after their start modules refuse what they know by a bare ERROR. */
  async function refusing(refuses: (name: string, line: string) => boolean) {
    const rig = await factsRig();
    rig.module.define((context, next) =>
      refuses(context.name, `${context.name}${context.form}${context.argumentText}`) ? ERROR : next(),
    );
    return answersOf(await rig.ask());
  }

  it("are no different when each command line is refused for the first time", async () => {
    const quiet = await refusing(() => false);
    const seen = new Set<string>();
    const answers = await refusing((_name, line) => seen.size !== seen.add(line).size);
    checkAnswers(answers, quiet);
  });

  it("are no different right after its start, whichever processor is late", async () => {
    const after = async (late: Variants["application-start"], ms: number) => {
      const rig = await factsRig({ variants: { "application-start": late } });
      rig.module.restart();
      await rig.clock.advance(ms);
      return answersOf(await rig.ask());
    };
    for (const late of variantTable["application-start"].values) {
      const quiet = await after(late, 60_000);
      const answers = await after(late, 500);
      checkAnswers(answers, quiet, `${late}: `);
    }
  });

  it("says that a module without mail client has none", async () => {
    const rig = await factsRig();
    rig.module.define((context, next) => (context.name.startsWith("+QSMTP") ? ERROR : next()));
    const report = await rig.ask();
    assert.match(report.notices.join(), /refuses its mail commands/);
    assert.match(answersOf(report)["subject-limit"] ?? "", /^unclear/);
    assert.match(answersOf(report)["recipient-limit"] ?? "", /^unclear/);
  });
});
