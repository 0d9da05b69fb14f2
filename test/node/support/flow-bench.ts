/**
 * A flow with the nodes of this package on a real runtime: test nodes feed it, and the tests wait for what comes out.
 *
 * The modem is the built-in simulated one, which delivers to a mail server on loopback.
 */
import { once, type EventEmitter } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Node, NodeInitializer } from "node-red";
import helper from "node-red-node-test-helper";
import registerAttachFile = require("../../../nodes/quectel-attach-file");
import registerModem = require("../../../nodes/quectel-modem");
import registerModemStatus = require("../../../nodes/quectel-modem-status");
import registerOutbox = require("../../../nodes/quectel-outbox");
import registerPdpContext = require("../../../nodes/quectel-pdp-context");
import registerSmtpSend = require("../../../nodes/quectel-smtp-send");
import { notesDirectory } from "../../../nodes/runtime/disk/folders";
import { certificate } from "../../support/certificates";
import type { TokenServer } from "../../support/token-server";
import { waitFor } from "../../support/wait-for";

/** A message as a test looks into it: like parsed JSON, of unknown form. */
export interface Message {
  topic: Loose;
  payload: Loose;
  smtp: Loose;
  error: Loose;
  attachments: Loose;
  pdp: Loose;
  [property: string]: Loose;
}
type Loose = ReturnType<JSON["parse"]>;
export type FlowNode = { id: string; type: string; wires?: string[][] } & Record<string, unknown>;

// Another Node-RED than the one in node_modules.
const runtime = process.env["NODE_RED_RUNTIME"];
if (runtime !== undefined) helper.init(runtime);

export const NODES = [
  registerModem,
  registerSmtpSend,
  registerAttachFile,
  registerPdpContext,
  registerModemStatus,
  registerOutbox,
];

/** A modem node as its dialog saves it, for the mail server on `port`. */
export function modemNode(port: number, change: object = {}): FlowNode {
  return {
    id: "modem",
    type: "quectel-modem",
    name: "",
    version: 1,
    transport: "simulator",
    smtpHost: "127.0.0.1",
    smtpPort: String(port),
    smtpSecurity: "none",
    senderAddress: "pump7@example.com",
    ...change,
  };
}

/** Settings of a modem that logs in to a server of the tests with tokens from an endpoint of the tests. */
export function tokenLogin({ port }: TokenServer): object {
  return {
    smtpSecurity: "starttls",
    tlsRoot: "pem",
    tlsCa: certificate("ca").cert,
    login: "oauth2",
    tokenUrl: `https://localhost:${port}/token`,
    clientId: "app",
  };
}

/** An smtp-send node whose outputs end in the helpers `sent` and `failed`. */
export function sendNode(change: object = {}): FlowNode {
  return {
    id: "send",
    type: "quectel-smtp-send",
    z: "tab",
    name: "alarm",
    modem: "modem",
    wires: [["sent"], ["failed"]],
    ...change,
  };
}

/** A node that keeps what it receives. */
export function helperNode(id: string): FlowNode {
  return { id, type: "helper", z: "tab" };
}

/** Parts of the runtime that the helper has, but does not show. */
interface RuntimeNodes {
  setFlows(flow: readonly FlowNode[], credentials: object, type: string): Promise<unknown>;
}
/** The helper makes `status` a spy, one for all nodes. */
interface StatusSpy {
  getCalls(): { readonly thisValue: Node; readonly args: readonly { readonly text?: string }[] }[];
}
const runtimeNodes = (): RuntimeNodes => (helper as unknown as { _redNodes: RuntimeNodes })._redNodes;
const runtimeEvents = (): EventEmitter => (helper as unknown as { _events: EventEmitter })._events;

export class FlowBench {
  private readonly inboxes = new Map<string, Message[]>();
  private readonly listened = new WeakSet<Node>();
  private readonly listeners: (() => void)[] = [];
  private folder = "";

  /** @param more nodes beside those of this package. @param nodes those of this package */
  constructor(
    private readonly more: readonly NodeInitializer[] = [],
    private readonly nodes: readonly NodeInitializer[] = NODES,
  ) {}

  /**
   * Starts the runtime with the flow and a fresh folder for the outbox.
   *
   * @param attachmentPaths as settings.js has them.
   */
  async load(
    flow: readonly FlowNode[],
    credentials: object = {},
    attachmentPaths: readonly string[] = [],
  ): Promise<void> {
    if (this.folder === "") this.folder = await mkdtemp(join(tmpdir(), "quectel-nodes-"));
    helper.settings({
      quectelModemSpoolDir: this.folder,
      quectelModemAttachmentPaths: attachmentPaths,
    } as object);
    await helper.load([...this.nodes, ...this.more], this.complete(flow), credentials);
    for (const { id, type } of flow) if (type === "helper") this.listen(id);
  }

