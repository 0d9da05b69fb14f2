/**
 * The task that sends a mail after QSMTPPUT has said OK (fact base 2.7): checks, context, delivery, time limit.
 *
 * What happens to a mail in flight: a lost or deactivated context ends it with 657, the overall time with 658, a
 * restart without a word, although the server may have taken it.
 */
import { delay } from "../../clock";
import { broken } from "../module/world";
import { findFile } from "../module/file-store";
import { internet } from "./internet";
import { mailDate, type MimeForm, type MimeMail, mimeMessage } from "./mime";
import type { Device } from "../device/device";
import { moduleTime } from "../module/module-clock";
import { activeContext, type ActiveContext } from "../module/pdp-contexts";
import {
  delivered,
  DeliveryFailure,
  type DeliveryResult,
  localFailure,
  resultOf,
  smtpError,
} from "./smtp-codes";
import { deliver, type Delivery } from "./smtp-delivery";
import type { MailContent, SmtpSettings } from "./smtp-state";
import { tlsSettings } from "./ssl-contexts";

const CONTEXT_POLL_MS = 1000;

const securities = ["none", "tls", "starttls"] as const;

/**
 * Sends a mail and returns the numbers of the result line.
 *
 * @param timeoutMs limit of the whole.
 * @param signal ends it without a result; it then rejects.
 */
export async function sendMail(
  modem: Device,
  settings: SmtpSettings,
  content: MailContent,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const end = new AbortController();
  const limit = modem.clock.after(timeoutMs, () =>
    end.abort(localFailure("timeout", "the mail took too long")),
  );
  const onRestart = (): void => end.abort(signal.reason);
  const onContextLost = (): void =>
    end.abort(localFailure("contextLost", `PDP context ${settings.contextId} is gone`));
  let contextEnd: AbortSignal | undefined;
  // Not AbortSignal.any, which leaves a trace in the module's signal for each mail.
  signal.addEventListener("abort", onRestart);
  try {
    signal.throwIfAborted();
    checkContent(settings, content);
    const context = await findContext(modem, settings.contextId, end.signal);
    contextEnd = context.end.signal;
    contextEnd.addEventListener("abort", onContextLost);
    const ended = end.signal;
    const { dataStack } = modem.state(broken);
    if (dataStack !== undefined) return { err: dataStack, protocolError: 0 };
    if (modem.timing.airMs > 0) await delay(modem.clock, modem.timing.airMs, ended);
    const environment = { clock: modem.clock, busy: modem.busy.bind(modem), signal: ended };
    const { mailServer, ...names } = modem.state(internet);
    const emptied = resultOfEmptied(modem, content);
    const whole = deliveryOf(modem, settings, content, context, ended);
    const delivery = emptied === undefined ? whole : { ...whole, message: [] };
    const result = await Promise.race([
      mailServer?.(delivery) ?? deliver(delivery, names, environment),
      rejectWhenAborted(ended),
    ]);
    if (result.err !== 0) return asReported(modem, result);
    // The server has the mail; what the module says of it may still be something else.
    const otherwise = await modem.faults.smtp("accepted");
    ended.throwIfAborted();
    return otherwise === undefined ? (emptied ?? result) : resultOf(otherwise);
  } catch (error) {
    if (error instanceof DeliveryFailure) return error.result;
    throw error;
  } finally {
    limit.clear();
    signal.removeEventListener("abort", onRestart);
    contextEnd?.removeEventListener("abort", onContextLost);
    // Whatever still runs, such as a step that a fault plan holds up, ends here.
    end.abort(localFailure("unknown", "the mail is over"));
  }
}

/** A refusal of the server in the numbers of this firmware. */
function asReported(modem: Device, result: DeliveryResult): DeliveryResult {
  const isRefusal = result.protocolError !== 0 || result.err === smtpError.authenticationType;
  if (!isRefusal || modem.variants["refusal-numbers"] === "by-reply") return result;
  return { err: smtpError.network, protocolError: 0 };
}

function checkContent(settings: SmtpSettings, { recipients }: MailContent): void {
  if (settings.host === "" || settings.senderAddress === "") {
    throw localFailure("parameter", "sender or server is missing");
  }
  if (recipients.length === 0) throw localFailure("noRecipient", "no recipient");
}

