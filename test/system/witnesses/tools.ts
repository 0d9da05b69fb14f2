/** Independent programs from Debian packages: found and run. A missing one is a failure with a name. */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Full path of a program; daemons stand in /usr/sbin, which is not in the path of every user. */
export function tool(name: string, debianPackage: string): string {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  throw new Error(`${name} is missing; install the Debian package ${debianPackage}`);
}

export interface Outcome {
  readonly code: number | null;
  /** Standard output and error output as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** File descriptors for standard input and output; left out: nothing in, output collected. */
  readonly terminal?: number;
  /** Killed after so many ms; default 60 000. */
  readonly timeout?: number;
}

/** Runs a program to its end. */
export function run(path: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { terminal } = options;
    const child = spawn(path, args, {
      env: { ...process.env, LC_ALL: "C", ...options.env },
      stdio: [terminal ?? "ignore", terminal ?? "pipe", "pipe"],
      timeout: options.timeout ?? 60_000,
    });
    let output = "";
    const collect = (bytes: Buffer): void => {
      output += bytes.toString("latin1");
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Runs `work` with a temporary folder that is removed afterwards. */
export async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "witness-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