  /** Deploys another flow, as the editor does: `full`, `flows` or `nodes`. */
  async deploy(flow: readonly FlowNode[], type: "full" | "flows" | "nodes"): Promise<void> {
    const started = once(runtimeEvents(), "flows:started");
    await runtimeNodes().setFlows(this.complete(flow), {}, type);
    await started;
    for (const { id, type } of flow) if (type === "helper") this.listen(id);
  }

  /** What the simulated modem has noted under `page`. */
  note(page: string): Promise<string> {
    const notes = notesDirectory(join(this.folder, "modem"), { kind: "simulator" });
    return readFile(join(notes, `${page}.txt`), "utf8");
  }

  /** Ends the flow; the outbox keeps its folder. */
  async unload(): Promise<void> {
    await helper.unload();
    for (const stop of this.listeners.splice(0)) stop();
    this.inboxes.clear();
  }

  /** Ends the flow and throws the folder away. */
  async end(): Promise<void> {
    await this.unload();
    // A modem may still bring a note to the disk that nothing waits for.
    if (this.folder !== "") await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.folder = "";
  }

  /** Names of the records of the modem's mails that have not ended. */
  async mailsOnDisk(): Promise<string[]> {
    const places = ["queue", "sending"].map((place) => join(this.folder, "modem/spool", place));
    return (await Promise.all(places.map((place) => readdir(place)))).flat();
  }

  node(id: string): Node {
    return helper.getNode(id);
  }

  /** Sends a message into a node. */
  inject(id: string, message: object): void {
    this.node(id).receive(message as Record<string, unknown>);
  }

  /** Resolves with message number `count` (1 = the first) of a helper node. */
  received(id: string, count = 1): Promise<Message> {
    return waitFor(`message ${count} at ${id}`, () => this.inboxes.get(id)?.[count - 1], 25_000);
  }

  /** The helper keeps the arguments of `send`, `receive` and others of all nodes; from here on it has none. */
  forgetCalls(): void {
    (helper as unknown as { _sandbox: { resetHistory(): void } })._sandbox.resetHistory();
  }

  /** Messages of a helper node so far. */
  count(id: string): number {
    return this.inboxes.get(id)?.length ?? 0;
  }

  /** Asks the admin endpoints, without any login. */
  async ask(
    path: string,
    body?: object | string,
  ): Promise<{ readonly status: number; readonly body: Loose }> {
    const isForm = typeof body === "string";
    const request = body === undefined ? helper.request().get(path) : helper.request().post(path).send(body);
    const response = await (isForm ? request.type("form") : request);
    return { status: response.status, body: response.body };
  }

  /** What the nodes publish to every viewer of the editor, from now on. */
  published(): { readonly topic: string; readonly data: Loose; readonly retain: boolean }[] {
    const told: { topic: string; data: Loose; retain: boolean }[] = [];
    const listen = (event: (typeof told)[number]): void => void told.push(event);
    runtimeEvents().on("comms", listen);
    this.listeners.push(() => runtimeEvents().off("comms", listen));
    return told;
  }

  /** Resolves when a node's last status has this text. */
  async showsStatus(id: string, text: string | RegExp): Promise<void> {
    const { status } = this.node(id) as unknown as { status: StatusSpy };
    const texts = (): unknown[] =>
      status
        .getCalls()
        .filter((call) => call.thisValue.id === id)
        .map((call) => call.args[0]?.text);
    const isIt = (last: unknown): boolean =>
      typeof text === "string" ? last === text : text.test(String(last));
    await waitFor(`status ${String(text)} of ${id}`, () => isIt(texts().at(-1)), 25_000).catch(
      (error: Error) => {
        throw new Error(`${error.message}; it was ${texts().slice(-5).map(String).join(", then ")}`);
      },
    );
  }

  /** With a tab; a node without a place would count as a config node. */
  private complete(flow: readonly FlowNode[]): FlowNode[] {
    const tab = { id: "tab", type: "tab", label: "Test" };
    return [tab, ...flow.map((node) => (node.type === "quectel-modem" ? node : { x: 100, y: 100, ...node }))];
  }

  private listen(id: string): void {
    const inbox = this.inboxes.get(id) ?? [];
    this.inboxes.set(id, inbox);
    const node = this.node(id);
    // A deploy leaves a node alone that has not changed.
    if (this.listened.has(node)) return;
    this.listened.add(node);
    node.on("input", (message) => inbox.push(message as unknown as Message));
  }
}
