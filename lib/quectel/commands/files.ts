/**
 * The FILE commands of the module: space, list, delete, upload. None makes an empty file: no firmware needs one.
 *
 * Source: Quectel FILE AT Commands Manual; differences between firmwares are in the comments. Nothing here decides
 * which file goes where (`files/file-store.ts`), and there is no constructor that could delete by a wildcard.
 */
import { type Command, type Payload, fileName, nothing, num, parseParameters, str } from "../../at/command";
import { firstParameters, required, TIMEOUT_MS } from "./common";

/** Flash that stays, or memory that is empty after a restart. */
export type Storage = "UFS" | "RAM";

export interface StorageSpace {
  /** Bytes. */
  readonly free: number;
  readonly total: number;
  /** Largest single file in bytes; RAM only. */
  readonly largest: number;
}

export interface FileEntry {
  /** As the module writes it: RAM files with `RAM:`, UFS files without a storage. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

export interface UploadResult {
  /** Bytes that the module has stored. */
  readonly size: number;
  /** See `files/checksum.ts`. */
  readonly checksum: number;
}

/** The manual's response time is 300 ms; a flash that tidies itself up takes its time. */
const FLASH_MS = 30_000;

/** Space of a storage: `+QFLDS: <free>,<total>[,<largest>]`, the third for RAM only. */
export function querySpace(storage: Storage): Command<StorageSpace> {
  return {
    line: `AT+QFLDS=${str(storage)}`,
    headers: ["+QFLDS"],
    timeoutMs: TIMEOUT_MS.short,
    parse: (response) => {
      const parameters = firstParameters(response);
      const free = required(parameters.integer(0), "free space");
      return {
        free,
        total: required(parameters.integer(1), "total space"),
        largest: parameters.integer(2) ?? free,
      };
    },
  };
}

/**
 * The entry of one file, undefined when it is not there. Nothing found is answered by OK alone, or by error 405 or
 * 417, according to firmware: the errors are the caller's to catch.
 */
export function queryFile(name: string): Command<FileEntry | undefined> {
  return {
    line: `AT+QFLST=${fileName(name)}`,
    headers: ["+QFLST"],
    timeoutMs: FLASH_MS,
    parse: ({ lines }) => lines.map(fileEntry).find((entry) => entry?.name === withoutUfs(name)),
  };
}

/** Deletes one file by its full name; a missing one is answered by error 405 or 418. */
export function deleteFile(name: string): Command<void> {
  return { line: `AT+QFDEL=${fileName(name)}`, headers: [], timeoutMs: FLASH_MS, parse: nothing };
}

export interface Upload extends Payload {
  readonly name: string;
  /** Seconds that the module waits for the data, 1..65535. */
  readonly seconds: number;
}

/** Uploads a file of 1 byte or more: CONNECT, the bytes, `+QFUPL: <size>,<checksum in hex>`. */
export function uploadFile(upload: Upload): Command<UploadResult> {
  const { name, seconds, ...payload } = upload;
  const size = num(payload.size, { min: 1 });
  const acknowledge = payload.acknowledged === true ? ",1" : "";
  return {
    line: `AT+QFUPL=${fileName(name)},${size},${num(seconds, { min: 1, max: 65_535 })}${acknowledge}`,
    headers: ["+QFUPL"],
    // The module may wait so long for a byte that was lost, and says then how many have come.
    timeoutMs: seconds * 1000 + FLASH_MS,
    payload,
    parse: (response) => {
      const parameters = firstParameters(response);
      return {
        size: required(parameters.integer(0), "uploaded size"),
        checksum: required(parameters.hex(1), "checksum"),
      };
    },
  };
}

/** `+QFLST: "<name>",<size>[,<reserved>]`; the third number is seen on RAM files of some firmware. */
function fileEntry(line: string): FileEntry | undefined {
  const parameters = parseParameters(line);
  const name = parameters.text(0);
  const size = parameters.integer(1);
  return name === undefined || size === undefined ? undefined : { name: withoutUfs(name), size };
}

function withoutUfs(name: string): string {
  return name.startsWith("UFS:") ? name.slice("UFS:".length) : name;
}
