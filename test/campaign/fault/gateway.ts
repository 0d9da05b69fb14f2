/**
 * A config node of an episode over all lives of its host: the library put together as the nodes do it, or the nodes
 * themselves (`flow.ts`), killed, deployed and restarted on one disk. What befalls the whole process is in `host.ts`.
 */
import type { Mailer } from "../../../lib/mailer/mailer";
import type { BccMode } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { Outbox } from "../../../lib/outbox/outbox";
import type { OutboxSettings } from "../../../lib/outbox/outbox-types";
import type { Mail, MailOptions } from "../../../lib/mail/mail";
import { Modem } from "../../../lib/quectel/connection/modem";
import { NetworkSearch } from "../../../lib/quectel/network/network-search";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { KeyValueStore } from "../../../lib/quectel/key-value-store";
import { delay } from "../../../lib/clock";
import type { NetworkSettings, SmtpSettings } from "../../../lib/quectel/settings";
import { PayloadMask } from "../../../lib/quectel/sockets/payload-mask";
import { Trace } from "../../../lib/serial/trace";
import type { TransportFactory } from "../../../lib/serial/transport";
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { Host } from "../../../lib/outbox/spool/lock";
import { FolderStore } from "../../../nodes/runtime/disk/folder-store";
import { leasePort } from "../../../nodes/runtime/modem/port-lease";
import type { FastClock } from "../../support/fast-clock";
import { FaultyFiles, type Operation, type Survives } from "../../support/faulty-files";
import { KeptLog } from "../../support/module-replies";
import type { End } from "./audit";
import { Flow, type NodesOptions } from "./flow";
import type { Flows } from "./flow-file";
import { gatewayMailer, type MailerKind } from "./gateway-mailer";
import type { Charset, Letter } from "./letters";
import type { Life } from "./life";
import { ProcessClock } from "./process-clock";
import { ProcessLeases } from "./process-leases";
import { ProcessPause } from "./process-pause";
import { ProcessLines, type LineWitness } from "./process-transport";
import { TestMail, type TestMailEnd } from "./test-mail";

export interface GatewayOptions {
  readonly clock: FastClock;
  /** Port of the module that it is connected to. */
  readonly port: "usbat" | "usbmodem";
  readonly transport: TransportFactory;
  readonly witness: LineWitness;
  /** Of the process that it runs in. */
  readonly pause: ProcessPause;
  readonly store: KeyValueStore;
  readonly mailer: MailerKind;
  readonly network: NetworkSettings;
  readonly smtp: SmtpSettings;
  readonly queue: Omit<OutboxSettings, "simulated">;
  readonly bccMode: BccMode;
  readonly charset: Charset;
  readonly random: () => number;
  readonly ended: (ended: End) => void;
  /** Messages come in through nodes: those of the flows. Left out: the library is driven directly. */
  readonly nodes?: NodesOptions & { readonly flows: () => Flows };
  /** Milliseconds that an operation of the disk takes. */
  readonly diskMs: (operation: Operation) => number;
  /** Milliseconds that the next chunk of the line takes, either way. */
  readonly lineMs: () => number;
  /** A mailer with a defect on purpose in the place of the right one; left out: the right one. */
  readonly spoil?: (mailer: Mailer) => Mailer;
  /** Gets what a life has written that others can read: log and trace. */
  readonly published: (what: string, text: string) => void;
}

/** Milliseconds between two attempts to open the outbox, as the nodes make them. */
const REOPEN = 30_000;

const MODEM_DIRECTORY = "/user/quectel-modem/m1";
export const DIRECTORY = `${MODEM_DIRECTORY}/spool`;
/** Kept in memory where no node keeps them. */
export const NOTES = `${MODEM_DIRECTORY}/notes`;

/** A process of the host; deploys happen within one. */
interface Process {
  readonly pid: number;
  readonly container: "ours" | "another container";
  /** Names of the locks that it holds. */
  readonly locks: Set<string>;
  readonly pause: ProcessPause;
  /** Its nodes, which come and go with deploys. */
  flow?: Flow;
}

export class Gateway {
  disk: FaultyFiles;
  private life: Life | undefined;
  private closing = false;
  private lastPid = 0;
  private tests = 0;
  private boot = 1;
  private booted: number;
  /** Processes that run, by their number; ours is the one that a kill replaces. */
  private readonly processes = new Map<number, Process>();
  private ours: Process;
  private flows: Flows | undefined;

  constructor(private readonly options: GatewayOptions) {
    this.booted = options.clock.now();
    this.ours = this.newProcess("ours");
    this.disk = this.paced(new FaultyFiles());
  }

  get isUp(): boolean {
    return this.life !== undefined;
  }

  /** Accepts mails right now. */
  get outbox(): Outbox | undefined {
    return this.life?.isOpen() === true && !this.closing ? this.life.outbox : undefined;
  }

  get current(): Life | undefined {
    return this.life;
  }

