/**
 * Spool: the mails of one outbox as files, in the manner of a maildir.
 *
 * ```
 * tmp/          files being written; emptied at start
 * queue/        <id>.json               waits, or has ended and is about to be told
 * sending/      <id>.<transaction>.json may be on its way: stands here before QSMTPPUT is written
 * failed/       <id>.<since>.<bytes>.json  given up, kept for retry
 * contents/     <id>.<n>                attachments; <id>.text, <id>.message what is too long for a record
 * damaged/      what could not be read
 * lock/         see lock.ts             state.json: see state.ts
 * ```
 *
 * What never changes is written once. A change of state is a new file, made durable in `tmp` and renamed; a change of
 * folder alone is one rename, which needs no room on the disk. It decides nothing about sending.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { isModemError, ModemError, systemCode } from "../../errors";
import type { OutgoingAttachment } from "../../mailer/mailer";
import type { MailAttachment, MailFields } from "../../mail/mail";
import { bytePieces, shown } from "../../mail/message/text";
import {
  inPieces,
  isGone,
  measured,
  whileAllowed,
  writeDurably,
  type FileLayer,
  type LastCheck,
} from "./files";
import {
  contentBytes,
  contentNames,
  readRecord,
  type ContentParts,
  type Elsewhere,
  type Found,
  type KeptAttachment,
  type Place,
  type ReadRecord,
  type SpoolRecord,
} from "./record";

const FOLDERS = ["tmp", "queue", "sending", "failed", "contents", "damaged"] as const;

/** Bytes that subject, text and message may have together in a record. */
const RECORD_ROOM = 2048;

/** After so many tries in a row at which a file could not be read, a mail goes without it when it fails once more. */
const MOST_TRIES = 3;

/** Tries in a row at which a file of a mail could not be read although it is there, by its name. */
export type Unread = Map<string, number>;

/** What a mail holds and a change of state leaves as it is. */
export interface Contents {
  /** Both always stand in the record, and take their part of the room there. */
  readonly subject: string;
  readonly fields?: MailFields | undefined;
  readonly attachments: readonly MailAttachment[];
  readonly text: string;
  /** Rest of the flow's message, plain JSON. */
  readonly message: unknown;
}

/** The same as a record names it. */
export interface KeptContents {
  /** In files of their own. */
  readonly bytes: number;
  readonly attachments: readonly KeptAttachment[];
  readonly text: SpoolRecord["text"];
  readonly message: { readonly message: unknown } | { readonly bytes: number };
}

