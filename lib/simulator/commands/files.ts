/** FILE commands about whole files: QFLDS, QFLST, QFDEL, QFMOV (fact base 3.2 to 3.4, 3.7). */
import {
  fileError,
  isPattern,
  parseFileName,
  printedName,
  storageOf,
  type FileName,
  type StoredFile,
} from "../module/file-store";
import {
  answer,
  cme,
  ERROR,
  OK,
  testOk,
  type CommandContext,
  type CommandHandler,
  type CommandTable,
  type Feature,
  type FinalResult,
} from "../device/command";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { fileHandleCommands, isOpen } from "./file-handles";
import { fileTransferCommands } from "./file-transfer";

const deleteErrors = { "405": fileError.notFound, "418": fileError.deleteFailed } as const;
const listErrors = {
  "405": fileError.notFound,
  "417": fileError.listFailed,
  "418": fileError.deleteFailed,
} as const;

function showTotals({ modem, info }: CommandContext): FinalResult {
  const ufs = storageOf(modem, "UFS");
  info(`+QFLDS: ${ufs.used},${ufs.all().length}`);
  return OK;
}

function showSpace({ modem, parameters, info }: CommandContext): FinalResult {
  const name = quotedText(parameters[0])?.toUpperCase();
  if (parameters.length !== 1 || (name !== "UFS" && name !== "RAM")) return cme(fileError.invalidInput);
  const { free, total } = storageOf(modem, name);
  info(name === "RAM" ? `+QFLDS: ${free},${total},${free}` : `+QFLDS: ${free},${total}`);
  return OK;
}

function list(context: CommandContext, pattern: FileName): FinalResult {
  const { modem } = context;
  const files = storageOf(modem, pattern.storage).matching(pattern.name);
  for (const file of files) context.info(listLine(modem, pattern, file));
  const nothing = modem.variants["list-nothing"];
  return files.length > 0 || nothing === "ok" ? OK : cme(listErrors[nothing]);
}

function listLine(modem: Device, { storage }: FileName, file: StoredFile): string {
  const showsReserved = storage === "RAM" && modem.variants["list-ram-size"] === "present";
  const line = `+QFLST: "${printedName({ storage, name: file.name })}",${file.content.length}`;
  return showsReserved ? `${line},${file.reserved}` : line;
}

function listNamed(context: CommandContext): FinalResult {
  const pattern = fileParameter(context);
  return pattern === undefined ? cme(fileError.badName) : list(context, pattern);
}

function deleteFiles(context: CommandContext): FinalResult {
  const { modem } = context;
  const pattern = fileParameter(context);
  if (pattern === undefined) return cme(fileError.badName);
  const storage = storageOf(modem, pattern.storage);
  const files = storage.matching(pattern.name);
  if (files.length === 0) {
    const emptied = isPattern(pattern.name) && modem.variants["delete-empty-store"] === "ok";
    return emptied ? OK : cme(deleteErrors[modem.variants["missing-file"]]);
  }
  if (files.some((file) => isOpen(modem, file))) return cme(fileError.alreadyOpen);
  for (const file of files) storage.delete(file.name);
  return OK;
}

/** `"src","dst"[,copy[,overwrite]]`; flash to RAM is not possible. */
function move(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const [from, to] = [quotedText(parameters[0]), quotedText(parameters[1])].map(parsePlainName);
  const copy = parameters[2] === undefined ? 0 : integerIn(parameters[2], 0, 1);
  const overwrite = parameters[3] === undefined ? 0 : integerIn(parameters[3], 0, 1);
  if (copy === undefined || overwrite === undefined || parameters.length > 4)
    return cme(fileError.invalidInput);
  if (from === undefined || to === undefined) return cme(fileError.badName);
  const source = storageOf(modem, from.storage).find(from.name);
  const target = storageOf(modem, to.storage);
  const present = target.find(to.name);
  if (source === undefined) return cme(fileError.notFound);
  if (present !== undefined && overwrite === 0) return cme(fileError.exists);
  if (from.storage === "UFS" && to.storage === "RAM") return cme(fileError.moveFailed);
  if ([source, present].some((file) => file !== undefined && isOpen(modem, file))) {
    return cme(fileError.alreadyOpen);
  }
  if (source.content.length > target.free) return cme(fileError.noRoom);
  if (copy === 0) storageOf(modem, from.storage).delete(from.name);
  target.create(to.name, source.reserved).content = Buffer.from(source.content);
  return OK;
}

function parsePlainName(text: string | undefined): FileName | undefined {
  return text === undefined || isPattern(text) ? undefined : parseFileName(text);
}

/** The one parameter of a command, a quoted name or pattern. */
function fileParameter({ parameters }: CommandContext): FileName | undefined {
  const text = parameters.length === 1 ? quotedText(parameters[0]) : undefined;
  return text === undefined ? undefined : parseFileName(text);
}

/** What a name in the storage that is missing gets. */
const noStorage = {
  "406": cme(fileError.badName),
  "400": cme(fileError.invalidInput),
  error: ERROR,
  "3": cme(3),
} as const;

/** Firmware may have no RAM storage, or no handles. */
function whenKnown(handler: CommandHandler, takesHandles: boolean): CommandHandler {
  return (context) => {
    const { modem, parameters } = context;
    const ram = modem.variants["ram-storage"];
    if (takesHandles && modem.variants["file-handles"] === "absent") return ERROR;
    const isMissing = parameters.some((parameter) => /^RAM(:|$)/i.test(quotedText(parameter) ?? ""));
    return ram !== "present" && isMissing ? noStorage[ram] : handler(context);
  };
}

function guarded(commands: CommandTable, takesHandles = false): CommandTable {
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      Object.fromEntries(
        forms.flatMap((form) => {
          const handler = command[form];
          return handler === undefined ? [] : [[form, whenKnown(handler, takesHandles)]];
        }),
      ),
    ]),
  );
}

const forms = ["exec", "read", "test", "write"] as const;

const fileCommands: CommandTable = {
  "+QFLDS": { test: testOk, exec: showTotals, write: showSpace },
  "+QFLST": {
    test: testOk,
    exec: (context) => list(context, { storage: "UFS", name: "*" }),
    write: listNamed,
  },
  "+QFDEL": { test: answer("+QFDEL: <filename>"), write: deleteFiles },
  "+QFMOV": {
    test: answer("+QFMOV: <src_filename>,<dst_filename>[,(0,1)[,(0,1)]]"),
    write: move,
  },
  ...fileTransferCommands,
};

export const filesFeature: Feature = {
  name: "files",
  commands: { ...guarded(fileCommands), ...guarded(fileHandleCommands, true) },
};
