/**
 * Hostile messages: every property of the vocabulary, through reading, composing and the spelling of the commands; some
 * of them through a whole dialogue with a simulated module, whose delivered mail is then looked at.
 */
import { createHash } from "node:crypto";
import { isModemError } from "../../../lib/errors";
import { compose } from "../../../lib/mailer/qsmtp/compose/compose";
import { planEnvelopes } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { recipientsOf } from "../../../lib/mailer/outgoing";
import type { Envelope, OutgoingMail, Transaction } from "../../../lib/mailer/mailer";
import type { Mail } from "../../../lib/mail/mail";
import { readMessage, type FixedFields } from "../../../lib/mail/message/message";
import type { MailTransaction } from "../../../lib/mailer/qsmtp/compose/mail-transaction";
import { addRecipient, setSubject, mailSetting } from "../../../lib/quectel/commands/smtp";
import { codedSubject } from "../../../lib/mailer/qsmtp/text-coding";
import { memoryRig, type MemoryRig } from "../../support/memory-rig";
import { MESSAGE_PROPERTIES } from "../../support/message-properties";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";
import { anyText, anyValue } from "./values";

const PROPERTIES = [...MESSAGE_PROPERTIES, "smtp", "error"] as const;
const ADDRESSES = [
  "duty@example.com",
  "boss@example.com",
  ["a@example.com", "b@example.org"],
  "Duty <duty@example.com>, x@example.net",
] as const;
/** What reading and composing a message may say of it. */
const REFUSALS = /^(INVALID|LIMIT)_/;

export function anyMessage(dice: Dice): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const property of PROPERTIES) if (dice.hit(0.25)) message[property] = anyValue(dice);
  if (dice.hit(0.75)) message["to"] = dice.pick(ADDRESSES);
  if (dice.hit(0.7)) delete message["from"];
  if (dice.hit(0.8)) delete message["priority"];
  if (dice.hit(0.5)) message["topic"] = anyText(dice);
  if (dice.hit(0.5)) message["payload"] = anyText(dice);
  if (dice.hit(0.4)) delete message["attachments"];
  else if (dice.hit(0.6))
    message["attachments"] = Array.from({ length: dice.between(0, 3) }, () => anyAttachment(dice));
  return message;
}

function anyAttachment(dice: Dice): unknown {
  return {
    filename: dice.hit(0.7) ? anyText(dice) : anyValue(dice),
    content: dice.hit(0.8) ? dice.bytes(dice.between(1, 50)) : anyValue(dice),
    ...(dice.hit(0.1) && { path: anyValue(dice) }),
    ...(dice.hit(0.1) && { encoding: anyValue(dice) }),
  };
}

function anyFields(dice: Dice): FixedFields {
  const names = ["to", "cc", "bcc", "subject", "body"] as const;
  return Object.fromEntries(names.filter(() => dice.hit(0.05)).map((name) => [name, anyValue(dice)]));
}

/** Reads and composes one message. Returns its transactions; none when it was refused. */
export async function tryMessage(
  dice: Dice,
  found: Findings,
  where: string,
): Promise<readonly Transaction[]> {
  let mail: Mail;
  try {
    mail = await readMessage(anyMessage(dice), anyFields(dice), {
      allowFrom: dice.hit(0.5),
      attachmentPaths: [],
    });
  } catch (error) {
    found.expectError(error, REFUSALS, where);
    return [];
  }
  try {
    const stored = storedOf(mail);
    const composed = composedOf(stored, dice);
    for (const { asWritten } of composed) checkSpelling(asWritten, found, where);
    return composed.map(({ envelope }) => ({ mail: stored, envelope }));
  } catch (error) {
    found.expectError(error, REFUSALS, where);
    return [];
  }
}

interface ComposedEnvelope {
  readonly envelope: Envelope;
  readonly asWritten: MailTransaction;
}

function composedOf(mail: OutgoingMail, dice: Dice): readonly ComposedEnvelope[] {
  const coding = dice.pick(["raw", "hex", "unknown"] as const);
  const settings = {
    senderName: anyText(dice),
    senderAddress: "pump7@example.com",
    charset: dice.pick(["auto", "utf-8", "gb2312", "big5"] as const),
    lateNote: 10,
  };
  const history = {
    ageMs: dice.pick([0, 3600_000]),
    possibleDuplicate: dice.hit(0.2),
    shortSubject: dice.hit(0.1),
  };
  const support = { subject: coding, body: coding };
  return planEnvelopes(mail, dice.pick(["private", "module"] as const)).map((envelope) => ({
    envelope,
    asWritten: compose(mail, envelope, { settings, support, history }).transaction,
  }));
}

let mails = 0;

function storedOf({ from, to, cc, bcc, subject, text, attachments }: Mail): OutgoingMail {
  return {
    id: `hostile-${++mails}`,
    unique: "0123456789abcdef0123456789abcdef",
    raisedAt: 0,
    from,
    to,
    cc,
    bcc,
    subject,
    text,
    attachments: attachments.flatMap(({ filename, content }) =>
      content.kind === "bytes"
        ? [
            {
              filename,
              size: content.bytes.length,
              sha256: createHash("sha256").update(content.bytes).digest("hex"),
              open: async function* () {
                yield content.bytes;
              },
            },
          ]
        : [],
    ),
  };
}

