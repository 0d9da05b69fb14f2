import assert from "node:assert/strict";
import type { VariantChoice } from "../../../lib/simulator";
import { replay } from "../../support/replay";
import { parseTranscript, type Transcript } from "../../support/transcript";
import { factsRig } from "./facts-rig";

async function transcriptOf(variants: VariantChoice = {}): Promise<Transcript> {
  const rig = await factsRig({ variants });
  const { transcript } = await rig.ask();
  await rig.close();
  return parseTranscript("facts", transcript ?? "");
}

const hostText = ({ turns }: Transcript): string =>
  turns
    .filter(({ from }) => from === "host")
    .map(({ bytes }) => bytes.toString("latin1"))
    .join("");

describe("The transcript of facts", () => {
  it("names the firmware and the variants that its dialogue needs", async () => {
    const { firmware, variants, source } = await transcriptOf({ firmware: "01.003", "missing-file": "418" });
    assert.equal(firmware, "EC25EFAR06A08M4G_01.003.01.003");
    assert.ok(variants.includes("missing-file=418"));
    assert.match(source, /^quectel-modem-facts, 2026-01-01/);
  });

  const choices: readonly VariantChoice[] = [
    {},
    { "subject-coding": "raw", "body-coding": "raw", "body-empty-line": "absent", "list-nothing": "417" },
    {
      "missing-file": "418",
      "recipient-limit": "10",
      "smtp-string-limit": "64",
      "account-attempts": "3",
      "input-time": "idle",
      "password-readback": "masked",
      "information-framing": "separate",
    },
  ];
  for (const variants of choices) {
    const names = Object.entries(variants).map((pair) => pair.join("="));
    it(`is replayed byte by byte by a fresh module with ${names.join(" ") || "the usual variants"}`, async () => {
      const transcript = await transcriptOf(variants);
      assert.ok(transcript.turns.length > 100);
      await replay(transcript);
    });
  }

  it("holds as a remark what depends on time, network, files of others or an unsolicited line", async () => {
    const rig = await factsRig();
    const { transcript = "" } = await rig.ask({
      onFact: ({ id }) => {
        if (id === "subject-coding") rig.clock.after(0, () => rig.module.raiseUrc("+CREG: 1"));
      },
    });
    const parsed = parseTranscript("facts", transcript);
    for (const line of ["AT+QSMTPPUT", "AT+QFLDS", "AT+QIACT", "AT+QNWINFO"]) {
      assert.ok(transcript.includes(`# H> ${line}`), line);
      assert.ok(!hostText(parsed).includes(line), line);
    }
    assert.match(transcript, /# M> \+CREG: \*{3}\\r\\n/);
  });

  it("is not there without a trace, and what shows in bytes only is not asked", async () => {
    const rig = await factsRig();
    const report = await rig.ask({ trace: undefined });
    assert.equal(report.transcript, undefined);
    const fact = report.facts.find(({ id }) => id === "body-empty-line");
    assert.deepEqual(fact?.answer, {
      kind: "notAsked",
      why: "the bytes of this connection are not recorded",
    });
  });
});