/** What can still be sent of a mail. */
export interface Remains {
  readonly text: string;
  readonly attachments: readonly OutgoingAttachment[];
  readonly lost: readonly string[];
}

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

  /** Reads a record; `bytes`: of its mail on the disk, contents included. Rejects with the error of the disk. */
  async load({ id, place }: Found): Promise<{ readonly read: ReadRecord; readonly bytes: number }> {
    const text = await this.files.read(this.path(id, place));
    const read = readRecord(text.toString(), id);
    return { read, bytes: text.length + (read.kind === "record" ? contentBytes(read.record) : 0) };
  }

  /**
   * Makes `text` the content of `path` durably, wholly or not at all. Returns its bytes.
   *
   * @param isNamed false: its name is durable only after a flush of the folder to which it is moved next.
   * @param last asked when all but its name is there; nothing of it is left when it rejects.
   */
  async write(path: string, text: string, isNamed = true, last?: LastCheck): Promise<number> {
    const draft = join(this.directory, "tmp", `${++this.written}`);
    const bytes = Buffer.from(text);
    try {
      await writeDurably(this.files, draft, [bytes]);
      await last?.();
      await this.files.rename(draft, path);
    } catch (error) {
      await this.files.remove(draft).catch(() => undefined);
      throw error;
    }
    if (isNamed) await this.files.syncFolder(dirname(path));
    return bytes.length;
  }

  async remove({ id, place }: Found): Promise<void> {
    await this.files.remove(this.path(id, place));
  }

  /** Takes a record that cannot be read out of the way. Returns where it lies now, relative to the spool. */
  async setAside({ id, place }: Found): Promise<string> {
    const path = this.path(id, place);
    const name = join("damaged", basename(path));
    await this.files.rename(path, join(this.directory, name));
    return name;
  }

  /**
   * Brings the contents of a new mail to the disk, but for what is short enough for its record. Rejects with
   * OUTBOX_FULL when the attachments exceed `room` bytes, or as `ask` throws, and leaves nothing then.
   *
   * @param ask called before each piece of a file elsewhere: throws when there is no time left for it.
   */
  async keep(
    id: string,
    contents: Contents,
    room: number,
    ask: () => void = () => undefined,
  ): Promise<KeptContents> {
    const { subject, fields = {}, attachments, text, message } = contents;
    const json = JSON.stringify(message);
    let left = RECORD_ROOM - Buffer.byteLength(subject) - Buffer.byteLength(JSON.stringify(fields));
    const isTextShort = Buffer.byteLength(text) <= left;
    if (isTextShort) left -= Buffer.byteLength(text);
    const isMessageShort = Buffer.byteLength(json) <= left;
    const names: string[] = [];
    let bytes = 0;
    const put = async (name: string, source: Parameters<typeof writeDurably>[2]): Promise<number> => {
      names.push(name);
      const size = await writeDurably(this.files, this.contentPath(id, name), source);
      bytes += size;
      return size;
    };
    try {
      const kept: KeptAttachment[] = [];
      for (const [index, { filename, content, place }] of attachments.entries()) {
        const source =
          content.kind === "bytes" ? inPieces(content.bytes) : this.files.streamReal(content.path);
        const hash = createHash("sha256");
        const counted = measured(source, filename, hash, room - bytes);
        const size = await put(
          String(index),
          content.kind === "bytes" ? counted : whileAllowed(counted, ask),
        );
        kept.push({ filename, size, sha256: hash.digest("hex"), ...(place !== undefined && { place }) });
      }
      const parts = {
        attachments: kept,
        text: isTextShort ? text : { bytes: await put("text", bytePieces(text)) },
        message: isMessageShort ? { message } : { bytes: await put("message", inPieces(Buffer.from(json))) },
      };
      if (names.length > 0) await this.files.syncFolder(join(this.directory, "contents"));
      return { ...parts, bytes };
    } catch (error) {
      await this.drop(id, names).catch(() => undefined);
      throw error;
    }
  }

  /** Removes contents of a mail by the names of their files. */
  async drop(id: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.files.remove(this.contentPath(id, name));
  }

  /** The text of a mail. Rejects with OUTBOX_DAMAGED when it is gone, or OUTBOX_DISK of class transient. */
  async text({ id, text }: Pick<SpoolRecord, "id" | "text">): Promise<string> {
    if (typeof text === "string") return text;
    return (await this.whole(id, "text", text.bytes)).toString();
  }

  /** The rest of the flow's message as plain JSON, where its record does not hold it. Rejects as `text` does. */
  async message(id: string, { bytes }: Elsewhere): Promise<unknown> {
    return JSON.parse((await this.whole(id, "message", bytes)).toString()) as unknown;
  }

  /**
   * Reads the attachment `index` of a mail from the start. Rejects with OUTBOX_DISK of class transient, also where it is gone
   * or not whole: the next try of the mail looks what the disk still has of it.
   *
   * @param unread gets `tries` when it is there and fails, which is counted once however often one try reads it.
   */
  async *content(
    id: string,
    index: number,
    { filename, size }: KeptAttachment,
    unread: Unread = new Map(),
    tries = 1,
  ): AsyncIterable<Uint8Array> {
    const name = String(index);
    let bytes = 0;
    try {
      for await (const chunk of this.files.stream(this.contentPath(id, name))) {
        bytes += chunk.length;
        if (bytes > size) break;
        yield chunk;
      }
      if (bytes !== size) throw passing(`attachment ${filename} has not its ${size} bytes`);
    } catch (cause) {
      await this.countUnread(id, name, unread, tries);
      throw isModemError(cause) ? cause : passing(`attachment ${filename}`, cause);
    }
    unread.delete(name);
  }

  /**
   * What the disk still has of a mail; `lost` names the rest, for its reader. An attachment that cannot be asked for now
   * is not lost. Rejects with OUTBOX_DISK of class transient when the text cannot be read.
   *
   * A file that is there but failed at several tries, as on a bad sector, is read once more here: the disk as a whole
   * may have failed meanwhile. Where that fails too, it is lost.
   */
  async remains(record: SpoolRecord, unread: Unread = new Map()): Promise<Remains> {
    const lost: string[] = [];
    let { text } = record;
    if (typeof text !== "string") {
      const before = unread.get("text") ?? 0;
      text = await this.text(record).catch(async (cause: unknown) => {
        const isDamaged = isModemError(cause, "OUTBOX_DAMAGED");
        const isThere = !isDamaged && (await this.countUnread(record.id, "text", unread, before + 1));
        if (!isDamaged && !(isThere && before >= MOST_TRIES)) throw cause;
        lost.push("The text of this mail was lost on the disk of the gateway.");
        return "";
      });
      if (lost.length === 0) unread.delete("text");
    }
    const attachments: OutgoingAttachment[] = [];
    for (const [index, one] of record.attachments.entries()) {
      const name = String(index);
      const path = this.contentPath(record.id, name);
      const before = unread.get(name) ?? 0;
      const open = (): AsyncIterable<Uint8Array> => this.content(record.id, index, one, unread, before + 1);
      let isWhole = await this.files.length(path).then(
        (bytes) => bytes === one.size,
        async (error: unknown) => !(await isGone(this.files, path, error)),
      );
      if (isWhole && before >= MOST_TRIES) {
        await readThrough(open()).catch(() => undefined);
        isWhole = (unread.get(name) ?? 0) <= before;
      }
      if (isWhole) attachments.push({ ...one, open });
      else lost.push(`The attachment ${shown(one.filename)} was lost on the disk of the gateway.`);
    }
    return { text, attachments, lost };
  }

  /** Removes contents whose record is gone, because a kill came between the two. A damaged record keeps its own. */
  async sweep(known: (id: string) => boolean): Promise<void> {
    const folder = join(this.directory, "contents");
    const names = await this.files.list(folder);
    if (names.length === 0) return;
    const damaged = new Set((await this.files.list(join(this.directory, "damaged"))).map(idOf));
    for (const name of names) {
      const id = idOf(name);
      if (!known(id) && !damaged.has(id)) await this.files.remove(join(folder, name));
    }
  }

  /** Copies the contents of a mail of another spool. Returns the names of those that are gone there. */
  async copyFrom(other: Spool, id: string, parts: ContentParts): Promise<readonly string[]> {
    const gone: string[] = [];
    for (const name of contentNames(parts)) {
      const path = this.contentPath(id, name);
      await this.files.remove(path);
      try {
        await writeDurably(this.files, path, this.files.stream(other.contentPath(id, name)));
      } catch (error) {
        await this.files.remove(path).catch(() => undefined);
        if (systemCode(error) !== "ENOENT") throw error;
        gone.push(name);
      }
    }
    await this.files.syncFolder(join(this.directory, "contents"));
    return gone;
  }

  /** Takes the record of a mail over from another spool. @param to where it lies in this one. */
  async moveFrom(other: Spool, { id, place }: Found, to = place): Promise<void> {
    const path = this.path(id, to);
    await this.files.rename(other.path(id, place), path);
    await this.files.syncFolder(dirname(path));
  }

  /** Notes that a file could not be read; false where it cannot even be asked for, as in a folder that is away. */
  private async countUnread(id: string, name: string, unread: Unread, tries: number): Promise<boolean> {
    try {
      await this.files.length(this.contentPath(id, name));
    } catch {
      return false;
    }
    unread.set(name, tries);
    return true;
  }

  private async whole(id: string, name: string, bytes: number): Promise<Buffer> {
    let content: Buffer;
    try {
      content = await this.files.read(this.contentPath(id, name));
    } catch (cause) {
      // A file that is gone stays gone; any other trouble of the disk may pass.
      throw (await isGone(this.files, this.contentPath(id, name), cause))
        ? new ModemError("OUTBOX_DAMAGED", { detail: `${name} is gone`, cause })
        : passing(name, cause);
    }
    if (content.length === bytes) return content;
    throw new ModemError("OUTBOX_DAMAGED", { detail: `${name} has ${content.length} of ${bytes} bytes` });
  }

  /** Path of a file with what is not in the record of the mail. */
  contentPath(id: string, name: string): string {
    return join(this.directory, "contents", `${id}.${name}`);
  }

  /** Path of the record of a mail. */
  path(id: string, place: Place): string {
    switch (place.folder) {
      case "queue":
        return join(this.directory, "queue", `${id}.json`);
      case "sending":
        return join(this.directory, "sending", `${id}.${place.transaction}.json`);
      case "failed":
        return join(this.directory, "failed", `${id}.${place.since}.${place.bytes}.json`);
    }
  }
}

function passing(detail: string, cause?: unknown): ModemError {
  return new ModemError("OUTBOX_DISK", { detail, cause, class: "transient" });
}

async function readThrough(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of content);
}

/** Id of the mail that a file of any folder belongs to. */
export function idOf(name: string): string {
  return name.split(".")[0] ?? name;
}

/** Undefined for a file that is not ours. */
export function parseName(folder: Place["folder"], name: string): Found | undefined {
  const match = /^([a-z0-9-]+)(?:\.(\d+))?(?:\.(\d+))?\.json$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  const [, id, first, second] = match;
  switch (folder) {
    case "queue":
      return first === undefined ? { id, place: { folder } } : undefined;
    case "sending":
      return first === undefined ? undefined : { id, place: { folder, transaction: Number(first) } };
    case "failed":
      if (first === undefined || second === undefined) return undefined;
      return { id, place: { folder, since: Number(first), bytes: Number(second) } };
  }
}
