/**
 * Two pseudo terminals joined by socat: what is written to one is read from the other.
 *
 * Needs the Debian package socat; without it every test that asks for a pair fails.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./wait-for";

export class PtyPair {
  private constructor(
    private readonly folder: string,
    private readonly socat: ChildProcess,
  ) {}

  /** @param folder made when left out; to be given to find a new pair under the links of an old one. */
  static async open(folder?: string): Promise<PtyPair> {
    const home = folder ?? (await mkdtemp(join(tmpdir(), "pty-")));
    const end = (name: string): string => `pty,raw,echo=0,link=${join(home, name)}`;
    const socat = spawn("socat", [end("host"), end("modem")], { stdio: "ignore" });
    await once(socat, "spawn");
    const pair = new PtyPair(home, socat);
    await waitFor("the pseudo terminals of socat", () => pair.devices().length === 2, 5_000);
    return pair;
  }

  /** Links to the two ends. */
  get host(): string {
    return join(this.folder, "host");
  }

  get modem(): string {
    return join(this.folder, "modem");
  }

  /** Pulls the plug: both ends vanish. The folder stays. */
  async unplug(): Promise<string> {
    const gone = once(this.socat, "exit");
    this.socat.kill("SIGTERM");
    await gone;
    return this.folder;
  }

  async close(): Promise<void> {
    if (this.socat.exitCode === null && this.socat.signalCode === null) await this.unplug();
    await rm(this.folder, { recursive: true, force: true });
  }

  private devices(): string[] {
    return [this.host, this.modem].flatMap((link) => {
      try {
        return [realpathSync(link)];
      } catch {
        return [];
      }
    });
  }
}
