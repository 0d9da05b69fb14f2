/**
 * What Node-RED is to the nodes of a flow: their types, their class, which is Node-RED's own, and where their messages go.
 *
 * The nodes are those of the package but for that of the modem: `registerModem` leaves out what the editor asks for.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Node, NodeAPI, NodeDef } from "node-red";
import type { Clock } from "../../../lib/clock";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { flowEvents } from "../../../nodes/runtime/modem/flow-events";
import { ModemHost } from "../../../nodes/runtime/modem/modem-host";
import type { ModemNode } from "../../../nodes/runtime/modem/modem-user";
import { tellUnclaimed } from "../../../nodes/runtime/smtp-send/unclaimed";
import { readModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import type { KeptLog } from "../../support/module-replies";
import { MODEM, type Definition } from "./flow-file";
import type { FlowMessage } from "./node-answers";

/** A node with what Node-RED's types leave out. */
export interface RedNode extends Node {
  close(removed: boolean): Promise<void>;
}
export type NodeType = new (definition: object) => RedNode;

type Construct = (this: unknown, definition: object) => void;
const RedNode = createRequire(__filename)("@node-red/runtime/lib/nodes/Node") as Construct;

/** What a node calls of the flow that it is in. */
export interface FlowOfNode {
  send(events: readonly { readonly source: { readonly node: Node }; readonly msg: FlowMessage }[]): void;
  handleError(node: Node, error: unknown, message: FlowMessage): true;
  handleComplete(node: Node, message: FlowMessage): void;
  handleStatus(node: Node, status: unknown): void;
}

export interface RedOptions {
  readonly events: EventEmitter;
  readonly flow: FlowOfNode;
  readonly getNode: (id: string) => Node | undefined;
  readonly log: (message: unknown) => void;
}

/** @param types gets each type that is registered */
export function redFor(types: Map<string, NodeType>, { events, flow, getNode, log }: RedOptions): NodeAPI {
  const RED = {
    events,
    settings: {},
    nodes: {
      getNode,
      createNode(node: Node, definition: Definition): void {
        Reflect.apply(RedNode, node, [{ ...definition, _flow: flow }]);
        Object.assign(node, { log, warn: log, debug: log });
      },
      registerType(type: string, constructor: NodeType): void {
        Object.setPrototypeOf(constructor.prototype, RedNode.prototype as object);
        types.set(type, constructor);
      },
    },
  };
  return RED as unknown as NodeAPI;
}

export interface ModemNodeOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: KeptLog;
  readonly published: (what: string, text: string) => void;
  /** Told of each that is made. */
  readonly made: (host: ModemHost) => void;
  /** Told of the end of a mail whose node is gone, when nodes that take such ends have it. */
  readonly unclaimed: (ended: MailEnded) => void;
}

type Instance = Node & { -readonly [key in "host" | "users"]: ModemNode[key] };

/** What `nodes/quectel-modem.ts` is to other nodes. */
export function registerModem(RED: NodeAPI, options: ModemNodeOptions): void {
  const { directory, clock, log, published, made, unclaimed } = options;
  function QuectelModem(this: Instance, definition: NodeDef & Definition): void {
    RED.nodes.createNode(this, definition);
    this.host = new ModemHost({
      settings: readModemSettings(definition, definition.credentials ?? {}),
      directory,
      clock,
      log,
      events: flowEvents(RED.events),
      report: (error) => published("trouble", `${error.message} ${error.hint} ${String(error.stack)}`),
      unclaimed: async (ended) => {
        await tellUnclaimed(this, ended);
        unclaimed(ended);
      },
    });
    this.users = this.host.users;
    made(this.host);
    this.on(
      "close",
      (isRemoved: boolean, done: () => void) => void this.host.close({ isRemoved }).finally(done),
    );
  }
  RED.nodes.registerType<Instance, NodeDef & Definition, object, object>(MODEM, QuectelModem);
}
