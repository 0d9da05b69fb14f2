/**
 * Transport: bytes to and from a modem, nothing of AT.
 *
 * One object per connection: it is opened once and closed once. Who wants to connect again makes a new one
 * with the factory, so that no byte, listener or pending write of an old connection can leak into the next.
 */
import type { EventEmitter } from "node:events";
import type { ModemError } from "../errors";

/** Modem control lines; a line left out is left as it is. */
export interface ControlLines {
  readonly dtr?: boolean;
  readonly rts?: boolean;
}

export interface TransportEvents {
  /** Bytes as they came in; never empty. */
  data: [bytes: Buffer];
  /**
   * The connection has ended, once and for good: with an error when it was not requested (unplugged, peer gone),
   * without one after `close()`. Nothing is emitted afterwards.
   */
  closed: [error: ModemError | undefined];
}

/**
 * A byte pipe to one modem.
 *
 * States: new -> opening -> open -> closed. `write`, `drain` and `set` reject with `PORT_CLOSED` in any state but
 * open; bytes are never kept for a later connection.
 */
export interface Transport extends EventEmitter<TransportEvents> {
  /** What a person calls it: `/dev/ttyUSB2`, `tcp://gateway:2217`, `simulator`. */
  readonly label: string;
  /** Line rate in bit/s where the line is paced (8N1: a byte takes 10 bits), else undefined (USB, TCP). */
  readonly bitRate: number | undefined;
  /** True where the line cannot overrun the module: RTS/CTS, TCP, simulator. */
  readonly flowControlled: boolean;
  /** Opens the connection. Rejects with a `PORT_*` error. */
  open(): Promise<void>;
  /** Hands bytes to the operating system. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when the bytes written so far have left the host. */
  drain(): Promise<void>;
  /** Sets control lines; no effect where there are none (TCP), or on one that the settings keep off. */
  set(lines: ControlLines): Promise<void>;
  /** Closes in any state; resolves when the port is free. May be called again. */
  close(): Promise<void>;
}

/** Makes a transport for one connection. */
export type TransportFactory = () => Transport;

/** A line whose rate has to be found out. */
export interface UnratedLine {
  /** Makes a transport at so many bit/s. */
  atRate(baudRate: number): Transport;
}
