/** What a test needs around its gateways: folder, mail server, simulated modules on pseudo terminals. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { MailServer, type ReceivedMail } from "../../support/mail-server";
import type { NodeRedVersion } from "../../support/node-red-versions";
import { startSimulatorOnPty, type SimulatorProcess } from "../../support/simulator-process";
import { waitFor } from "../../support/wait-for";
import { Gateway, type GatewayOptions } from "./gateway";

export class Rig {
  private readonly gateways: Gateway[] = [];
  private readonly modules: SimulatorProcess[] = [];

  private constructor(
    readonly folder: string,
    readonly server: MailServer,
  ) {}

  static async start(): Promise<Rig> {
    return new Rig(await mkdtemp(join(tmpdir(), "gateway-")), await MailServer.start());
  }

  /** Starts a module that takes no time but that of its line. Returns its port. */
  async module(
    name = "ttyUSB2",
    args: readonly string[] = ["--fast", "--trace", "--baud", "115200"],
  ): Promise<string> {
    const path = join(this.folder, name);
    this.modules.push(await startSimulatorOnPty(path, args));
    return path;
  }

  /** How many lines each module has heard and said so far. */
  heard(): readonly number[] {
    return this.modules.map(({ lines }) => lines.length);
  }

  /**
   * Resolves when so many modules have said that they are busy with a mail, since they had `heard` that much: a result
   * that comes before its module was asked cannot be told from that of another mail.
   */
  async askedSince(heard: readonly number[], modules = 1): Promise<void> {
    const isBusy = ({ lines }: SimulatorProcess, at: number): boolean =>
      lines.slice(heard[at] ?? 0).some((line) => /< .*\b652\b/.test(line));
    await waitFor("modules that say they are busy", () => this.modules.filter(isBusy).length >= modules);
  }

  async gateway(
    version: NodeRedVersion,
    options: Omit<GatewayOptions, "version" | "userDir">,
  ): Promise<Gateway> {
    const userDir = await mkdtemp(join(this.folder, "user-"));
    return this.keep(await Gateway.start({ version, userDir, ...options }));
  }

  /** `gateway`, started again after it was killed. */
  async restarted(gateway: Gateway): Promise<Gateway> {
    return this.keep(await gateway.restart());
  }

  /** Mails with this subject that the server has accepted. */
  arrived(subject: string): ReceivedMail[] {
    return this.server.received.filter(({ parsed }) => parsed.subject === subject);
  }

  /** Resolves when a mail with this subject is there. */
  arrival(subject: string, limit?: number): Promise<ReceivedMail> {
    return waitFor(`mail ${subject}`, () => this.arrived(subject)[0], limit);
  }

  async end(): Promise<void> {
    for (const gateway of this.gateways) await gateway.kill();
    for (const module of this.modules) await module.stop();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private keep(gateway: Gateway): Gateway {
    this.gateways.push(gateway);
    return gateway;
  }
}

/** Milliseconds until another program gets the port and an answer from the module. */
export async function takePort(path: string, limit = 10_000): Promise<number> {
  const start = performance.now();
  const port = await waitFor(`the port ${path} to be free`, () => tryPort(path), limit);
  const taken = performance.now() - start;
  await new Promise<void>((done) => port.close(() => done()));
  return taken;
}

function tryPort(path: string): Promise<SerialPort | undefined> {
  return new Promise((done) => {
    const port = new SerialPort({ path, baudRate: 115200 }, (error) =>
      done(error === null ? port : undefined),
    );
  });
}
