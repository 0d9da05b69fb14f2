/** Recipients, subject and body of the mail: QSMTPDST, QSMTPSUB, QSMTPBODY, QSMTPCLR (fact base 2.2 to 2.4, 2.6). */
import {
  answer,
  cme,
  ERROR,
  OK,
  testOk,
  type CommandContext,
  type CommandTable,
  type FinalResult,
} from "../device/command";
import type { CharsetNumber } from "../delivery/mime";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { smtpError } from "../delivery/smtp-codes";
import { emptyContent, smtpClient, smtpSettings, type RecipientType } from "../delivery/smtp-state";
import { timeFrom } from "./file-transfer";
import { limitedText, whenIdle, wrongParameter } from "./smtp-guard";

const LONGEST_BODY = 10_240;
const LONGEST_SECONDS = 65_535;
const DEFAULT_SECONDS = 90;

const recipientTypes = [1, 2, 3] as const;
const charsets = [0, 1, 2, 3] as const;

function listRecipients({ modem, info }: CommandContext): FinalResult {
  const { recipients } = smtpClient(modem).content;
  for (const type of recipientTypes) {
    for (const recipient of recipients) {
      if (recipient.type === type) info(`+QSMTPDST: ${type},"${recipient.address}"`);
    }
  }
  return OK;
}

function changeRecipients(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const [mode, type, address] = parameters;
  const chosen = recipientTypes.find((known) => known === integerIn(type, 1, 3));
  const text = limitedText(modem, address);
  if (parameters.length > 3 || (type !== undefined && chosen === undefined)) return wrongParameter;
  if (address !== undefined && text === undefined) return wrongParameter;
  const chosenMode = integerIn(mode, 0, 1);
  if (chosenMode === 0) return deleteRecipients(modem, chosen, text);
  if (chosenMode !== 1 || chosen === undefined || text === undefined || text === "") return wrongParameter;
  return addRecipient(modem, chosen, text);
}

function addRecipient(modem: Device, type: RecipientType, address: string): FinalResult {
  const { content } = smtpClient(modem);
  if (content.recipients.length >= Number(modem.variants["recipient-limit"])) return cme(smtpError.memory);
  content.recipients = [...content.recipients, { type, address }];
  return OK;
}

/** Deletes one recipient, all of a type, or all. */
function deleteRecipients(
  modem: Device,
  type: RecipientType | undefined,
  address: string | undefined,
): FinalResult {
  const { content } = smtpClient(modem);
  const kept = content.recipients.filter(
    (recipient) =>
      (type !== undefined && recipient.type !== type) ||
      (address !== undefined && recipient.address !== address),
  );
  if (address !== undefined && kept.length === content.recipients.length) return cme(smtpError.noRecipient);
  content.recipients = kept;
  return OK;
}

function showSubject({ modem, info }: CommandContext): FinalResult {
  const { charset, bytes } = smtpClient(modem).content.subject;
  const text = isHexSubject(modem, charset) ? bytes.toString("hex").toUpperCase() : bytes.toString("latin1");
  info(`+QSMTPSUB: ${charset},"${text}"`);
  return OK;
}

function setSubject({ modem, parameters }: CommandContext): FinalResult {
  const charset = charsets.find((known) => known === integerIn(parameters[0], 0, 3));
  const text = quotedText(parameters[1]);
  if (charset === undefined || text === undefined || parameters.length !== 2) return wrongParameter;
  const bytes = isHexSubject(modem, charset) ? fromHex(text) : Buffer.from(text, "latin1");
  if (bytes === undefined || bytes.length > Number(modem.variants["subject-limit"])) return wrongParameter;
  smtpClient(modem).content.subject = { charset, bytes };
  return OK;
}

function isHexSubject(modem: Device, charset: CharsetNumber): boolean {
  return charset !== 0 && modem.variants["subject-coding"] === "hex";
}

function describeBody({ modem, info }: CommandContext): FinalResult {
  const time = modem.variants["body-test"] === "range" ? `(1-${LONGEST_SECONDS})` : "<input_time>";
  info(`+QSMTPBODY: (0-3),(1-${LONGEST_BODY}),${time}`);
  return OK;
}

async function takeBody(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const charset = charsets.find((known) => known === integerIn(parameters[0], 0, 3));
  const length = integerIn(parameters[1], 1, LONGEST_BODY);
  const seconds =
    parameters[2] === undefined ? DEFAULT_SECONDS : integerIn(parameters[2], 1, LONGEST_SECONDS);
  if (charset === undefined || length === undefined || seconds === undefined || parameters.length > 3) {
    return wrongParameter;
  }
  const client = smtpClient(modem);
  client.activity = "takingBody";
  try {
    const { bytes, end } = await context.collect({
      length,
      timeMs: seconds * 1000,
      timeFrom: timeFrom(modem),
    });
    const body = isHexBody(modem, charset) ? fromHex(bytes.toString("latin1")) : bytes;
    if (body === undefined) return wrongParameter;
    if (bytes.length > 0) client.content.body = { charset, bytes: body };
    if (end === "length" && modem.variants["body-empty-line"] === "present") context.raw("\r\n");
    context.info(`+QSMTPBODY: ${bytes.length}`);
    return OK;
  } finally {
    client.activity = "idle";
  }
}

function isHexBody(modem: Device, charset: CharsetNumber): boolean {
  return charset !== 0 && smtpSettings(modem).bodyOriginal === 0 && modem.variants["body-coding"] === "hex";
}

/** The bytes of a text of hex digits, undefined for any other text. */
function fromHex(digits: string): Buffer | undefined {
  return /^([0-9a-fA-F]{2})*$/.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

function readBody({ modem }: CommandContext): FinalResult {
  return modem.variants["body-read"] === "ok" ? OK : ERROR;
}

function clear({ modem }: CommandContext): FinalResult {
  smtpClient(modem).content = emptyContent();
  return OK;
}

export const smtpContentCommands: CommandTable = {
  "+QSMTPDST": {
    test: answer("+QSMTPDST: (0,1),(1-3),<emailaddr>"),
    read: whenIdle(listRecipients),
    write: whenIdle(changeRecipients),
  },
  "+QSMTPSUB": {
    test: answer("+QSMTPSUB: (0-3),<subject>"),
    read: whenIdle(showSubject),
    write: whenIdle(setSubject),
  },
  "+QSMTPBODY": { test: describeBody, read: whenIdle(readBody), write: whenIdle(takeBody) },
  "+QSMTPCLR": { test: testOk, exec: whenIdle(clear) },
};
