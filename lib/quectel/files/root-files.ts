/**
 * RootFiles: root certificates as files in the module's flash, uploaded once and found again after years.
 *
 * The name holds the hash of the text, so another certificate never replaces one that another context uses. A file is
 * believed only when its upload was seen to end well and it has its size still: one that was damaged on the line has
 * its size too, and would keep every mail from going for ever. All methods want the mail lock held.
 */
import { createHash } from "node:crypto";
import { isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import { queryFile } from "../commands/files";
import { isRefusal } from "../execute";
import { type KeyValueStore, RecordedNames } from "../key-value-store";
import { removeFile, upload, type FileModem } from "./upload";

/** A root certificate in PEM form, and what a person calls it. */
export interface RootPem {
  readonly name: string;
  readonly pem: string;
}

const HASH_DIGITS = 16;

export class RootFiles {
  /** All that were ever begun, and those that have arrived whole. */
  private readonly names: RecordedNames;
  private readonly whole: RecordedNames;
  /** Names seen in the module since its last start. */
  private readonly seen = new Set<string>();
  private epoch: number | undefined;

  constructor(
    private readonly modem: FileModem,
    store: KeyValueStore,
  ) {
    this.names = new RecordedNames(store, "roots");
    this.whole = new RecordedNames(store, "whole-roots");
  }

  /** Makes sure that the certificate is in the module's flash, and returns the name of its file. */
  async place(root: RootPem, signal: AbortSignal): Promise<string> {
    if (this.epoch !== this.modem.epoch) this.seen.clear();
    this.epoch = this.modem.epoch;
    const bytes = Buffer.from(root.pem, "latin1");
    const name = fileNameOf(bytes);
    if (this.seen.has(name)) return name;
    const isThere = (await this.whole.has(name)) && (await this.sizeOf(name, signal)) === bytes.length;
    if (!isThere) {
      await this.whole.remove(name);
      // What an upload that ended badly has left would pass for the new one, should that go astray under another name.
      if (await this.names.has(name)) await removeFile(this.modem, name, signal);
      await this.store(root, name, bytes, signal);
      await this.whole.add(name);
    }
    this.seen.add(name);
    return name;
  }

  /**
   * The mail client has failed of a certificate that was placed: true when its file is gone, as when another program
   * has emptied the flash, and the next `place` uploads it again.
   */
  async isLost(root: RootPem, signal: AbortSignal): Promise<boolean> {
    const bytes = Buffer.from(root.pem, "latin1");
    const name = fileNameOf(bytes);
    return this.seen.delete(name) && (await this.sizeOf(name, signal)) !== bytes.length;
  }

  /**
   * The mail client has failed of every certificate there is: the next `place` uploads each again. A file whose bytes
   * have suffered has its name and size still, and nothing but another handshake would show that it is whole again.
   */
  async doubt(roots: readonly RootPem[]): Promise<void> {
    for (const { pem } of roots) {
      const name = fileNameOf(Buffer.from(pem, "latin1"));
      this.seen.delete(name);
      await this.whole.remove(name);
    }
  }

  private async store(root: RootPem, name: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    await this.names.add(name);
    const content = { size: bytes.length, open: () => onePiece(bytes) };
    try {
      await upload(this.modem, name, content, { signal });
    } catch (error) {
      if (!isModemError(error) || !FULL.has(error.code)) throw error;
      await this.makeRoom(name, signal);
      await upload(this.modem, name, content, { signal }).catch((again: unknown) => {
        throw FULL.has(isModemError(again) ? again.code : "") ? flashFull(root, again) : again;
      });
    }
  }

  /** Deletes the certificates of former settings. */
  private async makeRoom(wanted: string, signal: AbortSignal): Promise<void> {
    for (const name of await this.names.list()) {
      if (name === wanted) continue;
      await removeFile(this.modem, name, signal);
      await this.names.remove(name);
      await this.whole.remove(name);
      this.seen.delete(name);
    }
  }

  private async sizeOf(name: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      return (await this.modem.execute(queryFile(name), { signal }))?.size;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }
}

const FULL: ReadonlySet<string> = new Set(["FILE_DRIVE_FULL", "FILE_NO_SPACE", "FILE_TOO_LARGE"]);

function fileNameOf(bytes: Buffer): string {
  return `ca-${createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS)}.pem`;
}

function flashFull(root: RootPem, cause: unknown): ModemError {
  return new ModemError("FILE_DRIVE_FULL", {
    cause,
    class: "setup",
    stage: "tls",
    detail: `no room for the root certificate ${root.name}`,
    hint: SPECIAL_HINTS.flashFull,
  });
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
