/** FILE commands that carry whole files: QFUPL and QFDWL (fact base 3.5, 3.6). */
import { fileChecksum, fileError, findFile, isPattern, parseFileName, storageOf } from "../module/file-store";
import { cme, OK, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { formatConnect } from "../line/v250-format";

const DEFAULT_SIZE = 10_240;
const DEFAULT_SECONDS = 5;
export const LONGEST_SECONDS = 65_535;

const roomErrors = {
  "420": fileError.noRoom,
  "423": fileError.tooLarge,
  "403": fileError.driveFull,
} as const;

/** The error this firmware gives when a file does not fit. */
export function noRoom(modem: Device): FinalResult {
  return cme(roomErrors[modem.variants["no-room"]]);
}

/** What the waiting time of data counts from. */
export function timeFrom(modem: Device): "connect" | "lastByte" {
  return modem.variants["input-time"] === "total" ? "connect" : "lastByte";
}

async function upload(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const text = quotedText(parameters[0]);
  const size = parameters[1] === undefined ? DEFAULT_SIZE : integerIn(parameters[1], 1, Infinity);
  const seconds =
    parameters[2] === undefined ? DEFAULT_SECONDS : integerIn(parameters[2], 1, LONGEST_SECONDS);
  const acknowledged = parameters[3] === undefined ? 0 : integerIn(parameters[3], 0, 1);
  if (text === undefined || size === undefined || seconds === undefined) return cme(fileError.invalidInput);
  if (acknowledged === undefined || parameters.length > 4) return cme(fileError.invalidInput);
  const name = isPattern(text) ? undefined : parseFileName(text);
  if (name === undefined) return cme(fileError.badName);
  const storage = storageOf(modem, name.storage);
  if (storage.find(name.name) !== undefined) return cme(fileError.exists);
  if (size > storage.free) return noRoom(modem);

  // The name is taken from CONNECT on: an upload cut off by a restart leaves it behind in flash.
  const file = storage.create(name.name, name.storage === "RAM" ? size : 0);
  const { bytes, end } = await context.collect({
    length: size,
    timeMs: seconds * 1000,
    timeFrom: timeFrom(modem),
    ...(acknowledged === 1 ? { onBlock: () => context.raw("A") } : {}),
  });
  file.content = bytes;
  const late = end === "time" ? modem.variants["upload-timeout"] : "ok";
  if (late !== "421") context.info(`+QFUPL: ${bytes.length},${printedChecksum(modem, bytes)}`);
  if (late !== "ok") return cme(fileError.timeout);
  return OK;
}

function download(context: CommandContext): FinalResult {
  const { modem, parameters, port } = context;
  const text = quotedText(parameters[0]);
  if (text === undefined || parameters.length !== 1) return cme(fileError.invalidInput);
  const file = findFile(modem, text);
  if (file === undefined) return cme(fileError.notFound);
  context.raw(formatConnect("CONNECT", port.settings));
  context.raw(file.content);
  context.info(`+QFDWL: ${file.content.length},${printedChecksum(modem, file.content)}`);
  return OK;
}

function printedChecksum(modem: Device, content: Uint8Array): string {
  const digits = fileChecksum(content).toString(16);
  return modem.variants["checksum-form"] === "short" ? digits : digits.toUpperCase().padStart(4, "0");
}

function describeUpload({ modem, info }: CommandContext): FinalResult {
  info(`+QFUPL: <filename>[,(1-${storageOf(modem, "UFS").free})[,(1-${LONGEST_SECONDS})[,(0,1)]]]`);
  return OK;
}

function describeDownload({ info }: CommandContext): FinalResult {
  info("+QFDWL: <filename>");
  return OK;
}

export const fileTransferCommands: CommandTable = {
  "+QFUPL": { test: describeUpload, write: upload },
  "+QFDWL": { test: describeDownload, write: download },
};
