/**
 * Host: what tells one start of the machine, one process and one container from another.
 *
 * From /proc where there is one; elsewhere the boot is unknown and a process cannot be told from its successor, and
 * who asks has to be careful.
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

/** The host that this process runs on. */
export function thisHost(): Host {
  const self: ProcessMark = {
    pid: process.pid,
    started: startOf("self"),
    boot: textOf("/proc/sys/kernel/random/boot_id"),
    pidNamespace: linkOf("/proc/self/ns/pid"),
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
      if (!comparable) return "unknown";
      // The same number with another start is a later process: in a container numbers repeat with every start.
      return startOf(String(mark.pid)) === mark.started ? "running" : "gone";
    },
  };
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name in field 2 may hold spaces and brackets. */
function startOf(pid: string): string | undefined {
  const line = textOf(`/proc/${pid}/stat`);
  return line?.slice(line.lastIndexOf(")") + 2).split(" ")[19];
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
