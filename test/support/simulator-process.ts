/** The program `quectel-modem-simulator` as a process of its own, as a user starts it; needs `npm run build`. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { waitFor } from "./wait-for";

const CLI = resolve(__dirname, "../../dist/quectel-modem-simulator.js");

export interface SimulatorProcess {
  /** Everything it printed so far, a line each. */
  readonly lines: readonly string[];
  /** Ends it in order (SIGTERM) and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts it on a pseudo terminal at `path` and resolves when the path is there.
 *
 * @throws when it ends before, with what it printed (socat missing, for example).
 */
export async function startSimulatorOnPty(
  path: string,
  args: readonly string[] = [],
): Promise<SimulatorProcess> {
  const child = spawn(process.execPath, [CLI, "--pty", path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  await waitFor(`the simulated modem on ${path}`, () => {
    if (child.exitCode !== null) throw new Error(`the simulated modem ended:\n${lines.join("\n")}`);
    return existsSync(path);
  });
  return {
    lines,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