async function findContext(modem: Device, id: number, signal: AbortSignal): Promise<ActiveContext> {
  const longest = Number(modem.variants["put-context-wait"]) * 1000;
  for (let waited = 0; ; waited += CONTEXT_POLL_MS) {
    const context = activeContext(modem, id);
    if (context !== undefined) return context;
    if (waited >= longest) throw localFailure("network", `context ${id} is not active`);
    await delay(modem.clock, CONTEXT_POLL_MS, signal);
  }
}

function deliveryOf(
  modem: Device,
  settings: SmtpSettings,
  content: MailContent,
  context: ActiveContext,
  ended: AbortSignal,
): Delivery {
  const addresses = (type: 1 | 2 | 3): readonly string[] =>
    content.recipients.filter((recipient) => recipient.type === type).map(({ address }) => address);
  const mail: MimeMail = {
    senderName: settings.senderName,
    senderAddress: settings.senderAddress,
    to: addresses(1),
    cc: addresses(2),
    bcc: addresses(3),
    subject: content.subject,
    body: bodyOf(modem, content.body),
    attachments: [...content.attachments]
      .sort(([one], [other]) => one - other)
      .map(([, fileName]) => ({ fileName, read: () => readAttachment(modem, fileName) })),
  };
  return {
    host: settings.host,
    port: settings.port,
    security: securities[settings.sslType] ?? "none",
    tls: tlsSettings(modem, settings.sslContextId),
    user: settings.user,
    password: settings.password,
    habits: {
      starttlsMissing: modem.variants["starttls-missing"],
      upperCaseLogin: modem.variants["login-words"] === "upper-case",
      silentPlain: modem.variants["login-plain"] === "silent",
    },
    clientName: modem.variants["ehlo-name"] === "localhost" ? "localhost" : `[${context.addresses[0]}]`,
    sender: settings.senderAddress,
    recipients: [...mail.to, ...mail.cc, ...mail.bcc],
    message: mimeMessage(mail, formOf(modem, settings)),
    async before(step) {
      const refusal = await modem.faults.smtp(step);
      // A step that was held up until the mail was over is taken no more.
      ended.throwIfAborted();
      return refusal;
    },
  };
}

function formOf(modem: Device, settings: SmtpSettings): MimeForm {
  return {
    separator: settings.addressSeparator === 0 ? ", " : "; ",
    lines: modem.variants["mime-form"] === "lines-76" ? 76 : 96,
    emptyToHeader: modem.variants["to-header"] === "empty",
    bccHeader: modem.variants["bcc-header"] === "visible",
    plainSubject: modem.variants["subject-header"] === "plain",
    date: modem.variants["date-header"] === "present" ? mailDate(moduleTime(modem)) : undefined,
  };
}

/** A file is read when the mail in flight has come to it; one deleted meanwhile ends the mail. */
function readAttachment(modem: Device, fileName: string): Buffer {
  const file = findFile(modem, fileName);
  if (file === undefined) throw localFailure("openFile", `no file ${fileName}`);
  return file.content;
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/*
 * What becomes of a mail that the module's client spoils without a word (fact base, mail client): a body that repeats itself,
 * or nothing at all for a full subject or an attachment that cannot be read.
 */

/** The client reads a body in blocks of so many bytes. */
const BODY_BLOCK = 3072;
/** Transaction failed; the number that stands before the reason why a file was not read. */
const TRANSACTION_FAILED = 682;

/** The body as it goes out. */
function bodyOf(modem: Device, body: MailContent["body"]): MailContent["body"] {
  const { bytes } = body;
  if (modem.variants["long-body"] === "whole" || bytes.length <= BODY_BLOCK) return body;
  const first = bytes.subarray(0, BODY_BLOCK);
  const blocks = Array.from({ length: Math.ceil(bytes.length / BODY_BLOCK) }, () => first);
  return { ...body, bytes: Buffer.concat(blocks).subarray(0, bytes.length) };
}

/** The result of a mail that goes out empty; undefined for one that goes out as it is. */
function resultOfEmptied(modem: Device, content: MailContent): DeliveryResult | undefined {
  const { variants } = modem;
  const isFull = content.subject.bytes.length === Number(variants["subject-limit"]);
  if (variants["full-subject"] === "empties" && isFull) return delivered;
  if (variants["bad-attachment"] === "read-late") return undefined;
  for (const fileName of content.attachments.values()) {
    const file = findFile(modem, fileName);
    if (file === undefined) return { err: TRANSACTION_FAILED, protocolError: smtpError.openFile };
    if (file.content.length === 0) return { err: TRANSACTION_FAILED, protocolError: smtpError.unknown };
  }
  return undefined;
}
