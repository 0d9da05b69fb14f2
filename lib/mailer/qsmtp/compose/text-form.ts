/** In which form a mail's text is written, for a person who says whether it can be read. */
import type { CharsetName } from "../../../quectel/commands/smtp";
import type { OutgoingMail } from "../../mailer";
import type { TextSupport } from "./mail-transaction";
import { compose, type ComposeSettings } from "./compose";

/** The charset of a mail's body, or of its subject where only that needs one, and how its bytes are written. */
export interface TextForm {
  readonly charset: CharsetName;
  readonly coding: TextSupport["body"];
}

export function textFormOf(mail: OutgoingMail, settings: ComposeSettings, support: TextSupport): TextForm {
  const { to, cc, bcc } = mail;
  const history = { ageMs: 0, possibleDuplicate: false, shortSubject: false };
  const { subject, body } = compose(mail, { to, cc, bcc }, { settings, support, history }).transaction;
  return { charset: body.charset === "ascii" ? subject.charset : body.charset, coding: support.body };
}
