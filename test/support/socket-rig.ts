/**
 * Sockets of a simulated module whose peers are in memory, in the hands of the test: no real socket, one virtual clock.
 */
import { duplexPair, type Duplex } from "node:stream";
import type { ModemOptions } from "../../lib/quectel/connection/modem";
import { PdpContext } from "../../lib/quectel/network/pdp";
import { memoryStore, type KeyValueStore } from "../../lib/quectel/key-value-store";
import type { ModuleSocket } from "../../lib/quectel/sockets/module-socket";
import { ModuleSockets } from "../../lib/quectel/sockets/module-sockets";
import {
  internet,
  SimulatedModem,
  simulatorTransport,
  type SimulatedModemOptions,
} from "../../lib/simulator";
import type { Transport } from "../../lib/serial/transport";
import { modemOn, NETWORK } from "./module-replies";
import { VirtualClock } from "./virtual-clock";

export interface SocketRigOptions {
  readonly module?: Omit<SimulatedModemOptions, "clock" | "busy">;
  readonly modem?: Partial<ModemOptions>;
  readonly clock?: VirtualClock;
  readonly store?: KeyValueStore;
  /** Takes each connection; left out: it is kept in `peers` alone. */
  readonly serve?: (peer: Duplex) => void;
  /** Sees each connection to the module before it is opened. */
  readonly watch?: (transport: Transport) => void;
}

export const TARGET = { contextId: 1, host: "mail.example.com", port: 587 } as const;

export type SocketRig = ReturnType<typeof socketRig>;

/** @param former the module that another host has left. */
export function socketRig(options: SocketRigOptions = {}, former?: SimulatedModem) {
  const clock = options.clock ?? new VirtualClock();
  const module = former ?? new SimulatedModem({ ...options.module, clock, busy: (work) => clock.busy(work) });
  const store = options.store ?? memoryStore();
  const peers: Duplex[] = [];
  module.state(internet).givenOnly = true;
  module.state(internet).tcpServer = () => {
    const [near, far] = duplexPair({ allowHalfOpen: true });
    near.on("error", () => undefined);
    far.on("error", () => undefined);
    peers.push(far);
    options.serve?.(far);
    return near;
  };
  const connect = simulatorTransport(module);
  const transport = (): Transport => {
    const made = connect();
    options.watch?.(made);
    return made;
  };
  const { modem } = modemOn(transport, clock, options.modem);
  const pdp = new PdpContext(modem, NETWORK);
  const sockets = new ModuleSockets(modem, store, pdp);
  return {
    clock,
    module,
    modem,
    pdp,
    sockets,
    store,
    peers,
    /** The newest peer. */
    peer: (): Duplex => {
      const peer = peers.at(-1);
      if (peer === undefined) throw new Error("nobody has connected");
      return peer;
    },
    /** Opens the modem and runs until it is ready and its context active. */
    ready: async (): Promise<void> => {
      modem.acquire();
      await clock.until(modem.whenReady());
      await clock.until(pdp.activate());
    },
    connect: (signal: AbortSignal = new AbortController().signal): Promise<ModuleSocket> =>
      clock.until(sockets.connect(TARGET, signal)),
    /** Command lines that the module has received since it was last asked, without those of the supervisor. */
    commands: (): readonly string[] => {
      const lines = module.log.lines().filter((line) => !/^AT(E|\+C)/.test(line));
      module.log.clear();
      return lines;
    },
    close: async (): Promise<void> => {
      pdp.close();
      await clock.until(modem.close());
    },
  };
}

/** What comes on a stream, and how it ends. */
export interface Collected {
  readonly bytes: () => Buffer;
  readonly ended: () => boolean;
  readonly closed: () => boolean;
  readonly error: () => Error | undefined;
  /** Listens no more. */
  readonly stop: () => void;
}

/** Collects what comes on a stream. */
export function collected(stream: Duplex): Collected {
  const pieces: Buffer[] = [];
  let ended = false;
  let closed = false;
  let error: Error | undefined;
  const listeners = {
    data: (piece: Buffer) => void pieces.push(piece),
    end: () => void (ended = true),
    close: () => void (closed = true),
    error: (cause: Error) => void (error = cause),
  } as const;
  for (const [event, listener] of Object.entries(listeners)) stream.on(event, listener);
  return {
    bytes: () => Buffer.concat(pieces),
    ended: () => ended,
    closed: () => closed,
    error: () => error,
    stop: () => {
      for (const [event, listener] of Object.entries(listeners)) stream.off(event, listener);
    },
  };
}
