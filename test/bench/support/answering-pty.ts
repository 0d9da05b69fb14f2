/** A pseudo terminal, made by socat, on which a process answers AT commands at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "../../support/wait-for";

const RESPONDER = join(__dirname, "responder.mjs");

/** Runs `use` with the path of a fresh pseudo terminal. @throws Error when socat is missing. */
export async function withAnsweringPty<T>(use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "bench-pty-"));
  const path = join(folder, "tty");
  const socat = spawn(
    "socat",
    [`PTY,raw,echo=0,link=${path}`, `EXEC:"${process.execPath} ${RESPONDER}",pipes`],
    { stdio: "ignore" },
  );
  try {
    await present(socat, path);
    return await use(path);
  } finally {
    socat.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function present(socat: ChildProcess, path: string): Promise<void> {
  let failure: Error | undefined;
  socat.once("error", (cause) => {
    failure = new Error("this row needs socat: apt-get install socat", { cause });
  });
  await waitFor("socat to make a pseudo terminal", () => {
    if (failure !== undefined) throw failure;
    if (socat.exitCode !== null) throw new Error(`socat ended with code ${socat.exitCode}`);
    return existsSync(path);
  });
}
