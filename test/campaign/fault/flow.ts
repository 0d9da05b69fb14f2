/**
 * The flows of one process of an episode: the nodes of the package, made, deployed and closed as Node-RED does it, with its
 * own class of nodes (`red-nodes.ts`). They share what such a process has: lines, disk, clock.
 */
import { EventEmitter } from "node:events";
import type { Node } from "node-red";
import { within } from "../../../lib/async";
import type { Clock } from "../../../lib/clock";
import type { FileLayer } from "../../../lib/outbox/spool/files";
import type { Host } from "../../../lib/outbox/spool/lock";
import type { Outbox } from "../../../lib/outbox/outbox";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { TransportFactory } from "../../../lib/serial/transport";
import registerOutbox = require("../../../nodes/quectel-outbox");
import registerSmtpSend = require("../../../nodes/quectel-smtp-send");
import type { Assembly } from "../../../nodes/runtime/modem/assembly";
import { isDeploy, type FlowsStopping } from "../../../nodes/runtime/modem/kept-stations";
import type { ModemHost } from "../../../nodes/runtime/modem/modem-host";
import type { ResultReceiver } from "../../../nodes/runtime/modem/routing";
import { forgetPendingOf, heldBytes } from "../../../nodes/runtime/smtp-send/pending-mails";
import { KeptLog } from "../../support/module-replies";
import type { End } from "./audit";
import { nodeFor, OUTBOX, SEND, type Definition, type Flows } from "./flow-file";
import type { Letter } from "./letters";
import type { Life } from "./life";
import { NodeAnswers, type Ways } from "./node-answers";
import { leavePlace, takePlace } from "./places";
import type { ProcessClock } from "./process-clock";
import { ProcessLeases } from "./process-leases";
import { forever, type ProcessLines } from "./process-transport";
import { redFor, registerModem, type FlowOfNode, type NodeType, type RedNode } from "./red-nodes";
import { TestMail, type TestMailEnd } from "./test-mail";

/** What is asked of the nodes of an episode. */
export interface NodesOptions {
  /** The letters of the episode. */
  readonly letters: () => readonly Letter[];
  /** Makes nodes that send do something wrong on purpose; left out: they do not. */
  readonly spoilNode?: (receiver: ResultReceiver) => void;
  /** Takes what is wrong with what nodes do, in words. */
  readonly complain: (what: string) => void;
}

export interface FlowOptions extends NodesOptions {
  /** Of the process. */
  readonly clock: ProcessClock;
  readonly lines: ProcessLines;
  readonly files: FileLayer;
  readonly host: Host;
  /** Folder of the modem, which no other process names so. */
  readonly directory: string;
  readonly world: Clock;
  readonly transport: TransportFactory;
  readonly port: "usbat" | "usbmodem";
  /** All nodes that there can be. */
  readonly first: Flows;
  readonly ended: (end: End) => void;
  readonly published: (what: string, text: string) => void;
}

/** Node-RED's limit for the close of a node, milliseconds. */
const CLOSE_MS = 15_000;

export class Flow implements Life {
  /** What is started with. */
  saved: Flows;
  startedAt = 0;
  private running: Flows | undefined;
  private readonly nodes = new Map<string, RedNode>();
  private readonly closed = new WeakSet<Node>();
  private readonly types = new Map<string, NodeType>();
  private readonly events = new EventEmitter();
  private readonly log = new KeptLog();
  private readonly leases = new ProcessLeases();
  private readonly tests = new Set<TestMail>();
  private readonly answers: NodeAnswers;
  /** Starts, deploys and stops, one after the other. */
  private work: Promise<void> = Promise.resolve();
  private host: ModemHost | undefined;
  private parts: Assembly | undefined;
  private opened: Assembly | undefined;
  private isShared = false;
  private isDead = false;
  private testMails = 0;

