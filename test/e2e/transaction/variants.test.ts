import assert from "node:assert/strict";
import type { TextSupport } from "../../../lib/quectel/carrier";
import { variantNames, variantTable, type VariantChoice } from "../../../lib/simulator";
import { ascii, attachment, awkwardBytes, mail, mailRig, PLAIN, utf8, type MailRig } from "./mail-rig";

const SUBJECT = "Füllstand 水位";
const BODY = "Füllstand zu hoch: 3,2 m\n水位过高\n";
const CONTENTS = [Buffer.alloc(0), awkwardBytes(1024), awkwardBytes(5_001)];

/** Every value of every switch that is not its default. */
const SINGLE_VARIANTS: readonly VariantChoice[] = variantNames.flatMap((name) =>
  variantTable[name].values
    .filter((value) => value !== variantTable[name].default)
    .map((value): VariantChoice => ({ [name]: value })),
);

function secureRig(variants: VariantChoice): Promise<MailRig> {
  return mailRig({
    module: { variants },
    server: { tls: "starttls", auth: { user: PLAIN.user, password: PLAIN.password } },
    smtp: { security: "starttls" },
  });
}

/** What the module is known to take of a text; the rest is the mail layer's business. */
function asTaken(text: string, support: TextSupport["subject"]) {
  return support === "unknown" ? ascii(text.replace(/[^\n -~]/g, "?")) : utf8(text);
}

function wasTaken(text: string, support: TextSupport["subject"]): string {
  return asTaken(text, support).bytes.toString();
}

async function sendEverything(rig: MailRig, variants: VariantChoice): Promise<void> {
  const support = await rig.clock.until(rig.carrier.textSupport());
  const contents = CONTENTS.slice(0, variants["attachment-limit"] === "1" ? 1 : 3);
  await rig.send(
    mail({
      to: ["duty@example.com", "night@example.com"],
      cc: ["boss@example.com"],
      bcc: ["archive@example.com"],
      subject: asTaken(SUBJECT, support.subject),
      body: asTaken(BODY, support.body),
      attachments: contents.map((content, at) => attachment(`file-${at}.bin`, content)),
    }),
  );
  const { to, parsed, secure } = await rig.server.waitForMail(1);
  assert.equal(secure, true);
  assert.equal(to.length, 4);
  assert.equal(parsed.subject, wasTaken(SUBJECT, support.subject));
  assert.equal(parsed.text?.trim(), wasTaken(BODY, support.body).trim());
  assert.deepEqual(
    parsed.attachments.map(({ filename, content }) => `${filename} ${content.toString("hex")}`),
    contents.map((content, at) => `file-${at}.bin ${content.toString("hex")}`),
  );
}

describe("under every single variant of the module", () => {
  for (const variants of SINGLE_VARIANTS) {
    it(`mails go out, fail and go out after a restart: ${Object.entries(variants).flat().join(" = ")}`, async () => {
      const rig = await secureRig(variants);
      await sendEverything(rig, variants);
      await rig.clock.run(() => rig.files().every((file) => file.startsWith("UFS:ca-")), 10_000);

      rig.server.refuse = { rcpt: 550 };
      const before = rig.lines().length;
      await assert.rejects(rig.send(mail()), { code: "SMTP_MAILBOX_UNAVAILABLE", smtpCode: 550 });
      assert.equal(rig.lines().length - before, 5, rig.lines().slice(before).join("\n"));

      rig.server.refuse = {};
      rig.module.restart("restart");
      await rig.clock.run(() => rig.modem.epoch > 1 && rig.carrier.available);
      await rig.send(mail());
      assert.equal(rig.server.received.length, 2);
      await rig.stop();
    });
  }
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
