/** What the tests of messages and composing share. */
import { createHash } from "node:crypto";
import {
  compose,
  type ComposeSettings,
  type Composed,
  type SendHistory,
} from "../../../lib/mailer/qsmtp/compose/compose";
import type { Envelope } from "../../../lib/mailer/mailer";
import type { MessagePolicy } from "../../../lib/mail/message/message";
import type { OutgoingAttachment } from "../../../lib/mailer/mailer";
import type { OutgoingMail } from "../../../lib/mailer/mailer";
import type { TextSupport } from "../../../lib/mailer/qsmtp/compose/mail-transaction";
import type { TransactionAttachment } from "../../../lib/quectel/files/file-store";
import type { Work } from "../../../lib/mail/message/text";
import type { ErrorCode } from "../../../lib/errors";

export const POLICY: MessagePolicy = { allowFrom: false, attachmentPaths: [] };

/** For assert.throws and assert.rejects. */
export const failsWith = (code: ErrorCode, about = /(?:)/): { code: ErrorCode; message: RegExp } => ({
  code,
  message: about,
});

export function storedAttachment(filename: string, content: string | Buffer = "x"): OutgoingAttachment {
  const bytes = Buffer.from(content);
  return {
    filename,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    async *open() {
      yield bytes;
    },
  };
}

export function storedMail(parts: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    id: "4711",
    unique: "0123456789abcdef0123456789abcdef",
    raisedAt: Date.UTC(2026, 2, 1, 1, 2, 3),
    from: undefined,
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: "Pump 7",
    text: "Level too high.",
    attachments: [],
    ...parts,
  };
}

export interface ComposeParts {
  readonly envelope?: Envelope;
  readonly settings?: Partial<ComposeSettings>;
  readonly support?: TextSupport;
  readonly history?: Partial<SendHistory>;
}

export function composed(mail: OutgoingMail, parts: ComposeParts = {}): Composed {
  return compose(mail, parts.envelope ?? mail, {
    settings: {
      senderName: "Gateway",
      senderAddress: "gateway@example.com",
      charset: "auto",
      lateNote: 10,
      ...parts.settings,
    },
    support: parts.support ?? { subject: "raw", body: "raw" },
    history: { ageMs: 0, possibleDuplicate: false, shortSubject: false, ...parts.history },
  });
}

export async function contentOf(attachment: TransactionAttachment | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (attachment !== undefined) for await (const chunk of attachment.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** What work comes to that is done without letting go of the event loop. */
export function done<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
