/**
 * Files in memory that fail as disks do: at a chosen operation an error, or the end of power or process.
 *
 * What a power cut leaves follows POSIX and no more: a content is durable as it was at its last fsync, a name as it
 * was at the last fsync of its folder; a rename is one change, whichever of its two folders is flushed.
 */
import { posix, sep } from "node:path";
import type { FileLayer, FileWriter } from "../../lib/outbox/spool/files";

interface Content {
  live: Buffer;
  /** Undefined: never flushed. */
  durable: Buffer | undefined;
}

/** New contents of names; undefined: the name goes. */
type Change = Map<string, Content | undefined>;

/** One operation about to happen. */
export interface Operation {
  /** Counted from 1. */
  readonly number: number;
  readonly name:
    | "makeFolder"
    | "list"
    | "read"
    | "size"
    | "length"
    | "create"
    | "write"
    | "sync"
    | "rename"
    | "remove"
    | "syncFolder"
    /** Something beside the disk, announced by `tick`. */
    | "tick";
  readonly path: string;
}

/** An error code (ENOSPC, EROFS, EIO): it fails with that; `cut`: nothing happens any more from here on. */
export type Fault = string | undefined;

/** `nothing`: all that was not flushed is lost; `all`: a kill, the host goes on; a function: chance, 0 to 1. */
export type Survives = "nothing" | "all" | (() => number);

/** Paths on this disk have slashes, whatever the host joins them with, so that tests can look for parts of them. */
function onDisk(path: string): string {
  return sep === posix.sep ? path : path.replaceAll(sep, posix.sep);
}

export class FaultyFiles implements FileLayer {
  private readonly names = new Map<string, Content>();
  private readonly folders = new Map<string, Set<string>>();
  private readonly durableNames = new Map<string, Content>();
  private pending: Change[] = [];
  private dead = false;
  private readonly counts = new Map<string, number>();
  operations = 0;
  /** In files, names left out. */
  bytesWritten = 0;

  /** Says what goes wrong. Changing operations come before they take effect. */
  fault: (operation: Operation) => Fault = () => undefined;

  /** How long an operation takes; undefined: a turn. A changing one takes effect afterwards. */
  pace: (operation: Operation) => Promise<void> | undefined = () => undefined;

  /** How often an operation was asked for. */
  count(name: Operation["name"]): number {
    return this.counts.get(name) ?? 0;
  }

  /** From now on nothing happens any more. */
  cut(): void {
    this.dead = true;
  }

  /** Makes all names durable, as the operating system does after a while. */
  settle(): void {
    for (const change of this.pending.splice(0)) apply(change, this.durableNames);
  }

  /** The disk as the next start finds it. */
  after(survives: Survives): FaultyFiles {
    const next = new FaultyFiles();
    for (const folder of this.folders.keys()) next.folder(folder);
    const names = survives === "all" ? this.names : this.namesAfterCut(survives);
    for (const [path, content] of names) {
      const bytes = survives === "all" ? content.live : contentAfterCut(content, survives);
      next.put(path, bytes);
    }
    return next;
  }

  /** Puts a file there, durably. */
  put(named: string, bytes: Buffer | string): void {
    const path = onDisk(named);
    const buffer = Buffer.from(bytes);
    const content = { live: buffer, durable: buffer };
    this.names.set(path, content);
    this.durableNames.set(path, content);
    this.folder(posix.dirname(path)).add(posix.basename(path));
  }

  /** A person removes an empty folder. */
  removeFolder(path: string): void {
    this.folders.delete(path);
    this.folder(posix.dirname(path)).delete(posix.basename(path));
  }

  /** All paths, for a test to look at. */
  paths(): string[] {
    return [...this.names.keys()].sort();
  }

  text(named: string): string {
    const path = onDisk(named);
    return this.find(path).live.toString();
  }

  async makeFolder(named: string): Promise<void> {
    const path = onDisk(named);
    await this.begin("makeFolder", path);
    this.folder(path);
  }

  async list(named: string): Promise<string[]> {
    const path = onDisk(named);
    await this.begin("list", path);
    const folder = this.folders.get(path);
    if (folder === undefined) throw systemError("ENOENT", path);
    return [...folder];
  }

  async read(named: string): Promise<Buffer> {
    const path = onDisk(named);
    await this.begin("read", path);
    return Buffer.from(this.find(path).live);
  }

  async *stream(named: string): AsyncIterable<Uint8Array> {
    const path = onDisk(named);
    await this.begin("read", path);
    const { live } = this.find(path);
    for (let at = 0; at < live.length; at += 1000) yield live.subarray(at, at + 1000);
  }

