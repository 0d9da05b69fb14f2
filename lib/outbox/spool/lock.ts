/**
 * SpoolLock: keeps two runtimes off one spool, and survives a holder that was killed.
 *
 * The highest generation in the folder `lock` is the holder: a file made exclusively, so that of two who want the
 * next generation one wins; numbers never go back, so that a new lock cannot be mistaken for the one that was seen to die. A
 * generation may be succeeded when it says it was released, or when its process is gone: same boot, same container,
 * and no process of that number with that start. Where that cannot be seen (another container, another host, no
 * /proc, a restarted machine), the newcomer lays a claim file next to it; a living holder removes claims every 3 s,
 * and a claim that lies for 12 s proves that the lock is free. No heartbeat is written, which spares the SD card.
 *
 * A holder that stood still for longer than that may have been succeeded, and a person may delete the file or move the
 * folder. `assertHeld` tells and is asked before anything that must happen once; the holder's own look every 3 s tells too.
 * A file that was only deleted is written again, as long as the lock has not been taken meanwhile.
 *
 * What tells one start of the machine, one process and one container from another comes from /proc where there is one.
 * Elsewhere a process cannot be told from a later one of its number, so only the absence of a process says something,
 * and on Windows and macOS alone: they have no containers with numbers of their own.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { delay, type Clock, type Timer } from "../../clock";
import { ModemError, systemCode } from "../../errors";
import { FILE_MS } from "../../mail/message/outside-files";
import { writeDurably, type FileLayer } from "./files";

const ANSWER_INTERVAL_MS = 3_000;
const CLAIM_LIES_MS = 12_000;
const CLAIM_LOOK_MS = 1_000;
/** How long an outbox of this process that still holds the lock is waited for; what it has under way ends before, see store.ts. */
const HOLDER_WAIT_MS = FILE_MS + 60_000;
/** Of twelve digits. */
const HIGHEST = 999_999_999_999;

interface LockMark extends ProcessMark {
  readonly token: string;
}

/** What a look at a lock finds: still ours, its whole folder moved away, or somebody else's. */
type Fate = "held" | "gone" | "taken";

export class SpoolLock {
  private readonly token = randomUUID();
  private readonly folder: string;
  private generation = 0;
  private timer: Timer | undefined;
  private held = false;
  private restoring: Promise<Fate> | undefined;
  /** Time of the last look that found it held. */
  private seenAt = 0;

  /** @param onLost told once, when a look of its own or `assertHeld` finds that it is held no more. */
  constructor(
    private readonly directory: string,
    private readonly files: FileLayer,
    private readonly clock: Clock,
    private readonly host: Host,
    private readonly onLost: (error: ModemError) => void = () => undefined,
  ) {
    this.folder = join(directory, "lock");
  }

  /**
   * Rejects with OUTBOX_LOCKED when another holds it, with the error of the disk, or with the reason of `signal`.
   *
   * @param signal ends the wait for a holder; left out: one of this process is not waited for.
   * @param again the folder was there: it is not made, because one that was moved away may come back.
   */
  async take(signal?: AbortSignal, again = false): Promise<void> {
    if (again) await this.files.list(this.directory);
    await this.files.makeFolder(this.folder);
    for (;;) {
      const latest = await this.latest();
      if (latest >= HIGHEST) throw new ModemError("OUTBOX_DISK", { detail: `delete ${this.path(latest)}` });
      if (latest > 0) await this.assertFree(latest, signal);
      if ((await this.make(latest + 1)) && (await this.isLatest())) break;
    }
    this.held = true;
    // Generations that were succeeded mean nothing any more; one that cannot be removed does no harm.
    await this.removeOlder().catch(() => undefined);
    this.answerClaims();
  }

