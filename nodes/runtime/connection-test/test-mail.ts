/**
 * The test mail: a subject and a body that show whether accents and Chinese characters arrive readable.
 *
 * What it says depends on the charset, because a letter that the charset lacks would make the mail go out in another.
 */
import { randomBytes } from "node:crypto";
import type { OutgoingMail } from "../../../lib/mailer/mailer";
import type { TextSettings } from "../settings/modem-settings";

export interface TestMailText {
  readonly accents: string;
  readonly chinese: string;
}

/** GB 2312 has the accented letters of Pinyin, Big5 of 1984 none; Big5 has traditional characters. */
const TEXTS: Readonly<Record<TextSettings["charset"], TestMailText>> = {
  auto: { accents: "äöüß éèñ åø", chinese: "温度过高" },
  "utf-8": { accents: "äöüß éèñ åø", chinese: "温度过高" },
  gb2312: { accents: "éèü àòê", chinese: "温度过高" },
  big5: { accents: "", chinese: "溫度過高" },
};

export function testMailText(charset: TextSettings["charset"]): TestMailText {
  return TEXTS[charset];
}

/** The mail to one recipient. @param raisedAt ms since 1970. */
export function testMail(
  id: string,
  recipient: string,
  { accents, chinese }: TestMailText,
  raisedAt: number,
): OutgoingMail {
  const sample = [accents, chinese].filter((part) => part !== "").join(" ");
  const lines = [
    "This test mail was sent from Node-RED through the modem.",
    "",
    ...(accents === "" ? [] : [`Accents: ${accents}`]),
    `Chinese: ${chinese}`,
    "",
    "If these cannot be read here or in the subject, choose another encoding in the modem's dialog.",
  ];
  return {
    id,
    unique: randomBytes(16).toString("hex"),
    raisedAt,
    from: undefined,
    to: [recipient],
    cc: [],
    bcc: [],
    subject: `Test ${sample}`,
    text: lines.join("\r\n"),
    attachments: [],
  };
}
