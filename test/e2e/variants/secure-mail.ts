/**
 * A mail by a real TLS handshake with a real server, under a choice of variants: what the suite in memory
 * (`mail-suite.ts`) leaves out.
 */
import assert from "node:assert/strict";
import type { TextSupport } from "../../../lib/mailer/qsmtp/carrier";
import type { VariantChoice } from "../../../lib/simulator";
import {
  ascii,
  attachment,
  awkwardBytes,
  mail,
  mailRig,
  PLAIN,
  utf8,
  type MailRig,
} from "../transaction/mail-rig";

/** Number of mails in it. */
export const SECURE_MAILS = 2;
const SUBJECT = "Füllstand 水位";
const BODY = "Füllstand zu hoch: 3,2 m\n水位过高\n";
const CONTENTS = [awkwardBytes(1), awkwardBytes(1024), awkwardBytes(5_001)];

/** One mail with everything in it over STARTTLS, and a cheap second one; throws where something is wrong. */
export async function passSecurely(variants: VariantChoice): Promise<void> {
  const rig = await secureRig(variants);
  await sendEverything(rig, variants);
  await rig.clock.run(() => rig.files().every((file) => file.startsWith("UFS:ca-")), 10_000);
  const before = rig.lines().length;
  await rig.send(mail());
  assert.equal(rig.lines().length - before, 5, rig.lines().slice(before).join("\n"));
  assert.equal(rig.server.received.length, 2);
  await rig.stop();
}

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
