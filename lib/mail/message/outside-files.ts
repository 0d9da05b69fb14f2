/**
 * OutsideFiles: reads files that a message or a dialog names, wherever they lie.
 *
 * Such a path may be a pipe without a writer, a device, or a file on a share that is dead: each would keep one of
 * the four threads that Node.js has for all files, the spool's included. So type and size are looked at first, a file
 * is opened without waiting, no more than two operations run at once for the whole runtime, and each has a time limit.
 * What is overdue keeps its place until the operating system lets go of it; meanwhile others are refused, not queued.
 */
import { constants } from "node:fs";
import { lstat, open, readlink, realpath, stat, type FileHandle } from "node:fs/promises";
import { type Clock, systemClock } from "../../clock";
import { ModemError } from "../../errors";

/** Operations at once; Node.js has four threads for files. */
const MOST_AT_ONCE = 2;
/** For one operation, its turn included. */
const STEP_MS = 10_000;
/** For a whole file. */
export const FILE_MS = 300_000;
/** Bytes read at once. */
const PIECE = 64 * 1024;
/** Bytes of a file that is taken into memory; as much as an outbox holds by default. */
export const LARGEST_FILE = 100_000_000;

export interface FileFacts {
  readonly isFile: boolean;
  /** Bytes; 0 for files that are made when they are read. */
  readonly size: number;
}

/** A file that is open for reading. */
export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** True when it still is the file of this real path. */
  isAt(path: string): Promise<boolean>;
  /** Fills `piece` from where the last reading ended. Returns the bytes, 0 at the end. */
  read(piece: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** What is asked of the operating system. Rejects with its errors, or never settles. */
export interface OutsideLayer {
  realPath(path: string): Promise<string>;
  facts(path: string): Promise<FileFacts>;
  open(path: string): Promise<OpenFile>;
}

export class OutsideFiles {
  private readonly waiting = new Set<() => void>();
  private running = 0;
  private overdue = 0;

  constructor(
    private readonly layer: OutsideLayer,
    private readonly clock: Clock,
  ) {}

  /** The path without links. Rejects with the error of the operating system, or when it does not answer. */
  realPath(path: string): Promise<string> {
    return this.step(() => this.layer.realPath(path));
  }

  /** Bytes of a regular file. Rejects for anything else, too. */
  async size(path: string): Promise<number> {
    const { isFile, size } = await this.step(() => this.layer.facts(path));
    if (!isFile) throw new Error(`${path} is no regular file`);
    return size;
  }

  /**
   * Reads a regular file piece by piece. Rejects with the error of the operating system, when it does not answer or
   * takes too long, and for anything but a regular file.
   *
   * @param isReal the path was allowed as a real path: another file in its place, such as a link, is refused.
   */
  async *stream(path: string, isReal = false): AsyncIterable<Uint8Array> {
    const end = this.clock.now() + FILE_MS;
    // A device may do something when it is opened.
    await this.size(path);
    const file = await this.step(() => this.layer.open(path), quietlyClosed);
    try {
      if (!(await this.step(() => file.facts())).isFile) throw new Error(`${path} is no regular file`);
      if (isReal && !(await this.step(() => file.isAt(path)))) {
        throw new Error(`${path} is no longer the file that was allowed`);
      }
      for (;;) {
        const piece = Buffer.allocUnsafe(PIECE);
        const bytes = await this.step(() => file.read(piece));
        if (bytes === 0) return;
        yield piece.subarray(0, bytes);
        if (this.clock.now() > end) throw new Error(`${path} takes longer than ${FILE_MS / 60_000} minutes`);
      }
    } finally {
      this.step(() => file.close()).catch(() => undefined);
    }
  }

  /** The whole of a regular file. Rejects as `stream` does, and with LIMIT_ATTACHMENT_SIZE beyond `most` bytes. */
  async read(path: string, most = LARGEST_FILE): Promise<Buffer> {
    const check = (size: number): void => {
      if (size <= most) return;
      throw new ModemError("LIMIT_ATTACHMENT_SIZE", { detail: `${path} has more than ${most / 1e6} MB` });
    };
    check(await this.size(path));
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.stream(path)) {
      size += piece.length;
      check(size);
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** One operation, in its turn and in its time. @param tooLate takes a result that nothing waits for any more. */
  private step<T>(work: () => Promise<T>, tooLate: (result: T) => void = () => undefined): Promise<T> {
    if (this.overdue >= MOST_AT_ONCE) return Promise.reject(unanswered());
    return new Promise<T>((resolve, reject) => {
      let state: "waiting" | "running" | "over" = "waiting";
      const begin = (): void => {
        this.waiting.delete(begin);
        this.running++;
        state = "running";
        work()
          .then((result) => (state === "over" ? tooLate(result) : resolve(result)), reject)
          .finally(() => {
            timer.clear();
            this.running--;
            if (state === "over") this.overdue--;
            for (const next of this.waiting) {
              if (this.running < MOST_AT_ONCE) next();
            }
          });
      };
      const timer = this.clock.after(STEP_MS, () => {
        if (state === "running") this.overdue++;
        else this.waiting.delete(begin);
        state = "over";
        reject(unanswered());
      });
      if (this.running < MOST_AT_ONCE) begin();
      else this.waiting.add(begin);
    });
  }
}

function unanswered(): Error {
  return new Error(`no answer within ${STEP_MS / 1000} s; its disk or share may be gone`);
}

function quietlyClosed(file: OpenFile): void {
  file.close().catch(() => undefined);
}

/** A pipe must not hold up a thread until somebody writes to it. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The files of the host. */
export const hostLayer: OutsideLayer = {
  realPath: (path) => realpath(path),
  facts: async (path) => factsOf(await stat(path)),
  async open(path) {
    const handle = await open(path, READ_WITHOUT_WAITING);
    return {
      facts: async () => factsOf(await handle.stat()),
      isAt: (real) => isAt(real, handle),
      read: async (piece) => (await handle.read(piece, 0, piece.length)).bytesRead,
      close: () => handle.close(),
    };
  },
};

/** Those of the whole runtime, which share their limits. */
export const outsideFiles = new OutsideFiles(hostLayer, systemClock);

function factsOf(stats: { isFile(): boolean; readonly size: number }): FileFacts {
  return { isFile: stats.isFile(), size: stats.size };
}

/** Linux tells the path of an open file itself; elsewhere the path and its links are looked at after the opening. */
async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  if (process.platform === "linux") return (await readlink(`/proc/self/fd/${handle.fd}`)) === path;
  const [opened, there] = [await handle.stat(), await lstat(path)];
  return there.ino === opened.ino && there.dev === opened.dev && (await realpath(path)) === path;
}
