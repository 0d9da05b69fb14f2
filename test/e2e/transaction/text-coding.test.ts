import assert from "node:assert/strict";
import { encode } from "iconv-lite";
import type { VariantChoice } from "../../../lib/simulator";
import { ascii, mail, mailRig, utf8 } from "./mail-rig";

const SUBJECT = "Füllstand 水位";
const BODY = "Füllstand zu hoch: 3,2 m\n水位过高\n";

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
    const rest = { plainBody: ascii("plain") };
    await rig.send(mail({ body: utf8("ä"), ...rest }));
    assert.equal((await rig.server.waitForMail(1)).parsed.text?.trim(), "ä");
    await rig.stop();
  });

  it("is plain where the module refuses the coding that its subjects have", async () => {
    const { rig } = await supportOf({
      "key-bodyoriginal": "absent",
      "subject-coding": "raw",
      "body-coding": "hex",
    });
    const { warnings } = await rig.send(mail({ body: utf8("ä"), plainBody: ascii("plain") }));
    assert.equal((await rig.server.waitForMail(1)).parsed.text?.trim(), "plain");
    assert.deepEqual(warnings, ["The module refused the letters of the text; it is whole in message.txt."]);
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

  for (const [charset, subject, body] of [
    ["gb2312", "水位过高", "请立即检查水泵"],
    ["big5", "水位過高", "請立即檢查水泵"],
  ] as const) {
    it(`arrives letter by letter in ${charset}`, async () => {
      const { rig } = await supportOf({});
      const coded = (text: string) => ({ charset, bytes: encode(text, charset) });
      await rig.send(mail({ subject: coded(subject), body: coded(body) }));
      const { parsed, raw } = await rig.server.waitForMail();
      assert.match(raw.toString("latin1"), new RegExp(`charset="?${charset}`, "i"));
      assert.equal(parsed.subject, subject);
      assert.equal(parsed.text?.trim(), body);
      await rig.stop();
    });
  }
});
