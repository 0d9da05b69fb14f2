/**
 * FileStore: the attachments that lie in the module, and where they go. RAM first, flash when RAM is too small or there
 * is none.
 *
 * Contents are kept until they are no longer needed, so that several transactions of one mail upload each only once. Only
 * files whose names were recorded before their upload are ever deleted; a file of somebody else that has the name of
 * an attachment stays, and the attachment gets another name. All methods want the mail lock held, because nothing may
 * be transferred while a mail is in flight.
 */
import { isModemError, ModemError } from "../../errors";
import { queryFile, querySpace, type Storage, type StorageSpace } from "../commands/files";
import { isRefusal } from "../execute";
import type { Modem } from "../connection/modem";
import { MissingRam } from "./missing-ram";
import { RecordedNames, type KeyValueStore } from "../key-value-store";
import { NOT_THERE, removeFile, upload, type FileModem, type UploadOptions } from "./upload";

export interface TransactionAttachment {
  /** Safe for the module: letters, digits, dot, dash, underscore; at most 80 bytes; unique in its mail. */
  readonly name: string;
  /** Bytes, exact; 1 or more. */
  readonly size: number;
  /** SHA-256 of the content in hex; equal contents are uploaded once. */
  readonly sha256: string;
  /** Reads the content from the start; may be called again. */
  open(): AsyncIterable<Uint8Array>;
}

/** A content in the module. */
export interface StoredFile {
  /** With storage: `RAM:log.csv`. */
  readonly name: string;
  /** As the mail calls it. */
  readonly title: string;
  readonly size: number;
  readonly sha256: string;
  /** Start of the module in which it was uploaded. */
  readonly epoch: number;
  /** `mail`: goes when no mail needs it; `preload`: waits for its mail. */
  readonly purpose: "mail" | "preload";
}

const MOST_ALTERNATIVES = 9;

export class FileStore {
  private files: StoredFile[] = [];
  private readonly names: RecordedNames;
  private readonly missingRam: MissingRam;

  constructor(
    private readonly modem: FileModem & Pick<Modem, "identity">,
    store: KeyValueStore,
  ) {
    this.names = new RecordedNames(store, "files");
    this.missingRam = new MissingRam(modem, store);
  }

  /** What is known to lie in the module now. */
  get contents(): readonly StoredFile[] {
    return this.files.filter((file) => file.epoch === this.modem.epoch);
  }

  /** True when something of ours may lie in the module, perhaps from a former run. */
  async mayHoldSome(): Promise<boolean> {
    return (await this.names.list()).length > 0;
  }

  /**
   * Makes room for the attachments of a mail: deletes what former mails and former runs have left, but not what these
   * attachments can use nor what was uploaded in advance. Resolves with false where the module refused to delete some.
   */
  async tidy(wanted: readonly TransactionAttachment[], signal: AbortSignal): Promise<boolean> {
    this.files = this.contents.filter(
      (file) => file.purpose === "preload" || wanted.some((one) => fits(file, one)),
    );
    const kept = new Set(this.files.map((file) => file.name));
    let isTidy = true;
    for (const name of await this.names.list()) {
      if (!kept.has(name)) isTidy = (await this.removeLeftOver(name, signal)) && isTidy;
    }
    return isTidy;
  }

  /**
   * Makes sure that a content is in the module, and returns the name to attach it by.
   *
   * Rejects with `LIMIT_ATTACHMENT_SIZE` when neither storage could ever hold it, with `FILE_NO_SPACE` when they
   * cannot now, else as `upload`.
   */
  async place(
    attachment: TransactionAttachment,
    purpose: StoredFile["purpose"],
    options: UploadOptions,
  ): Promise<StoredFile> {
    const known = this.contents.find((file) => fits(file, attachment));
    if (known !== undefined) {
      const file = purpose === "mail" ? { ...known, purpose } : known;
      this.files = this.files.map((other) => (other === known ? file : other));
      return file;
    }
    return this.store(attachment, purpose, options);
  }

  /** Nothing is taken for granted any more: the next use uploads again. To be called when the module misses a file. */
  forget(): void {
    this.files = [];
  }

  private async store(
    attachment: TransactionAttachment,
    purpose: StoredFile["purpose"],
    options: UploadOptions,
  ): Promise<StoredFile> {
    const { name: title, size, sha256 } = attachment;
    let refusal: ModemError | undefined;
    for (const storage of await this.storagesFor(size, options.signal)) {
      const name = await this.freeName(storage, title, options.signal);
      await this.names.add(name);
      try {
        await upload(this.modem, name, attachment, options);
        const file: StoredFile = { name, title, size, sha256, epoch: this.modem.epoch, purpose };
        this.files.push(file);
        return file;
      } catch (error) {
        if (!isModemError(error) || !(NO_ROOM.has(error.code) || isMissing(storage, error))) throw error;
        // That a storage is missing does not mean that the other one lacks room.
        if (NO_ROOM.has(error.code)) refusal = error;
        await this.removeRefused(name, options.signal);
      }
    }
    throw refusal ?? new ModemError("FILE_NO_SPACE", { detail: `${size} bytes` });
  }

