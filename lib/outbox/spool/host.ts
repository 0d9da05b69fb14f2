/**
 * Host: what tells one start of the machine, one process and one container from another.
 *
 * From /proc where there is one. Elsewhere a process cannot be told from a later one of its number, so only the absence
 * of a process says something, and on Windows and macOS alone: they have no containers with numbers of their own.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname, uptime } from "node:os";

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
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
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
