/** A mail that is really sent, with the settings of the caller, and what the module answers meanwhile. */
import { parseParameters, str } from "../at/command";
import { readPutResult, SSL_TYPES } from "../quectel/commands/smtp";
import { resultText, type Asker, type MailSample } from "./asker";
import type { Reply } from "./forms";
import { isPutResult, untilIdle } from "./put-questions";
import { notAsked, type Answer } from "./question";

const RESULT_MS = 330_000;
const ACTIVATION_MS = 150_000;
/** Text that shows its coding and its headers to whoever reads the mail. */
const SUBJECT = "Facts about a module";
const BODY = "Sent by quectel-modem-facts. Please look at its source: Bcc, Subject, Date and EHLO.\r\n";

/** A login that does not exist, so that no account is locked, and a domain that no server can deliver to (RFC 2606). */
export const REFUSED_LOGIN = { user: "facts-refused", password: "invented" } as const;
export const REFUSED_RECIPIENT = { recipient: "facts@facts.invalid" } as const;

export type SampleMail =
  | {
      readonly kind: "ended";
      /** The result line. */
      readonly result: string;
      /** Answers while the mail was in flight: a mail command, a list of files, an upload. */
      readonly meanwhile: { readonly mail: Reply; readonly list: Reply; readonly upload: Reply };
    }
  | { readonly kind: "failed"; readonly why: string };

/** ASCII without quotes and line ends in the subject. */
export interface SampleText {
  readonly subject?: string;
  readonly body?: string;
}

const sent = new WeakMap<Asker, Promise<SampleMail>>();

/** Sends the mail, once for all questions of a run. */
export function sampleMail(asker: Asker, sample: MailSample): Promise<SampleMail> {
  const present = sent.get(asker) ?? sendSample(asker, sample);
  sent.set(asker, present);
  return present;
}

export const isTaken = (mail: SampleMail): boolean =>
  mail.kind === "ended" && readPutResult(mail.result)?.error === 0;

/** Asks only where the sample itself is taken, since every other failure would look like an answer. */
export async function whereTaken(asker: Asker, ask: (send: MailSample) => Promise<Answer>): Promise<Answer> {
  const { send } = asker.tools;
  if (send === undefined) return notAsked("no mail may be sent");
  return isTaken(await sampleMail(asker, send)) ? ask(send) : notAsked("the sample mail was not taken");
}

/** Sends one that no other question shares. */
export async function sendSample(
  asker: Asker,
  sample: MailSample,
  { subject = SUBJECT, body: text = BODY }: SampleText = {},
): Promise<SampleMail> {
  const { recording } = asker.tools;
  recording.hide([sample.host, sample.user, sample.password, sample.sender, sample.recipient]);
  const activated = await activate(asker, sample.contextId);
  try {
    for (const line of linesOf(sample, subject)) {
      const secrets = [sample.user, sample.password];
      if (asker.mayChangeAccount || !line.includes('"account"')) await asker.ask(line, { secrets });
    }
    const body = Buffer.from(text, "latin1");
    await asker.ask(`AT+QSMTPBODY=0,${body.length},20`, { payload: { size: body.length, source: body } });
    return await asker.files.with(asker, "RAM:", "fact", (name) => put(asker, name));
  } finally {
    await asker.clearMail();
    if (activated) await asker.tidy(`AT+QIDEACT=${sample.contextId}`, { timeoutMs: ACTIVATION_MS });
  }
}

function linesOf(
  { contextId, security, host, port, user, password, sender, recipient }: MailSample,
  subject: string,
): readonly string[] {
  return [
    "AT+QSMTPCLR",
    `AT+QSMTPCFG="contextid",${contextId}`,
    `AT+QSMTPCFG="ssltype",${SSL_TYPES[security]}`,
    `AT+QSMTPCFG="smtpserver",${str(host)},${port}`,
    `AT+QSMTPCFG="account",${str(user)},${str(password)}`,
    `AT+QSMTPCFG="sender","Facts",${str(sender)}`,
    `AT+QSMTPDST=1,3,${str(recipient)}`,
    `AT+QSMTPSUB=0,${str(subject)}`,
  ];
}

/** @param name a file of ours that is in the module. */
async function put(asker: Asker, name: string): Promise<SampleMail> {
  const waiter = asker.module.expect(isPutResult);
  try {
    const reply = await asker.ask("AT+QSMTPPUT=300");
    if (reply.kind === "refused") return { kind: "failed", why: `QSMTPPUT gets ${resultText(reply)}` };
    waiter.start(RESULT_MS);
    const mail = await asker.ask("AT+QSMTPDST?");
    const list = await asker.ask(`AT+QFLST="${name}"`);
    const upload = await asker.files.with(asker, "UFS:", "fact", (_name, uploaded) =>
      Promise.resolve(uploaded),
    );
    const result = await waiter.promise.catch(() => undefined);
    if (result === undefined) return { kind: "failed", why: "no result line came to this port" };
    asker.note(result);
    return { kind: "ended", result, meanwhile: { mail, list, upload } };
  } finally {
    waiter.cancel();
    await untilIdle(asker);
  }
}

/** @returns true when the context was not active and is now. */
async function activate(asker: Asker, contextId: number): Promise<boolean> {
  const reply = await asker.ask("AT+QIACT?");
  const contexts = reply.kind === "ok" ? reply.lines.map((line) => parseParameters(line)) : [];
  asker.tools.recording.hide(contexts.flatMap((one) => [one.text(3) ?? "", one.text(4) ?? ""]));
  if (contexts.some((one) => one.integer(0) === contextId)) return false;
  return (await asker.ask(`AT+QIACT=${contextId}`, { timeoutMs: ACTIVATION_MS })).kind === "ok";
}