  start(): void {
    if (this.life !== undefined) return;
    const { nodes } = this.options;
    const life = nodes === undefined ? this.assemble(this.ours) : this.flowOf(this.ours, nodes);
    this.life = life;
    void life.open();
  }

  /** What it keeps about its module. */
  get store(): KeyValueStore {
    return this.options.nodes === undefined ? this.options.store : new FolderStore(NOTES, this.disk);
  }

  /** Takes this letter right now. */
  takes(letter: Letter): boolean {
    return this.options.nodes === undefined ? this.outbox !== undefined : this.flow?.takes(letter) === true;
  }

  /** All is as it should be. */
  get isServing(): boolean {
    return this.outbox !== undefined && (this.options.nodes === undefined || this.flow?.isWhole === true);
  }

  /** Resolves when it is accepted, rejects when it is refused; neither when the process dies before. */
  take(letter: Letter, mail: Mail): Promise<{ readonly id: string }> {
    if (this.options.nodes === undefined) return this.accept(mail, letter, letter.number);
    if (this.flow === undefined) throw new Error("no flows run");
    return this.flow.take(letter);
  }

  /** New flows are deployed. @param changed makes them of the present ones and of the first ones */
  deploy(changed: (now: Flows, first: Flows) => Flows): void {
    const { nodes } = this.options;
    if (nodes === undefined) throw new Error("there are no nodes to deploy");
    const first = nodes.flows();
    this.flows = changed(this.flows ?? first, first);
    this.flow?.deploy(this.flows);
  }

  /** What the nodes of this process still have to answer for when all is over, in words. */
  get debts(): readonly string[] {
    return this.ours.flow?.debts() ?? [];
  }

  accept(mail: Mail, options: MailOptions, number: number): Promise<{ readonly id: string }> {
    const { outbox } = this;
    if (outbox === undefined) throw new Error("the gateway is down");
    return outbox.accept(mail, options, { nodeId: this.options.port, message: { number } });
  }

  /** The process ends in the middle of whatever it does. @param survives what the disk keeps. */
  kill(survives: Survives): void {
    const life = this.life ?? this.ours.flow;
    if (life === undefined) return;
    this.life = undefined;
    this.closing = false;
    life.die();
    this.processes.delete(this.ours.pid);
    this.ours = this.newProcess("ours");
    this.disk.cut();
    const { fault } = this.disk;
    this.disk = this.paced(this.disk.after(survives));
    this.disk.fault = fault;
    if (survives === "all") return;
    this.boot++;
    this.booted = this.options.clock.now();
  }

  /** Closes as a deploy does; resolves when the next life may begin. */
  async close(): Promise<void> {
    const { life } = this;
    if (life === undefined || this.closing) return;
    this.closing = true;
    await life.close();
    if (this.life !== life) return;
    this.life = undefined;
    this.closing = false;
  }

  /** A person tries the settings; undefined while the gateway is down. @param cancelled ends it before its time */
  testMail(recipient: string, cancelled: AbortSignal): Promise<TestMailEnd> | undefined {
    return this.life?.testMail(recipient, cancelled);
  }

  /**
   * Another runtime that sees the same folder, in a container of its own, opens the outbox and leaves it after a while.
   * It has no module.
   */
  async intrude(ms: number): Promise<void> {
    const another = this.newProcess("another container");
    const life = this.assemble(another);
    await life.openOutbox();
    await delay(this.options.clock, ms);
    await life.close();
    this.processes.delete(another.pid);
  }

  private paced(disk: FaultyFiles): FaultyFiles {
    const { clock, pause, diskMs } = this.options;
    disk.pace = (operation) => {
      const ms = diskMs(operation);
      if (ms === 0 && !pause.isPaused) return undefined;
      return (ms === 0 ? Promise.resolve() : delay(clock, ms)).then(() => pause.passed("disk"));
    };
    return disk;
  }

  private get flow(): Flow | undefined {
    return this.life === undefined ? undefined : this.ours.flow;
  }

  /** The nodes of a process. */
  private flowOf(process: Process, { flows, ...nodes }: NonNullable<GatewayOptions["nodes"]>): Flow {
    const { clock, port, transport, witness, lineMs, published, ended } = this.options;
    const { pause } = process;
    this.flows ??= flows();
    process.flow ??= new Flow({
      ...nodes,
      world: clock,
      clock: new ProcessClock(clock, pause),
      lines: new ProcessLines({ clock, witness, pause, lineMs }),
      transport,
      port,
      // What the code of a process keeps by folders dies with it.
      directory: `/${port}-${process.pid}${MODEM_DIRECTORY}`,
      files: below(`/${port}-${process.pid}`, this.disk),
      host: this.outboxHost(process),
      published,
      ended,
      first: flows(),
    });
    process.flow.saved = this.flows;
    return process.flow;
  }

  private outboxHost({ pid, container, locks }: Process): Host {
    const boot = `boot ${this.boot}`;
    const { booted } = this;
    return {
      self: { pid, started: String(pid), boot, pidNamespace: container, host: "gateway" },
      locks,
      uptime: () => this.options.clock.now() - booted,
      state: (mark) =>
        mark.boot !== boot || mark.pidNamespace !== container
          ? "unknown"
          : this.processes.has(mark.pid)
            ? "running"
            : "gone",
    };
  }

