/**
 * A mail by a real TLS handshake with a real server, under a choice of variants: what the suite in memory
 * (`mail-suite.ts`) leaves out.
 */
import assert from "node:assert/strict";
import { foldToAscii } from "../../../lib/mail/message/ascii-fold";
import type { TextSupport } from "../../../lib/mailer/qsmtp/compose/mail-transaction";
import type { VariantChoice } from "../../../lib/simulator";
import { attachment, awkwardBytes, mail, mailRig, PLAIN, type MailRig } from "../transaction/mail-rig";

/** Number of mails in it. */
export const SECURE_MAILS = 3;
const SUBJECT = "Füllstand 水位";
const BODY = "Füllstand zu hoch: 3,2 m\n水位过高\n";
const CONTENTS = [awkwardBytes(1), awkwardBytes(1024), awkwardBytes(5_001)];

/** One mail with everything in it over STARTTLS, and a cheap second one; throws where something is wrong. */
export async function passSecurely(variants: VariantChoice): Promise<void> {
  const rig = await secureRig(variants);
  // The module is asked how it takes text.
  await rig.send(mail({ subject: "ä" }));
  await sendEverything(rig, variants);
  await rig.clock.run(() => rig.files().every((file) => file.startsWith("UFS:ca-")), 10_000);
  const before = rig.lines().length;
  await rig.send(mail());
  // Whether a result in front of OK is that of this mail is asked.
  const lines = variants["put-result"] === "before-ok" ? 6 : 5;
  assert.equal(rig.lines().length - before, lines, rig.lines().slice(before).join("\n"));
  assert.equal(rig.server.received.length, SECURE_MAILS);
  await rig.stop();
}

function secureRig(variants: VariantChoice): Promise<MailRig> {
  return mailRig({
    module: { variants },
    server: { tls: "starttls", auth: { user: PLAIN.user, password: PLAIN.password } },
    smtp: { security: "starttls" },
  });
}

/** What arrives of a text that the module is not known to take. */
function asTaken(text: string, support: TextSupport["subject"]): string {
  return support === "unknown" ? foldToAscii(text) : text;
}

async function sendEverything(rig: MailRig, variants: VariantChoice): Promise<void> {
  const support = await rig.clock.until(rig.mailer.knownTextSupport());
  assert.ok(support);
  // The whole text comes as a file where the body can hold only what ASCII has.
  const isFolded = support.body === "unknown";
  const room = variants["attachment-limit"] === "1" ? 1 : CONTENTS.length + 1;
  const contents = CONTENTS.slice(0, room - (isFolded ? 1 : 0));
  await rig.send(
    mail({
      to: ["duty@example.com", "night@example.com"],
      cc: ["boss@example.com"],
      bcc: ["archive@example.com"],
      subject: SUBJECT,
      text: BODY,
      attachments: contents.map((content, at) => attachment(`file-${at}.bin`, content)),
    }),
  );
  const { to, parsed, secure } = await rig.server.waitForMail(2);
  assert.equal(secure, true);
  assert.equal(to.length, 4);
  assert.equal(parsed.subject, asTaken(SUBJECT, support.subject));
  const [file] = parsed.attachments;
  const text = isFolded ? file?.content.toString("utf8") : parsed.text;
  assert.match(text?.replaceAll("\r\n", "\n") ?? "", new RegExp(BODY.trim()));
  assert.deepEqual(
    parsed.attachments
      .slice(isFolded ? 1 : 0)
      .map(({ filename, content }) => `${filename} ${content.toString("hex")}`),
    contents.map((content, at) => `file-${at}.bin ${content.toString("hex")}`),
  );
}
