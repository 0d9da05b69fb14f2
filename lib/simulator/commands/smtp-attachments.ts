/** AT+QSMTPATT: files that go with the mail (fact base 2.5). */
import { findFile, parseFileName } from "../module/file-store";
import { cme, OK, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { smtpError } from "../delivery/smtp-codes";
import { smtpClient } from "../delivery/smtp-state";
import { whenIdle, wrongParameter } from "./smtp-guard";

const limit = (modem: Device): number => Number(modem.variants["attachment-limit"]);

function describe({ modem, info }: CommandContext): FinalResult {
  info(`+QSMTPATT: (0,1),(1-${limit(modem)}),<file_name>`);
  return OK;
}

function list({ modem, info }: CommandContext): FinalResult {
  const { attachments } = smtpClient(modem).content;
  for (const index of [...attachments.keys()].sort((one, other) => one - other)) {
    const name = attachments.get(index) ?? "";
    info(`+QSMTPATT: ${index},"${name}",${findFile(modem, name)?.content.length ?? 0}`);
  }
  return OK;
}

function change(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const index = integerIn(parameters[1], 1, limit(modem));
  const name = quotedText(parameters[2]);
  if (parameters.length > 3) return wrongParameter;
  if (parameters[2] !== undefined && name === undefined) return wrongParameter;
  const mode = integerIn(parameters[0], 0, 1);
  if (mode === 0) return parameters.length === 1 ? removeAll(modem) : remove(modem, index, name);
  if (mode !== 1 || index === undefined || name === undefined) return wrongParameter;
  return add(modem, index, name);
}

function add(modem: Device, index: number, name: string): FinalResult {
  if (parseFileName(name) === undefined) return wrongParameter;
  if (findFile(modem, name) === undefined) return cme(smtpError.openFile);
  smtpClient(modem).content.attachments.set(index, name);
  return OK;
}

function remove(modem: Device, index: number | undefined, name: string | undefined): FinalResult {
  const { attachments } = smtpClient(modem).content;
  const present = index === undefined ? undefined : attachments.get(index);
  if (index === undefined || present === undefined) return wrongParameter;
  if (name !== undefined && name !== present) return wrongParameter;
  attachments.delete(index);
  return OK;
}

function removeAll(modem: Device): FinalResult {
  smtpClient(modem).content.attachments.clear();
  return OK;
}

export const smtpAttachmentCommands: CommandTable = {
  "+QSMTPATT": { test: describe, read: whenIdle(list), write: whenIdle(change) },
};
