import assert from "node:assert/strict";
import { parseVariant, variantNames, variantTable, type VariantChoice } from "../../../lib/simulator";
import { coveringArray, pairsOf } from "../../support/covering-array";
import { mail, mailRig, utf8 } from "./mail-rig";
import { BODY, sendUnder, SUBJECT } from "./variant-scenario";

/** Every value of every switch that is not its default. */
const SINGLE_VARIANTS: readonly VariantChoice[] = variantNames.flatMap((name) =>
  variantTable[name].values
    .filter((value) => value !== variantTable[name].default)
    .map((value): VariantChoice => ({ [name]: value })),
);

describe("under every single variant of the module", () => {
  for (const variants of SINGLE_VARIANTS) {
    it(`mails go out, fail and go out after a restart: ${Object.entries(variants).flat().join(" = ")}`, async () => {
      await sendUnder(variants);
    });
  }
});

describe("under variants in pairs", () => {
  const switches = variantNames.map((name) => ({ name, values: variantTable[name].values }));
  const choices = coveringArray(switches);

  for (const [number, choice] of choices.entries()) {
    it(`mails go out, fail and go out after a restart: choice ${number + 1} of ${choices.length}`, async () => {
      await sendUnder(
        variantNames.reduce<VariantChoice>(
          (all, name) => ({ ...all, ...parseVariant(`${name}=${choice[name]}`) }),
          {},
        ),
      );
    });
  }

  it("covers every pair of values", () => {
    const covered = new Set(
      choices.flatMap((choice) => pairsOf(switches.map(({ name }) => choice[name] ?? ""))),
    );
    let all = 0;
    for (const [at, one] of switches.entries()) {
      for (const other of switches.slice(at + 1)) all += one.values.length * other.values.length;
    }
    assert.equal(covered.size, all);
    console.log(`      ${all} pairs of ${switches.length} variants in ${choices.length} choices`);
  });
});

describe("text that is not ASCII", () => {
  const supportOf = async (variants: VariantChoice, encoding: "auto" | "raw" | "hex" = "auto") => {
    const rig = await mailRig({ module: { variants }, smtp: { encoding } });
    const support = await rig.clock.until(rig.carrier.textSupport());
    return { rig, support };
  };

  it("has a subject in hex digits or raw, as the module reads it", async () => {
    for (const coding of ["hex", "raw"] as const) {
      const { rig, support } = await supportOf({ "subject-coding": coding });
      assert.deepEqual(support, { subject: coding, body: "raw" });
      await rig.stop();
    }
  });

  it("has no certain body where bodyoriginal does not exist, because a body cannot be read back", async () => {
    const { rig, support } = await supportOf({ "key-bodyoriginal": "absent" });
    assert.deepEqual(support, { subject: "hex", body: "unknown" });
    await assert.rejects(rig.send(mail({ body: utf8("ä") })), { code: "INVALID_BODY", stage: "body" });
    await rig.stop();
  });

  it("is asked about again after the next start when the answer fitted neither coding", async () => {
    const rig = await mailRig();
    const undo = rig.module.define((context, next) =>
      context.name === "+QSMTPSUB" && context.form === "read"
        ? next({ ...context, info: () => context.info('+QSMTPSUB: 1,"c7a4"') })
        : next(),
    );
    const support = () => rig.clock.until(rig.carrier.textSupport());
    assert.deepEqual(await support(), { subject: "unknown", body: "raw" });
    undo();
    assert.equal((await support()).subject, "unknown");
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.carrier.available);
    assert.equal((await support()).subject, "hex");
    await rig.stop();
  });

  for (const coding of ["hex", "raw"] as const) {
    for (const key of ["present", "absent"] as const) {
      it(`goes as ${coding} where a person says so, with bodyoriginal ${key}`, async () => {
        const { rig, support } = await supportOf(
          { "subject-coding": coding, "body-coding": coding, "key-bodyoriginal": key },
          coding,
        );
        assert.deepEqual(support, { subject: coding, body: coding });
        await rig.send(mail({ subject: utf8(SUBJECT), body: utf8(BODY) }));
        const { parsed } = await rig.server.waitForMail();
        assert.equal(parsed.subject, SUBJECT);
        assert.equal(parsed.text?.trim(), BODY.trim());
        await rig.stop();
      });
    }
  }
});