  constructor(private readonly options: FlowOptions) {
    const { clock, files, host, port, lines, transport, directory, published } = options;
    this.saved = options.first;
    this.answers = new NodeAnswers({ ...options, isClosed: (node) => this.closed.has(node) });
    takePlace(directory, {
      clock,
      files,
      host,
      port,
      connect: lines.through(transport),
      assembled: (parts, isConnected) => this.watch(parts, isConnected),
    });
    const RED = redFor(this.types, {
      events: this.events,
      flow: this.ends(),
      getNode: (id) => this.nodes.get(id),
      log: (message) => published("log", String(message)),
    });
    void registerSmtpSend(RED);
    void registerOutbox(RED);
    registerModem(RED, {
      directory,
      clock,
      published,
      log: this.log,
      made: (one) => this.use(one),
      // Without a node that takes it only the log tells it.
      unclaimed: (ended) => void (this.hasType(OUTBOX) || this.isDead || options.ended(ended)),
    });
  }

  get modem(): Modem | undefined {
    return this.host?.inUse?.modem;
  }

  get outbox(): Outbox | undefined {
    return this.host?.inUse?.outbox;
  }

  /** All nodes are there. */
  get isWhole(): boolean {
    return this.nodes.size === this.options.first.size;
  }

  isOpen(): boolean {
    const { opened } = this;
    return opened !== undefined && opened === this.host?.inUse;
  }

  knowsOthers(): boolean {
    return this.isShared;
  }

  takes(letter: Letter): boolean {
    return this.nodes.has(nodeFor(letter, this.saved)?.id ?? "");
  }

  /** A message comes to a node. Resolves when it is accepted, rejects when it is refused. */
  take(letter: Letter): Promise<{ readonly id: string }> {
    const definition = nodeFor(letter, this.saved);
    const node = this.nodes.get(definition?.id ?? "");
    if (definition === undefined || node === undefined) throw new Error("no node takes it");
    const answer = this.answers.took(letter, node, waysOf(definition));
    node.receive({ ...letter.message });
    return answer;
  }

  open(): Promise<void> {
    return this.next(async () => {
      this.running = this.saved;
      this.start([...this.saved.keys()]);
    });
  }

  /** The flows are replaced; what has not changed goes on. */
  deploy(flows: Flows): void {
    this.saved = flows;
    void this.next(async () => {
      const before = this.running;
      if (before === undefined) return;
      this.running = flows;
      const ids = [...flows.keys()];
      const added = ids.filter((id) => !before.has(id));
      const removed = [...before.keys()].filter((id) => !flows.has(id));
      const isNew = (id: string): boolean => before.get(id) !== flows.get(id);
      const isChanged = (id: string): boolean => isNew(id) || isNew(flows.get(id)?.modem ?? id);
      const changed = ids.filter((id) => before.has(id) && isChanged(id));
      await this.stop([...changed, ...removed], { diff: { added, changed, removed } });
      this.start([...added, ...changed]);
    });
  }

  /** The flows are stopped. */
  close(): Promise<void> {
    return this.next(async () => {
      const { running } = this;
      this.running = undefined;
      if (running !== undefined) await this.stop([...running.keys()], {});
      this.publish();
    });
  }

  die(): void {
    this.isDead = true;
    this.publish();
    const { clock, lines, directory, complain } = this.options;
    clock.die();
    lines.die();
    for (const test of this.tests) test.die();
    this.parts?.mailer.close();
    this.leases.die();
    leavePlace(directory);
    this.forget();
    for (const debt of this.answers.debts(false)) complain(debt);
  }

  /** What its nodes still have to answer for when all is over, in words. */
  debts(): readonly string[] {
    const held = heldBytes();
    this.forget();
    return [...this.answers.debts(true), ...(held === 0 ? [] : [`a node: holds ${held} bytes of no mail`])];
  }

  testMail(recipient: string, cancelled: AbortSignal): Promise<TestMailEnd> | undefined {
    const { host } = this;
    if (host?.inUse === undefined) return undefined;
    const { settings, store } = host.inUse;
    const { mailer, network, smtp, text } = settings;
    const { lines, transport, clock, port } = this.options;
    const test = new TestMail({
      lease: (signal, purpose) => host.leasePort(signal, purpose),
      way: mailer === "auto" ? (this.testMails++ % 2 === 0 ? "module" : "socket") : mailer,
      transport: lines.through(transport),
      charset: text.charset,
      log: this.log,
      clock,
      network,
      smtp,
      store,
      port,
    });
    this.tests.add(test);
    return test.run(recipient, cancelled).finally(() => this.tests.delete(test));
  }

