/**
 * The far end of a gateway's line, TCP or pseudo terminal: first a simulated module, then a flood, then the module again.
 *
 * A flood is written as fast as the gateway reads, also while the gateway has closed its end of a pseudo terminal.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { SimulatedModem } from "../../../lib/simulator";
import { waitFor } from "../../support/wait-for";
import type { HostPlan } from "./host";
import type { Flood } from "./kinds";

/** Milliseconds between two bytes of the slowest flood. */
const DRIP_MS = 5_000;

interface Ends {
  readonly fromHost: Readable;
  readonly toHost: Writable;
}

export class FarEnd {
  /** Bytes of the flood that the gateway's side has taken. */
  flooded = 0;
  private flood: Flood | undefined;
  private ends: Ends | undefined;
  private leave: () => void = () => undefined;

  private constructor(
    private readonly module: SimulatedModem,
    readonly line: HostPlan["line"],
    private readonly stop: () => Promise<void>,
  ) {}

  static async tcp(module: SimulatedModem): Promise<FarEnd> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("close", () => far.left(socket));
      far.joined({ fromHost: socket, toHost: socket });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const far: FarEnd = new FarEnd(module, { kind: "tcp", port: address.port }, async () => {
      far.ends?.toHost.destroy();
      server.close();
      await once(server, "close");
    });
    return far;
  }

  /** @param folder for the name of the pseudo terminal. Needs socat. */
  static async serial(module: SimulatedModem, folder: string): Promise<FarEnd> {
    const path = join(folder, "port");
    const socat = spawn("socat", [`pty,raw,echo=0,link=${path}`, "-"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    // Held open here, so that it outlives the gateway's closing.
    const held = await waitFor(
      "the pseudo terminal of socat",
      () => open(path, O_RDWR | O_NOCTTY | O_NONBLOCK).catch(() => undefined),
      10_000,
    );
    socat.stdin.on("error", () => undefined);
    const far = new FarEnd(module, { kind: "serial", path }, async () => {
      const gone = once(socat, "exit");
      socat.kill("SIGKILL");
      await gone;
      await held.close();
      await rm(path, { force: true });
    });
    far.joined({ fromHost: socat.stdout, toHost: socat.stdin });
    return far;
  }

  /** From now on this comes instead of what a module says. */
  begin(flood: Flood): void {
    this.flood = flood;
    this.flooded = 0;
    this.leave();
    if (this.ends !== undefined) void this.pour(this.ends, flood);
  }

  /** The module is there again. */
  end(): void {
    this.flood = undefined;
    if (this.ends !== undefined) this.connect(this.ends);
  }

  async close(): Promise<void> {
    this.flood = undefined;
    this.leave();
    await this.stop();
  }

  private joined(ends: Ends): void {
    this.ends = ends;
    // What the gateway says into a flood is read and lost.
    ends.fromHost.on("data", () => undefined);
    if (this.flood === undefined) this.connect(ends);
    else void this.pour(ends, this.flood);
  }

  private left(toHost: Writable): void {
    if (this.ends?.toHost !== toHost) return;
    this.ends = undefined;
    this.leave();
  }

  private connect({ fromHost, toHost }: Ends): void {
    const line = this.module.open("usbat", {
      received: (bytes) => void toHost.write(bytes),
      vanished: () => undefined,
    });
    if (typeof line === "string") throw new Error(`the port is ${line}`);
    const pass = (bytes: Buffer): void => line.write(bytes);
    fromHost.on("data", pass);
    this.leave = () => {
      fromHost.off("data", pass);
      line.close();
      this.leave = () => undefined;
    };
  }

  private async pour(ends: Ends, flood: Flood): Promise<void> {
    const isOn = (): boolean => this.flood === flood && this.ends === ends && !ends.toHost.destroyed;
    while (isOn()) {
      const bytes = flood.isDrip === true ? flood.bytes.subarray(0, 1) : flood.bytes;
      await new Promise<void>((taken) => void ends.toHost.write(bytes, () => taken()));
      this.flooded += bytes.length;
      if (flood.isDrip === true) await new Promise((later) => setTimeout(later, DRIP_MS));
    }
  }
}