  /** The storages to try for so many bytes, best first; contents kept in advance give way. */
  private async storagesFor(size: number, signal: AbortSignal): Promise<readonly Storage[]> {
    for (;;) {
      const ram = await this.space("RAM", signal);
      if (ram !== undefined) await this.missingRam.told();
      if (ram !== undefined && hasRoom(ram, size)) return ["RAM", "UFS"];
      const flash = await this.space("UFS", signal);
      // A module that tells of the flash serves its files, so it is no busy start that hides the RAM.
      const isMissing = ram === undefined && flash !== undefined && (await this.missingRam.refused());
      const candidates: readonly Storage[] = [
        // Where the module does not tell its space, the upload itself has to.
        ...(ram === undefined && !isMissing ? (["RAM"] as const) : []),
        ...(flash === undefined || hasRoom(flash, size) ? (["UFS"] as const) : []),
      ];
      if (candidates.length > 0) return candidates;
      const spare = this.contents.find((file) => file.purpose === "preload");
      if (spare === undefined) throw tooLarge(size, Math.max(ram?.total ?? 0, flash?.total ?? 0));
      this.files = this.files.filter((file) => file !== spare);
      await this.remove(spare.name, signal);
    }
  }

  /** Undefined where the module does not tell. */
  private async space(storage: Storage, signal: AbortSignal): Promise<StorageSpace | undefined> {
    try {
      return await this.modem.execute(querySpace(storage), { signal });
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** A name that is ours or free; a file in the module that we did not record belongs to someone else. */
  private async freeName(storage: Storage, title: string, signal: AbortSignal): Promise<string> {
    for (let number = 1; number <= MOST_ALTERNATIVES; number++) {
      const name = `${storage}:${number === 1 ? title : alternativeName(title, number)}`;
      if (this.contents.some((file) => file.name === name)) continue;
      if ((await this.names.has(name)) || !(await this.exists(name, signal))) return name;
      this.modem.log.warn(
        `${name} in the module belongs to another program; the attachment gets another name`,
      );
    }
    throw new ModemError("FILE_EXISTS", { detail: title });
  }

  /**
   * Firmware has several words for "not there"; any other refusal is believed only when it comes twice, because a line
   * that has damaged the question must not cost somebody his file.
   */
  private async exists(name: string, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.modem.execute(queryFile(name), { signal })) !== undefined;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (attempt === 2 || (isModemError(error) && NOT_THERE.has(error.code))) return false;
      }
    }
  }

  /** A file that will not go must not keep a mail from going; it is tried again with the next one. */
  private async removeLeftOver(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.remove(name, signal);
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.modem.log.warn(`${name} could not be deleted from the module: ${String(error)}`);
      return false;
    }
  }

  /** What an upload that was refused may have left; where the storage is missing, so is the file. */
  private async removeRefused(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.remove(name, signal);
    } catch (error) {
      if (!isModemError(error) || !isMissing("RAM", error)) throw error;
      await this.names.remove(name);
    }
  }

  private async remove(name: string, signal: AbortSignal): Promise<void> {
    await removeFile(this.modem, name, signal);
    await this.names.remove(name);
  }
}

/** True for a refusal with which firmware may say that it has no such storage; flash is always there. */
function isMissing(storage: Storage, { code }: ModemError): boolean {
  return storage === "RAM" && NO_SUCH_STORAGE.has(code);
}

/** Source: 406, 400, a bare ERROR and CME ERROR 3 of modules without RAM. */
const NO_SUCH_STORAGE: ReadonlySet<string> = new Set([
  "FILE_NAME_INVALID",
  "FILE_INVALID_INPUT",
  "FILE_PARAMETER",
  "FILE_CREATE_FAILED",
  "FILE_OPEN_FAILED",
  "MODEM_ERROR",
  "MODEM_CME",
]);

/** How firmware says that a storage is full. */
const NO_ROOM: ReadonlySet<string> = new Set([
  "FILE_DRIVE_FULL",
  "FILE_NO_SPACE",
  "FILE_TOO_LARGE",
  "SMTP_NO_MEMORY",
]);

/** The recipient sees the name, so a content under another name does not serve. */
function fits(file: StoredFile, attachment: TransactionAttachment): boolean {
  return file.sha256 === attachment.sha256 && file.size === attachment.size && file.title === attachment.name;
}

function hasRoom(space: StorageSpace, size: number): boolean {
  return size <= space.free && size <= space.largest;
}

/** @param total of the larger storage. */
function tooLarge(size: number, total: number): ModemError {
  const detail = `${size} bytes`;
  return new ModemError(size > total ? "LIMIT_ATTACHMENT_SIZE" : "FILE_NO_SPACE", { detail });
}

/** Longest name in bytes (Quectel FILE AT Commands Manual). */
const LONGEST_NAME = 80;

/** Another name for a file whose name is taken: `name` with a number before its last extension, cut to 80 bytes. */
export function alternativeName(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const suffix = `-${number}${extension}`;
  return `${stem.slice(0, Math.max(1, LONGEST_NAME - suffix.length))}${suffix}`.slice(0, LONGEST_NAME);
}
