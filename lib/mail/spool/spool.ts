/**
 * Spool: the mails of one outbox as files, in the manner of a maildir.
 *
 * ```
 * tmp/          files being written; emptied at start
 * queue/        <id>.json               waits, or has ended and is about to be told
 * sending/      <id>.<transaction>.json may be on its way: stands here before QSMTPPUT is written
 * failed/       <id>.<since>.<bytes>.json  given up, kept for retry
 * attachments/  <id>.<n>                contents
 * damaged/      what could not be read
 * lock/         see lock.ts             state.json: see outbox/state.ts
 * ```
 *
 * A change of content is a new file, made durable in `tmp` and renamed; a change of folder alone is one rename, which
 * needs no room on the disk. It decides nothing about sending.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { ModemError } from "../../errors";
import type { OutgoingAttachment } from "../../mailer/mailer";
import type { MailAttachment } from "../mail";
import { isMissing, writeDurably, type FileLayer } from "./files";
import { fileName, idOf, parseName, type Found, type Place } from "./place";
import { readRecord, type KeptAttachment, type ReadRecord, type SpoolRecord } from "./record";

const FOLDERS = ["tmp", "queue", "sending", "failed", "attachments", "damaged"] as const;

/** Bytes hashed and written in one turn. */
const PIECE = 64 * 1024;

export class Spool {
  private written = 0;

  constructor(
    readonly directory: string,
    readonly files: FileLayer,
  ) {}

  /** Makes the folders and clears what was being written when the last run ended. */
  async prepare(): Promise<void> {
    for (const folder of FOLDERS) await this.files.makeFolder(join(this.directory, folder));
    await this.files.syncFolder(this.directory);
    await this.files.syncFolder(dirname(this.directory));
    for (const name of await this.files.list(join(this.directory, "tmp"))) {
      await this.files.remove(join(this.directory, "tmp", name));
    }
  }

  /** All records by the names of their files. */
  async find(): Promise<Found[]> {
    const found: Found[] = [];
    for (const folder of ["queue", "sending", "failed"] as const) {
      for (const name of await this.files.list(join(this.directory, folder))) {
        const one = parseName(folder, name);
        if (one !== undefined) found.push(one);
      }
    }
    return found;
  }

  /** Reads a record; `bytes`: of its mail on the disk, attachments included. Rejects with the error of the disk. */
  async load({ id, place }: Found): Promise<{ readonly read: ReadRecord; readonly bytes: number }> {
    const text = await this.files.read(this.pathOf(id, place));
    const read = readRecord(text.toString(), id);
    const attachments = read.kind === "record" ? read.record.attachments : [];
    return { read, bytes: attachments.reduce((sum, { size }) => sum + size, text.length) };
  }

  /** Writes a record durably, replacing one of the same name. Returns its bytes. */
  async write(record: SpoolRecord, place: Place): Promise<number> {
    return this.replace(this.pathOf(record.id, place), `${JSON.stringify(record)}\n`);
  }

  /** Makes `text` the content of `path`, wholly or not at all. */
  async replace(path: string, text: string): Promise<number> {
    const draft = join(this.directory, "tmp", `${++this.written}`);
    const bytes = Buffer.from(text);
    try {
      await writeDurably(this.files, draft, [bytes]);
      await this.files.rename(draft, path);
    } catch (error) {
      await this.files.remove(draft).catch(() => undefined);
      throw error;
    }
    await this.files.syncFolder(dirname(path));
    return bytes.length;
  }

  /** Changes the folder of a record; durable after `sync` of the new place. */
  async move(id: string, from: Place, to: Place): Promise<void> {
    await this.files.rename(this.pathOf(id, from), this.pathOf(id, to));
  }

  async sync(place: Place): Promise<void> {
    await this.files.syncFolder(join(this.directory, place.folder));
  }

  async remove({ id, place }: Found): Promise<void> {
    await this.files.remove(this.pathOf(id, place));
  }

  /** Takes a record that cannot be read out of the way. Returns where it lies now, relative to the spool. */
  async setAside({ id, place }: Found): Promise<string> {
    const name = join("damaged", fileName(id, place));
    await this.files.rename(this.pathOf(id, place), join(this.directory, name));
    return name;
  }