  streamReal(path: string): AsyncIterable<Uint8Array> {
    return this.stream(path);
  }

  async size(named: string): Promise<number> {
    const path = onDisk(named);
    await this.begin("size", path);
    return this.find(path).live.length;
  }

  async length(named: string): Promise<number> {
    const path = onDisk(named);
    await this.begin("length", path);
    return this.find(path).live.length;
  }

  async create(named: string): Promise<FileWriter> {
    const path = onDisk(named);
    await this.begin("create", path);
    if (this.names.has(path)) throw systemError("EEXIST", path);
    const content: Content = { live: Buffer.alloc(0), durable: undefined };
    this.change(new Map([[path, content]]));
    return {
      writeFile: async (bytes) => {
        await this.begin("write", path);
        this.bytesWritten += bytes.length;
        content.live = Buffer.concat([content.live, bytes]);
      },
      sync: async () => {
        await this.begin("sync", path);
        content.durable = content.live;
      },
      close: async () => undefined,
    };
  }

  async rename(namedFrom: string, namedTo: string): Promise<void> {
    const from = onDisk(namedFrom);
    const to = onDisk(namedTo);
    await this.begin("rename", to);
    const content = this.find(from);
    this.change(
      new Map<string, Content | undefined>([
        [from, undefined],
        [to, content],
      ]),
    );
  }

  async remove(named: string): Promise<void> {
    const path = onDisk(named);
    await this.begin("remove", path);
    if (this.names.has(path)) this.change(new Map([[path, undefined]]));
  }

  async syncFolder(named: string): Promise<void> {
    const path = onDisk(named);
    await this.begin("syncFolder", path);
    const isTouched = (change: Change): boolean =>
      [...change.keys()].some((name) => posix.dirname(name) === path);
    for (const change of this.pending.filter(isTouched)) this.commit(change);
  }

  /** A moment at which the power may be cut too, though nothing happens on the disk. */
  async tick(what: string): Promise<void> {
    await this.begin("tick", what);
  }

  private async begin(name: Operation["name"], path: string): Promise<void> {
    if (this.dead) await forever();
    this.operations++;
    this.counts.set(name, this.count(name) + 1);
    const operation = { number: this.operations, name, path };
    const fault = this.fault(operation);
    if (fault === "cut") {
      this.dead = true;
      await forever();
    }
    // As a real disk does, an answer takes a turn.
    await (this.pace(operation) ?? Promise.resolve());
    if (this.dead) await forever();
    if (fault !== undefined) throw systemError(fault, path);
  }

  private change(change: Change): void {
    for (const [path, content] of change) {
      const folder = this.folder(posix.dirname(path));
      if (content === undefined) {
        this.names.delete(path);
        folder.delete(posix.basename(path));
      } else {
        this.names.set(path, content);
        folder.add(posix.basename(path));
      }
    }
    this.pending.push(change);
  }

  private commit(change: Change): void {
    apply(change, this.durableNames);
    const at = this.pending.indexOf(change);
    // What an earlier change did to the same names is superseded.
    for (const earlier of this.pending.slice(0, at)) for (const path of change.keys()) earlier.delete(path);
    this.pending = this.pending.filter((one) => one !== change && one.size > 0);
  }

  private namesAfterCut(survives: "nothing" | (() => number)): Map<string, Content> {
    const names = new Map(this.durableNames);
    if (survives === "nothing") return names;
    // A journal brings back the first changes in their order, up to some point.
    const kept = Math.floor(survives() * (this.pending.length + 1));
    for (const change of this.pending.slice(0, kept)) apply(change, names);
    return names;
  }

  private folder(path: string): Set<string> {
    const known = this.folders.get(path);
    if (known !== undefined) return known;
    const made = new Set<string>();
    this.folders.set(path, made);
    const above = posix.dirname(path);
    if (above !== path) this.folder(above).add(posix.basename(path));
    return made;
  }

  private find(path: string): Content {
    const content = this.names.get(path);
    if (content === undefined) throw systemError("ENOENT", path);
    return content;
  }
}

function apply(change: Change, names: Map<string, Content>): void {
  for (const [path, content] of change) {
    if (content === undefined) names.delete(path);
    else names.set(path, content);
  }
}

function contentAfterCut({ live, durable }: Content, survives: "nothing" | (() => number)): Buffer {
  if (durable !== undefined) return durable;
  return survives === "nothing"
    ? Buffer.alloc(0)
    : live.subarray(0, Math.floor(survives() * (live.length + 1)));
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function forever(): Promise<never> {
  return new Promise<never>(() => undefined);
}