  /**
   * Looks whether it is still held, and restores its file where that has not been replaced. Returns the names in its folder;
   * none where a former look will do. Rejects with OUTBOX_LOCKED when it is held no more, and when the disk cannot say.
   *
   * @param within milliseconds for which a former look will do; less than a claim has to lie.
   */
  async assertHeld(within = 0): Promise<readonly string[]> {
    if (!this.held) throw taken();
    if (this.clock.now() - this.seenAt < within) return [];
    let names: readonly string[] = [];
    try {
      names = await this.files.list(this.folder);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    const latest = Math.max(0, ...generationsOf(names));
    const isNamed = this.host.locks.has(this.token);
    let fate: Fate = isNamed && latest === this.generation ? "held" : "taken";
    // Of two looks at once, one writes the file again and the other must not take it for that of somebody else.
    if (isNamed && latest === 0) fate = await (this.restoring ??= this.restore());
    if (fate === "held" && this.held) {
      this.seenAt = this.clock.now();
      return names;
    }
    // Between the listing and here it may have been given back.
    if (this.held) {
      this.held = false;
      this.host.locks.delete(this.token);
      this.onLost(fate === "gone" ? this.gone() : taken());
    }
    throw taken();
  }

  /** Never rejects: what the disk does not take is no worse than a kill. */
  async release(): Promise<void> {
    this.timer?.clear();
    this.timer = undefined;
    this.held = false;
    if (!this.host.locks.delete(this.token)) return;
    const text = join(this.folder, `released-${this.token}`);
    try {
      await writeDurably(this.files, text, [Buffer.from(JSON.stringify({ released: true }))]);
      if ((await this.latest()) === this.generation) {
        await this.files.rename(text, this.path(this.generation));
      } else {
        await this.files.remove(text);
      }
    } catch {
      await this.files.remove(text).catch(() => undefined);
    }
  }

  /**
   * Releases when all of `work` on the folder is done, of which more may come meanwhile, and which it does not wait for.
   * Never rejects.
   */
  async releaseBehind(work: ReadonlySet<Promise<unknown>>): Promise<void> {
    if (work.size === 0) await this.release();
    else void Promise.allSettled(work).then(() => this.releaseBehind(work));
  }

  private gone(): ModemError {
    return new ModemError("OUTBOX_DISK", { detail: `the folder ${this.directory} is gone` });
  }

  /** Writes the file again that was deleted, unless the spool is gone or somebody else was faster. */
  private async restore(): Promise<Fate> {
    try {
      await this.files.list(this.directory);
      await this.files.makeFolder(this.folder);
      if (!(await this.make(this.generation))) return "taken";
      // It was given back meanwhile, without what has just been made.
      if (!this.held) await this.release();
      const found = generationsOf(await this.files.list(this.folder));
      if (found.every((one) => one === this.generation)) return "held";
      await this.files.remove(this.path(this.generation));
      return "taken";
    } catch (error) {
      if (systemCode(error) === "ENOENT") return "gone";
      throw error;
    } finally {
      this.restoring = undefined;
    }
  }

  private async assertFree(generation: number, signal: AbortSignal | undefined): Promise<void> {
    const mark = await this.read(generation);
    if (mark === "free") return;
    if (mark !== undefined) {
      if (this.host.locks.has(mark.token)) {
        if (signal !== undefined && (await this.isGivenBack(mark.token, signal))) return;
        throw locked(mark);
      }
      const state = this.host.state(mark);
      if (state === "gone") return;
      if (state === "running") {
        // Our own process, but none of its outboxes: left by one that could not write its release.
        if (mark.pid === this.host.self.pid) return;
        throw locked(mark);
      }
    }
    if (await this.claimIsAnswered(signal)) throw locked(mark);
  }

  /** An outbox of this process that was closed, as by a deploy, may still be writing to a slow disk. */
  private async isGivenBack(token: string, signal: AbortSignal): Promise<boolean> {
    for (let waited = 0; this.host.locks.has(token); waited += CLAIM_LOOK_MS) {
      if (waited >= HOLDER_WAIT_MS) return false;
      await delay(this.clock, CLAIM_LOOK_MS, signal);
    }
    return true;
  }

  private async claimIsAnswered(signal: AbortSignal | undefined): Promise<boolean> {
    const name = `claim-${this.token}`;
    const path = join(this.folder, name);
    await writeDurably(this.files, path, []);
    try {
      for (let lain = 0; lain < CLAIM_LIES_MS; lain += CLAIM_LOOK_MS) {
        await delay(this.clock, CLAIM_LOOK_MS, signal);
        if (!(await this.files.list(this.folder)).includes(name)) return true;
      }
      return false;
    } finally {
      await this.files.remove(path);
    }
  }

  /** False when another was faster. */
  private async make(generation: number): Promise<boolean> {
    const mark: LockMark = { ...this.host.self, token: this.token };
    try {
      await writeDurably(this.files, this.path(generation), [Buffer.from(JSON.stringify(mark))]);
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      await this.files.remove(this.path(generation)).catch(() => undefined);
      throw error;
    }
    this.host.locks.add(this.token);
    this.generation = generation;
    this.seenAt = this.clock.now();
    return true;
  }

  /** False when others have come and gone since we looked, and one of them holds it now. */
  private async isLatest(): Promise<boolean> {
    try {
      if ((await this.latest()) === this.generation) return true;
    } catch (error) {
      await this.release();
      throw error;
    }
    this.host.locks.delete(this.token);
    return false;
  }

  private async removeOlder(): Promise<void> {
    for (const older of generationsOf(await this.files.list(this.folder))) {
      if (older < this.generation) await this.files.remove(this.path(older));
    }
  }

  private answerClaims(): void {
    this.timer = this.clock.after(ANSWER_INTERVAL_MS, () => {
      void this.removeClaims().finally(() => {
        if (this.held) this.answerClaims();
      });
    });
  }

  private async removeClaims(): Promise<void> {
    try {
      for (const name of await this.assertHeld()) {
        if (name.startsWith("claim-")) await this.files.remove(join(this.folder, name));
      }
    } catch {
      // A disk that cannot be read now is asked again in a moment; a lock that is lost was told.
    }
  }

  private async latest(): Promise<number> {
    return Math.max(0, ...generationsOf(await this.files.list(this.folder)));
  }

  /** `free`: it was released, or is removed by now; undefined: it does not say whose it is. */
  private async read(generation: number): Promise<LockMark | "free" | undefined> {
    try {
      const value: unknown = JSON.parse((await this.files.read(this.path(generation))).toString());
      if (typeof value !== "object" || value === null) return undefined;
      if ("released" in value) return "free";
      return isMark(value) ? value : undefined;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return "free";
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  private path(generation: number): string {
    return join(this.folder, `${generation}.json`);
  }
}

/** Numbers that no lock reaches are those of files that somebody else has put there; behind the last there is no next. */
function generationsOf(names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const digits = /^([1-9]\d{0,11})\.json$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function isMark(value: object): value is LockMark {
  return (
    "token" in value && typeof value.token === "string" && "pid" in value && typeof value.pid === "number"
  );
}

function taken(): ModemError {
  return new ModemError("OUTBOX_LOCKED", { detail: "it was taken over while this process was suspended" });
}

function locked(mark: LockMark | undefined): ModemError {
  return new ModemError("OUTBOX_LOCKED", {
    ...(mark !== undefined && { detail: `process ${mark.pid} on ${mark.host}` }),
  });
}

/** Names one process for good, where all of it is known. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; undefined without /proc. */
  readonly started: string | undefined;
  /** Changes with each start of the machine; undefined without /proc. */
  readonly boot: string | undefined;
  /** Within it, process ids mean something: differs between containers. */
  readonly pidNamespace: string | undefined;
  /** For a person to read. */
  readonly host: string;
}

export interface Host {
  /** Milliseconds since the machine was started. */
  uptime(): number;
  /** This process. */
  readonly self: ProcessMark;
  /** Names of the locks that this process holds, because its own number does not tell them apart. */
  readonly locks: Set<string>;
  /** Whether that process runs; `unknown` when it cannot be seen from here. */
  state(mark: ProcessMark): "running" | "gone" | "unknown";
}

/** One set for all that ask, for there is one process. */
const locks = new Set<string>();

/** Systems on which a process that this one cannot see does not run. */
const SEES_ALL: ReadonlySet<NodeJS.Platform> = new Set(["win32", "darwin"]);

/** The host that this process runs on. The parameters are for tests. */
export function thisHost(proc = "/proc", platform: NodeJS.Platform = process.platform): Host {
  const self: ProcessMark = {
    pid: process.pid,
    started: startOf(proc, "self"),
    boot: textOf(`${proc}/sys/kernel/random/boot_id`),
    pidNamespace: linkOf(`${proc}/self/ns/pid`),
    host: hostname(),
  };
  return {
    uptime: () => uptime() * 1000,
    self,
    locks,
    state(mark) {
      const comparable =
        self.started !== undefined &&
        self.boot !== undefined &&
        self.pidNamespace !== undefined &&
        mark.boot === self.boot &&
        mark.pidNamespace === self.pidNamespace;
      if (comparable) {
        // The same number with another start is a later process: in a container numbers repeat with every start.
        return startOf(proc, String(mark.pid)) === mark.started ? "running" : "gone";
      }
      // A mark of Linux, from a folder that is shared by network, tells more than one of these systems can.
      const ofHere = SEES_ALL.has(platform) && mark.host === self.host && mark.pidNamespace === undefined;
      return ofHere && !exists(mark.pid) ? "gone" : "unknown";
    },
  };
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold spaces and brackets. */
function startOf(proc: string, pid: string): string | undefined {
  const line = textOf(`${proc}/${pid}/stat`);
  return line?.slice(line.lastIndexOf(")") + 2).split(" ")[19];
}

/** False only when the system says that there is no such process; one of another user exists. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== "ESRCH";
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