  /** The package keeps messages for all nodes of a process together. */
  private forget(): void {
    for (const id of this.options.first.keys()) forgetPendingOf(id);
  }

  /** What a dead process does next is nothing. */
  private next(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(() => (this.isDead ? forever() : work()));
    return this.work;
  }

  private start(ids: readonly string[]): void {
    for (const [id, definition] of this.running ?? []) {
      if (!ids.includes(id)) continue;
      const Type = this.types.get(definition.type);
      if (Type === undefined) throw new Error(`no type ${definition.type}`);
      this.nodes.set(id, new Type(definition));
    }
    this.events.emit("flows:started");
  }

  private async stop(ids: readonly string[], what: FlowsStopping): Promise<void> {
    this.events.emit("flows:stopping", what);
    this.options.published("flow", `${isDeploy(what) ? "deploy" : "stop"} ${ids.join(" ")}`);
    const closes: Promise<void>[] = [];
    // The config node comes last.
    for (const id of [...ids].reverse()) {
      const node = this.nodes.get(id);
      this.nodes.delete(id);
      if (node === undefined) continue;
      this.closed.add(node);
      const isRemoved = what.diff?.removed?.includes(id) === true;
      const late = (): void => this.options.published("flow", `the close of ${id} timed out`);
      closes.push(within(this.options.clock, CLOSE_MS, node.close(isRemoved), late));
    }
    await Promise.all(closes);
    if (this.isDead) await forever();
  }

  /** Where the messages of its nodes go. */
  private ends(): FlowOfNode {
    const { answers, options } = this;
    return {
      send: (events) => {
        for (const { source, msg } of this.isDead ? [] : events) answers.sent(source.node, msg);
      },
      handleError: (_node, error, message) => {
        options.published("log", String(error));
        if (!this.isDead) answers.caught(error, message);
        return true;
      },
      handleComplete: (_node, message) => {
        if (!this.isDead) answers.completed(message);
      },
      handleStatus: (_node, status) => options.published("status", JSON.stringify(status)),
    };
  }

  /** A config node was made. */
  private use(host: ModemHost): void {
    this.host = host;
    const { answers } = this;
    const accept = host.accept.bind(host);
    const join = host.join.bind(host);
    host.accept = async (mail, options, origin) => {
      const kept = await accept(mail, options, origin);
      if (!this.isDead) answers.accepted(origin.message, kept.id);
      return kept;
    };
    host.join = (user) => {
      const definition = this.running?.get(user.node.id);
      if (definition?.type === SEND && user.receiver !== undefined)
        this.hear(user.receiver, waysOf(definition));
      join(user);
    };
  }

  private hasType(type: string): boolean {
    return [...this.nodes.values()].some((node) => node.type === type);
  }

  private hear(receiver: ResultReceiver, ways: Ways): void {
    this.options.spoilNode?.(receiver);
    const receive = receiver.receive.bind(receiver);
    receiver.receive = async (ended) => {
      await receive(ended);
      if (!this.isDead) this.answers.received(ended, ways);
    };
  }

  /** @param isConnected they go on with a module that is at work already */
  private watch(parts: Assembly, isConnected: boolean): void {
    this.parts = parts;
    const { modem, outbox, trace } = parts;
    const { published, world } = this.options;
    const open = outbox.open.bind(outbox);
    outbox.open = async () => {
      await open();
      this.opened = parts;
    };
    const tell = (what: string) => (event: unknown) => published(what, JSON.stringify(event));
    outbox.on("progress", tell("progress"));
    outbox.on("hold", tell("hold"));
    outbox.on("changed", () => tell("summary")(outbox.summary()));
    if (isConnected) return;
    this.startedAt = world.now();
    this.isShared = false;
    trace.enabled = true;
    this.leases.watch(modem.lock);
    modem.on("state", tell("state"));
    modem.on("warning", (error) => {
      if (error.code === "MODEM_SHARED") this.isShared = true;
      published("warning", `${error.message} ${error.hint}`);
    });
  }

  private publish(): void {
    const { published } = this.options;
    published("log", this.log.lines.join("\n"));
    published("trace", this.parts?.trace.entries.map(({ text }) => text).join("") ?? "");
  }
}

function waysOf({ emit, errorTo }: Definition): Ways {
  return { emit, errorTo } as Ways;
}