/** The lines of a mail as the commands spell them; what no line can carry is refused by them. */
function checkSpelling(mail: MailTransaction, found: Findings, where: string): void {
  const lines: string[] = [];
  const spell = (make: () => { readonly line: string }): void => {
    try {
      lines.push(make().line);
    } catch (error) {
      found.expectError(error, REFUSALS, where);
    }
  };
  for (const address of [...mail.to, ...mail.cc, ...mail.bcc]) spell(() => addRecipient("to", address));
  for (const coding of ["raw", "hex"] as const) {
    const support = { subject: coding, body: coding };
    spell(() => setSubject(mail.subject.charset, codedSubject(mail.subject, support)));
  }
  spell(() => mailSetting({ key: "sender", name: mail.senderName, address: mail.senderAddress }));
  found.checkLines(lines, where);
  const names = mail.attachments.map(({ name }) => name);
  for (const name of names) {
    if (!/^[A-Za-z0-9._-]{1,80}$/.test(name))
      found.add("commandLines", where, `file name ${JSON.stringify(name)}`);
  }
}

const HEADERS: ReadonlySet<string> = new Set([
  "From",
  "To",
  "Cc",
  "Bcc",
  "Subject",
  "MIME-Version",
  "Content-Type",
]);

/** A module to which hostile mails are sent one after the other. */
export class Dialogues {
  private rig: MemoryRig | undefined;
  private sent = 0;

  constructor(private readonly found: Findings) {}

  async send(one: Transaction, where: string): Promise<void> {
    this.rig ??= await readyRig();
    const { module, server, sendNow } = this.rig;
    module.log.clear();
    const before = server.received.length;
    let isSent = false;
    try {
      await sendNow(one, {}, 6 * 3600_000);
      isSent = true;
    } catch (error) {
      if (!isModemError(error)) this.found.add("escaped", where, String(error));
    }
    const lines = module.log.lines();
    this.found.checkLines(lines, where);
    if (isSent) {
      const files = this.checkCount(one, lines, where);
      const arrived = server.received.slice(before);
      if (arrived.length !== 1) this.found.add("injectedHeaders", where, `${arrived.length} mails arrived`);
      for (const { text, recipients } of arrived) this.checkArrival(one, files, { text, recipients }, where);
    }
    server.received.length = 0;
    if (++this.sent % 200 === 0) await this.close();
  }

  async close(): Promise<void> {
    await this.rig?.close();
    this.rig = undefined;
  }

  /** Never one more than the transaction needs, and a file for a long text. Returns the number of files. */
  private checkCount({ mail, envelope }: Transaction, all: readonly string[], where: string): number {
    // A module that refused a value is cleared and filled once more.
    const lines = all.slice(all.lastIndexOf("AT+QSMTPCLR"));
    const count = (begin: string): number => lines.filter((line) => line.startsWith(begin)).length;
    const needed: readonly (readonly [string, number])[] = [
      ["AT+QSMTPCLR", 1],
      ["AT+QSMTPDST=", recipientsOf(envelope).length],
      ["AT+QSMTPSUB=", 1],
      ["AT+QSMTPBODY=", 1],
      ["AT+QSMTPATT=", mail.attachments.length + 1],
      ["AT+QSMTPPUT=", 1],
      ["AT+CFUN", 0],
      ["AT+CPIN=", 0],
    ];
    for (const [begin, wanted] of needed) {
      if (count(begin) > wanted)
        this.found.add("commandLines", where, `${count(begin)} x ${begin}, ${wanted} needed`);
    }
    return count("AT+QSMTPATT=");
  }

  private checkArrival(
    { envelope }: Transaction,
    files: number,
    { text, recipients }: { readonly text: string; readonly recipients: readonly string[] },
    where: string,
  ): void {
    const head = text.slice(0, text.indexOf("\r\n\r\n"));
    const names = head
      .replaceAll(/\r\n[ \t]/g, " ")
      .split("\r\n")
      .map((line) => line.split(":", 1)[0] ?? "");
    const isOdd = names.some((name) => !HEADERS.has(name)) || new Set(names).size !== names.length;
    if (isOdd || /[^\r]\n|\r[^\n]/.test(head)) this.found.add("injectedHeaders", where, JSON.stringify(head));
    const wanted = recipientsOf(envelope);
    if (wanted.join() !== recipients.join())
      this.found.add("injectedHeaders", where, `went to ${recipients.join()}`);
    const parts = text.split("\r\n------=_Quectel_Mail_Boundary_7E1D_0001\r\n").length - 1;
    if (parts !== 1 + files) this.found.add("injectedHeaders", where, `${parts} parts`);
  }
}

async function readyRig(): Promise<MemoryRig> {
  const rig = memoryRig();
  rig.modem.acquire();
  await rig.clock.until(rig.modem.whenReady());
  return rig;
}