  private newProcess(container: Process["container"]): Process {
    const { pause, clock } = this.options;
    const made = {
      pid: ++this.lastPid,
      container,
      locks: new Set<string>(),
      // Another container does not stand still with ours.
      pause: container === "ours" ? pause : new ProcessPause(clock),
    };
    this.processes.set(made.pid, made);
    return made;
  }

  private assemble(process: Process) {
    const { pause } = process;
    const { clock: world, store, network, smtp, charset, random, ended, published } = this.options;
    const clock = new ProcessClock(world, pause);
    const log = new KeptLog();
    const { witness, lineMs } = this.options;
    const lines = new ProcessLines({ clock: world, witness, pause, lineMs });
    const trace = new Trace(clock, undefined, new PayloadMask());
    trace.enabled = true;
    const connect = lines.through(this.options.transport);
    const modem = new Modem({
      transport: () => trace.watch(connect()),
      clock,
      network,
      log,
      random,
      urcPort: async () => this.options.port,
      hide: (secrets) => trace.hide(secrets),
    });
    const leases = new ProcessLeases();
    leases.watch(modem.lock);
    const search = new NetworkSearch(modem);
    const pdp = new PdpContext(modem, network);
    const { mailer: kind, bccMode, spoil = (right) => right } = this.options;
    const mailer = spoil(gatewayMailer(kind, { modem, pdp, store, smtp, charset, bccMode, lateNote: 10 }));
    const files = this.disk;
    const outbox = new Outbox({
      directory: DIRECTORY,
      clock,
      mailer,
      settings: { ...this.options.queue, simulated: false },
      log,
      random,
      files,
      host: this.outboxHost(process),
    });
    const tell = (what: string) => (event: unknown) => published(what, JSON.stringify(event));
    outbox.on("ended", ended);
    outbox.on("progress", tell("progress"));
    outbox.on("hold", tell("hold"));
    outbox.on("changed", () => tell("summary")(outbox.summary()));
    outbox.on("trouble", (error) =>
      published("trouble", `${error.message} ${error.hint} ${String(error.stack)}`),
    );
    let knowsOthers = false;
    modem.on("warning", (error) => {
      if (error.code === "MODEM_SHARED") knowsOthers = true;
      published("warning", `${error.message} ${error.hint}`);
    });
    modem.on("state", (state) => {
      published("state", JSON.stringify(state));
      const error = "error" in state ? state.error : undefined;
      // As the nodes do; while the outbox is not open it refuses.
      if (error?.class === "setup") outbox.holdFor(error).catch(() => undefined);
    });
    let open = false;
    let dead = false;
    const publish = (): void => {
      published("log", log.lines.join("\n"));
      published("trace", trace.entries.map(({ text }) => text).join(""));
    };
    const openOutbox = async (): Promise<void> => {
      try {
        await outbox.open();
        open = true;
      } catch (error) {
        published("open", String(error));
        if (!dead) clock.after(REOPEN, () => void openOutbox());
      }
    };
    const tests = new Set<TestMail>();
    const testMail = async (recipient: string, cancelled: AbortSignal): Promise<TestMailEnd> => {
      const test = new TestMail({
        lease: (signal, purpose) =>
          leasePort(
            { modem, pdp, outbox },
            { ...purpose, signal, isInUse: () => !dead, log, onLease: () => undefined },
          ),
        // Where each mail takes its way, a person tries them one after the other.
        way: kind === "auto" ? (this.tests++ % 2 === 0 ? "module" : "socket") : kind,
        transport: lines.through(this.options.transport),
        clock,
        network,
        smtp,
        charset,
        store,
        log,
        port: this.options.port,
      });
      tests.add(test);
      return test.run(recipient, cancelled).finally(() => tests.delete(test));
    };
    return {
      startedAt: world.now(),
      modem,
      outbox,
      log,
      trace,
      testMail,
      openOutbox,
      isOpen: () => open,
      knowsOthers: () => knowsOthers,
      open: async (): Promise<void> => {
        modem.acquire();
        await openOutbox();
      },
      die: (): void => {
        dead = true;
        publish();
        clock.die();
        lines.die();
        for (const test of tests) test.die();
        mailer.close();
        leases.die();
      },
      close: async (): Promise<void> => {
        dead = true;
        for (const test of tests) await test.stop();
        await outbox.close();
        mailer.close();
        pdp.close();
        search.close();
        await modem.close();
        publish();
      },
    };
  }
}

/** A disk whose files have names below `folder`. */
function below(folder: string, disk: FileLayer): FileLayer {
  const inside = (given: unknown): unknown =>
    typeof given === "string" && given.startsWith(`${folder}/`) ? given.slice(folder.length) : given;
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...given: readonly unknown[]) => Reflect.apply(value, target, given.map(inside)) as unknown;
    },
  });
}
