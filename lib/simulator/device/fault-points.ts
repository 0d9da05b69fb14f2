/**
 * Where a mishap can be injected: what the module asks at these points, and what it may be told.
 *
 * Which mishap strikes when is the business of a fault plan (`faults/`); without one every answer is that nothing does.
 */
import type { PortName } from "./port";
import type { TcpipError } from "./tcpip-errors";

/** What goes down a wire, in order. */
export type Segment =
  /** Bytes that were handed over at once; a part of them when a fault stands between. */
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** The end of what was handed over at once. */
  | { readonly kind: "packetEnd" }
  | { readonly kind: "pause"; readonly ms: number }
  | { readonly kind: "action"; readonly run: () => void };

/** Steps of a mail delivery at which a fault plan may step in. */
export type SmtpStep =
  | "connect"
  | "greeting"
  | "ehlo"
  | "starttls"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "end"
  /** The server has taken the mail. */
  | "accepted";

/** What the server is made to answer instead of its own words. */
export interface SmtpRefusal {
  readonly code: number;
  readonly text: string;
}

/** The numbers of the result line. */
export interface SmtpOutcome {
  readonly err: number;
  readonly protocolError: number;
}

/** Why a connection may not be opened: the number of the +QIOPEN line, or no such line at all. */
export type OpenRefusal =
  | { readonly kind: "openError"; readonly error: TcpipError }
  | { readonly kind: "silence" };

/** A TCP connection that a fault plan can strike. */
export interface FaultyConnection {
  suffer(kind: "silence" | "reset" | "cut" | "halfClose"): void;
}

export interface FaultPoints {
  /** Bytes as a wire is to carry them, from the host or from the modem. */
  filter(direction: "host" | "modem", port: PortName, bytes: Buffer): readonly Segment[];
  /** Asked before a step of a mail delivery; a refusal is to be taken as the server's reply. */
  smtp(step: SmtpStep): Promise<SmtpRefusal | SmtpOutcome | undefined>;
  /** @returns what becomes of the n-th attempt to open a connection instead of opening it. */
  socketOpen(): Promise<OpenRefusal | undefined>;
  /** @returns true when a block is to be refused as if the send buffer were full. */
  socketSend(): Promise<boolean>;
  /** Payload of a TCP connection as its network is to carry it. */
  socketBytes(direction: "up" | "down", connection: FaultyConnection, bytes: Buffer): readonly Segment[];
  /** The module has begun to run again. */
  start(): Promise<void>;
}
