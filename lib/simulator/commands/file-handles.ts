/** FILE commands on open files: QFOPEN, QFREAD, QFWRITE, QFSEEK, QFPOSITION, QFTUCAT, QFCLOSE (fact base 3.7). */
import {
  fileError,
  isPattern,
  parseFileName,
  printedName,
  storageOf,
  type FileName,
  type Storage,
  type StoredFile,
} from "../module/file-store";
import {
  answer,
  cme,
  OK,
  testOk,
  type CommandContext,
  type CommandTable,
  type FinalResult,
} from "../device/command";
import { integerIn, quotedText } from "../device/parameters";
import { stateKey, type Device } from "../device/device";
import { formatConnect } from "../line/v250-format";
import { LONGEST_SECONDS, noRoom, timeFrom } from "./file-transfer";

interface OpenFile {
  readonly handle: number;
  readonly name: FileName;
  /** 0 opens or creates, 1 creates or empties, 2 opens for reading only. */
  readonly mode: number;
  readonly file: StoredFile;
  readonly storage: Storage;
  position: number;
}

const MOST_OPEN = 10;
const FIRST_RAM_HANDLE = 3000;
const DEFAULT_WRITE_SIZE = 10_240;
const DEFAULT_WRITE_SECONDS = 5;

const openFiles = stateKey("start", "open files", () => new Map<number, OpenFile>());

/** True while a handle stands for the file. */
export function isOpen(modem: Device, file: StoredFile): boolean {
  return [...modem.state(openFiles).values()].some((open) => open.file === file);
}

function open(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const text = quotedText(parameters[0]);
  const mode = parameters[1] === undefined ? 0 : integerIn(parameters[1], 0, 2);
  if (text === undefined || mode === undefined || parameters.length > 2) return cme(fileError.invalidInput);
  const name = isPattern(text) ? undefined : parseFileName(text);
  if (name === undefined) return cme(fileError.badName);
  const storage = storageOf(modem, name.storage);
  const present = storage.find(name.name);
  if (present !== undefined && isOpen(modem, present)) return cme(fileError.alreadyOpen);
  if (present === undefined && mode === 2) return cme(fileError.notFound);
  const all = modem.state(openFiles);
  if (all.size >= MOST_OPEN) return cme(fileError.tooManyOpen);
  const file = present === undefined || mode === 1 ? storage.create(name.name) : present;
  const handle = freeHandle(modem, name);
  all.set(handle, { handle, name, mode, file, storage, position: 0 });
  context.info(`+QFOPEN: ${handle}`);
  return OK;
}

function freeHandle(modem: Device, { storage }: FileName): number {
  const all = modem.state(openFiles);
  let handle = storage === "RAM" ? FIRST_RAM_HANDLE : Number(modem.variants["first-handle"]);
  while (all.has(handle)) handle++;
  return handle;
}

function listOpen({ modem, info }: CommandContext): FinalResult {
  for (const { name, handle, mode } of modem.state(openFiles).values()) {
    info(`+QFOPEN: "${printedName(name)}",${handle},${mode}`);
  }
  return OK;
}

/** A command whose first parameter is a handle. */
function onHandle(work: (opened: OpenFile, context: CommandContext) => FinalResult | Promise<FinalResult>) {
  return (context: CommandContext): FinalResult | Promise<FinalResult> => {
    const handle = integerIn(context.parameters[0], 0, Infinity);
    if (handle === undefined) return cme(fileError.invalidInput);
    const opened = context.modem.state(openFiles).get(handle);
    return opened === undefined ? cme(fileError.badHandle) : work(opened, context);
  };
}

function read(opened: OpenFile, context: CommandContext): FinalResult {
  const { parameters, port } = context;
  const rest = opened.file.content.length - opened.position;
  const length = parameters[1] === undefined ? rest : integerIn(parameters[1], 1, Infinity);
  if (length === undefined || parameters.length > 2) return cme(fileError.invalidInput);
  if (rest <= 0) return cme(fileError.nothingRead);
  const bytes = opened.file.content.subarray(opened.position, opened.position + length);
  opened.position += bytes.length;
  context.raw(formatConnect(`CONNECT ${bytes.length}`, port.settings));
  context.raw(bytes);
  return OK;
}

async function write(opened: OpenFile, context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const length = parameters[1] === undefined ? DEFAULT_WRITE_SIZE : integerIn(parameters[1], 1, Infinity);
  const seconds =
    parameters[2] === undefined ? DEFAULT_WRITE_SECONDS : integerIn(parameters[2], 1, LONGEST_SECONDS);
  if (length === undefined || seconds === undefined || parameters.length > 3) {
    return cme(fileError.invalidInput);
  }
  if (opened.mode === 2) return cme(fileError.readOnly);
  if (opened.position + length - opened.file.content.length > opened.storage.free) return noRoom(modem);
  const { bytes } = await context.collect({ length, timeMs: seconds * 1000, timeFrom: timeFrom(modem) });
  const { content } = opened.file;
  const end = opened.position + bytes.length;
  opened.file.content = Buffer.concat([content.subarray(0, opened.position), bytes, content.subarray(end)]);
  opened.position = end;
  context.info(`+QFWRITE: ${bytes.length},${opened.file.content.length}`);
  return OK;
}

function seek(opened: OpenFile, { parameters }: CommandContext): FinalResult {
  const offset = integerIn(parameters[1], 0, Infinity);
  const from = parameters[2] === undefined ? 0 : integerIn(parameters[2], 0, 2);
  if (offset === undefined || from === undefined || parameters.length > 3) return cme(fileError.invalidInput);
  const { length } = opened.file.content;
  // From the end the offset counts backwards, or every other offset than 0 would lie outside the file.
  const position = [offset, opened.position + offset, length - offset][from] ?? offset;
  if (position < 0 || position > length) return cme(fileError.beyondEnd);
  opened.position = position;
  return OK;
}

function showPosition(opened: OpenFile, { info }: CommandContext): FinalResult {
  info(`+QFPOSITION: ${opened.position}`);
  return OK;
}

function truncate(opened: OpenFile): FinalResult {
  if (opened.mode === 2) return cme(fileError.readOnly);
  opened.file.content = opened.file.content.subarray(0, opened.position);
  return OK;
}

function close(opened: OpenFile, { modem }: CommandContext): FinalResult {
  modem.state(openFiles).delete(opened.handle);
  return OK;
}

export const fileHandleCommands: CommandTable = {
  "+QFOPEN": { test: answer("+QFOPEN: <filename>[,(0-2)]"), read: listOpen, write: open },
  "+QFREAD": { test: testOk, write: onHandle(read) },
  "+QFWRITE": { test: testOk, write: onHandle(write) },
  "+QFSEEK": { test: testOk, write: onHandle(seek) },
  "+QFPOSITION": { test: testOk, write: onHandle(showPosition) },
  "+QFTUCAT": { test: testOk, write: onHandle(truncate) },
  "+QFCLOSE": { test: testOk, write: onHandle(close) },
};
