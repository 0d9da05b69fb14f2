/** mosquitto as a broker on loopback that keeps nothing on the disk. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { waitFor } from "../../support/wait-for";

/** Where Debian installs it, which is in nobody's PATH but root's. */
const DEBIAN = "/usr/sbin/mosquitto";

export interface Broker {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it with its configuration in `folder`. @throws when it is not installed, or ends before it listens. */
export async function startBroker(folder: string): Promise<Broker> {
  const { freePorts } = await import("../../../scripts/demo/ports.mjs");
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("no free port");
  const configuration = join(folder, "mosquitto.conf");
  await writeFile(configuration, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const program = existsSync(DEBIAN) ? DEBIAN : "mosquitto";
  const child = spawn(program, ["-c", configuration, "-v"], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const ended = new Promise<Error>((done) => {
    child.once("error", (error) => done(new Error(`mosquitto cannot be started: ${error.message}`)));
    child.once("exit", (code) => done(new Error(`mosquitto ended with ${code}:\n${lines.join("\n")}`)));
  });
  const running = waitFor("mosquitto", () => lines.some((line) => line.includes(" running")));
  await Promise.race([running, ended.then((error) => Promise.reject(error))]);
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
