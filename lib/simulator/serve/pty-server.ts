/**
 * Serves one port of the modem as a pseudo-terminal, through socat.
 *
 *   program -- PATH -> /dev/pts/N -- socat -- pipes -- modem
 *
 * The pseudo-terminal outlives its clients: this process keeps the client side open too, so closing and
 * reopening PATH is no hang-up for socat. When the port of the modem vanishes the pseudo-terminal vanishes, and
 * comes back with the modem.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { access, open, rm, type FileHandle } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { delay, systemClock } from "../../clock";
import type { PortName } from "../device/port";
import type { ServedModem, ServedPort } from "./served-modem";

/** Time socat has to make the pseudo-terminal, ms. */
const startLimitMs = 5000;
const lookIntervalMs = 10;

type Socat = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Makes the pseudo-terminal `path`.
 *
 * @throws Error when socat is missing or cannot make it, with what socat said, or when `path` exists.
 */
export async function servePty(
  modem: ServedModem,
  path: string,
  portName: PortName = "usbat",
): Promise<ServedPort> {
  await clearPath(path);
  let terminal = await Terminal.make(path);
  let vanished = false;
  let closing = false;
  const join = (): void => {
    vanished = false;
    const line = modem.open(portName, {
      received: (bytes) => terminal.write(bytes),
      vanished: () => {
        vanished = true;
        void terminal.remove();
      },
    });
    if (typeof line === "string") throw new Error(`the port ${portName} is ${line}`);
    terminal.onData((bytes) => line.write(bytes));
  };
  // The module may be plugged in again while the terminal is still on its way out.
  const comeBack = async (): Promise<void> => {
    if (closing || !vanished) return;
    await terminal.remove();
    const made = await Terminal.make(path);
    terminal = made;
    if (closing) await made.remove();
    else join();
  };
  join();
  const onStarted = (): void => void comeBack();
  modem.on("started", onStarted);
  return {
    address: path,
    close: async () => {
      closing = true;
      modem.off("started", onStarted);
      await terminal.remove();
    },
  };
}

/** One pseudo-terminal, from its making by socat to its end. */
class Terminal {
  private removal: Promise<void> | undefined;

  private constructor(
    private readonly socat: Socat,
    private readonly clientSide: FileHandle,
  ) {
    socat.stdin.on("error", () => undefined);
  }

  static async make(path: string): Promise<Terminal> {
    const socat = spawn("socat", [`pty,raw,echo=0,link=${path}`, "-"], { stdio: ["pipe", "pipe", "pipe"] });
    const said: Buffer[] = [];
    socat.stderr.on("data", (bytes: Buffer) => said.push(bytes));
    const ended = new AbortController();
    socat.once("error", (error) => {
      ended.abort(new Error(`socat cannot be started (${error.message}); install the package socat`));
    });
    socat.once("exit", () => {
      const reason = Buffer.concat(said).toString().trim();
      ended.abort(new Error(`socat made no pseudo-terminal ${path}: ${reason}`));
    });
    return new Terminal(socat, await openWhenThere(path, ended.signal));
  }

  write(bytes: Buffer): void {
    this.socat.stdin.write(bytes);
  }

  onData(listener: (bytes: Buffer) => void): void {
    this.socat.stdout.on("data", listener);
  }

  /** Resolves when socat has ended and its link is gone; every call resolves at that moment. */
  remove(): Promise<void> {
    this.removal ??= this.end();
    return this.removal;
  }

  private async end(): Promise<void> {
    if (this.socat.exitCode === null && this.socat.signalCode === null) {
      const gone = once(this.socat, "exit");
      this.socat.kill("SIGTERM");
      await gone;
    }
    await this.clientSide.close();
  }
}

async function openWhenThere(path: string, signal: AbortSignal): Promise<FileHandle> {
  for (let waited = 0; waited < startLimitMs; waited += lookIntervalMs) {
    await delay(systemClock, lookIntervalMs, signal);
    if (await isThere(path)) return open(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  }
  throw new Error(`socat made no pseudo-terminal ${path} within ${startLimitMs} ms`);
}

/** Removes what a former run left at `path`: a link to nowhere. @throws Error when something is there. */
async function clearPath(path: string): Promise<void> {
  if (await isThere(path)) throw new Error(`${path} exists already; remove it or choose another path`);
  await rm(path, { force: true });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
