import assert from "node:assert/strict";
import type { VariantChoice } from "../../../lib/simulator";
import { mail, mailRig, type MailRig } from "./mail-rig";

const SUBJECT = "Füllstand 水位";
const BODY = "Füllstand zu hoch: 3,2 m\n水位过高\n";

describe("text that is not ASCII", () => {
  const supportOf = async (variants: VariantChoice, encoding: "auto" | "raw" | "hex" = "auto") => {
    const rig = await mailRig({ module: { variants }, smtp: { encoding } });
    return { rig, support: await askedBy(rig) };
  };

  /** Sends a mail that makes the module be asked. */
  const askedBy = async (rig: MailRig) => {
    await rig.send(mail({ subject: "ä" }));
    return rig.clock.until(rig.mailer.knownTextSupport());
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
    await rig.send(mail({ text: "ä" }));
    const { parsed } = await rig.server.waitForMail(2);
    assert.match(parsed.text ?? "", /^ä/);
    assert.equal(parsed.attachments[0]?.content.toString("utf8"), "\ufeffä");
    await rig.stop();
  });

  it("is plain where the module refuses the coding that its subjects have", async () => {
    const { rig } = await supportOf({
      "key-bodyoriginal": "absent",
      "subject-coding": "raw",
      "body-coding": "hex",
    });
    const { warnings } = await rig.send(mail({ text: "ä" }));
    const { parsed } = await rig.server.waitForMail(2);
    assert.match(parsed.text ?? "", /^a/);
    assert.equal(parsed.attachments[0]?.content.toString("utf8"), "\ufeffä");
    assert.deepEqual(warnings.slice(-1), [
      "The module rejected the letters of the text; it is in full in message.txt.",
    ]);
    await rig.stop();
  });

  it("is asked about again after the next start when the answer fitted neither coding", async () => {
    const rig = await mailRig();
    const undo = rig.module.define((context, next) =>
      context.name === "+QSMTPSUB" && context.form === "read"
        ? next({ ...context, info: () => context.info('+QSMTPSUB: 1,"c7a4"') })
        : next(),
    );
    assert.deepEqual(await askedBy(rig), { subject: "unknown", body: "raw" });
    undo();
    assert.equal((await askedBy(rig))?.subject, "unknown");
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    assert.equal((await askedBy(rig))?.subject, "hex");
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
        await rig.send(mail({ subject: SUBJECT, text: BODY }));
        const { parsed } = await rig.server.waitForMail(2);
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
      const rig = await mailRig({ charset });
      await rig.send(mail({ subject, text: body }));
      const { parsed, raw } = await rig.server.waitForMail();
      assert.match(raw.toString("latin1"), new RegExp(`charset="?${charset}`, "i"));
      assert.equal(parsed.subject, subject);
      assert.equal(parsed.text?.trim(), body);
      await rig.stop();
    });
  }
});