  /** Streams contents to the disk. Rejects with OUTBOX_FULL when they exceed `room` bytes, and leaves none then. */
  async keep(id: string, contents: readonly MailAttachment[], room: number): Promise<KeptAttachment[]> {
    const kept: KeptAttachment[] = [];
    let left = room;
    try {
      for (const [index, { filename, content }] of contents.entries()) {
        const source =
          content.kind === "bytes" ? inPieces(content.bytes) : this.files.streamReal(content.path);
        const hash = createHash("sha256");
        const size = await writeDurably(
          this.files,
          this.attachmentPath(id, index),
          measured(source, filename, hash, left),
        );
        left -= size;
        kept.push({ filename, size, sha256: hash.digest("hex") });
      }
      if (contents.length > 0) await this.files.syncFolder(join(this.directory, "attachments"));
    } catch (error) {
      await this.drop(id, contents.length).catch(() => undefined);
      throw error;
    }
    return kept;
  }

  /** Removes the contents of a mail. */
  async drop(id: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.files.remove(this.attachmentPath(id, index));
  }

  /** The attachments of a mail, to be read from the disk. */
  attachments({ id, attachments }: SpoolRecord): OutgoingAttachment[] {
    return attachments.map(({ filename, size, sha256 }, index) => ({
      filename,
      size,
      sha256,
      open: () => this.content(this.attachmentPath(id, index), filename),
    }));
  }

  /** Removes contents whose record is gone, because a kill came between the two. A damaged record keeps its own. */
  async sweep(known: (id: string) => boolean): Promise<void> {
    const folder = join(this.directory, "attachments");
    const names = await this.files.list(folder);
    if (names.length === 0) return;
    const damaged = new Set((await this.files.list(join(this.directory, "damaged"))).map(idOf));
    for (const name of names) {
      const id = idOf(name);
      if (!known(id) && !damaged.has(id)) await this.files.remove(join(folder, name));
    }
  }

  /** Copies one content of a mail of another spool. */
  async copyFrom(other: Spool, id: string, index: number): Promise<void> {
    const path = this.attachmentPath(id, index);
    await this.files.remove(path);
    await writeDurably(this.files, path, this.files.stream(other.attachmentPath(id, index)));
    await this.files.syncFolder(dirname(path));
  }

  /** Takes the record of a mail over from another spool. */
  async moveFrom(other: Spool, { id, place }: Found): Promise<void> {
    await this.files.rename(other.pathOf(id, place), this.pathOf(id, place));
    await this.sync(place);
  }

  private async *content(path: string, filename: string): AsyncIterable<Uint8Array> {
    try {
      yield* this.files.stream(path);
    } catch (cause) {
      // A file that is gone stays gone; any other trouble of the disk may pass.
      throw isMissing(cause)
        ? new ModemError("OUTBOX_DAMAGED", { detail: `attachment ${filename} is gone`, cause })
        : new ModemError("OUTBOX_DISK", { detail: `attachment ${filename}`, cause, class: "transient" });
    }
  }

  private pathOf(id: string, place: Place): string {
    return join(this.directory, place.folder, fileName(id, place));
  }

  private attachmentPath(id: string, index: number): string {
    return join(this.directory, "attachments", `${id}.${index}`);
  }
}

/** The record of one file. Rejects with OUTBOX_DAMAGED when it cannot be used, or with the error of the disk. */
export async function loadRecord(spool: Spool, found: Found): Promise<SpoolRecord> {
  const { read } = await spool.load(found);
  switch (read.kind) {
    case "record":
      return read.record;
    case "damaged":
      throw new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id}, ${read.reason}` });
    case "newer":
      throw new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id} has format ${read.format}` });
  }
}

/** A content in memory, bit by bit: hashing 5 MB at once would stop the runtime for tens of milliseconds. */
function* inPieces(bytes: Buffer): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Passes a content on while it is counted and hashed. What fails here is the source, not the spool. */
async function* measured(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  filename: string,
  hash: { update(bytes: Uint8Array): unknown },
  room: number,
): AsyncIterable<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > room) break;
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw new ModemError("INVALID_ATTACHMENT", { detail: `${filename} cannot be read`, cause });
  }
  if (size > room) throw new ModemError("OUTBOX_FULL", { detail: `no room for the attachment ${filename}` });
}
