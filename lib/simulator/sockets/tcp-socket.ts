/**
 * One TCP connection of the module: a real stream to a peer, with what the module keeps of it (fact base, sockets).
 *
 *   QISEND -> send buffer -> uplink (rate, faults) -> peer -> acknowledged one round trip later
 *   QIRD or push <- receive buffer <- downlink (faults) <- peer
 *
 * It knows ids and numbers, but no command and no text of an answer.
 */
import { once } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Timer } from "../../clock";
import type { FaultyConnection } from "../device/fault-points";
import type { PortName } from "../device/port";
import { Wire } from "../line/wire";
import type { Device } from "../device/device";

/** Largest TCP segment, and with it the largest push of mode 1. */
const SEGMENT_BYTES = 1460;
/** First retransmission, doubled each time up to the longest interval. */
const FIRST_RETRANSMISSION_MS = 1000;

export interface SocketParameters {
  readonly id: number;
  readonly contextId: number;
  /** As given, a name or an address. */
  readonly host: string;
  readonly port: number;
  /** 0: any. */
  readonly localPort: number;
  /** The port of the module that the command came in on. */
  readonly openedOn: PortName;
}

/** 0 buffer, 1 direct push. */
export type AccessMode = 0 | 1;

/** Read at each use, because QICFG acts at once. */
export interface SocketSettings {
  readonly receiveBuffer: () => number;
  /** When a connection whose peer does not answer is given up, ms after the first unanswered byte. */
  readonly retransmissions: () => { readonly count: number; readonly longestMs: number };
  /** Undefined: off. Time after which an idle connection whose peer does not answer is given up, ms. */
  readonly keepAliveMs: () => number | undefined;
}

export interface SocketEvents {
  /** Bytes wait, or with mode 1 are to be pushed at once. */
  received(): void;
  /** Peer or network has closed. */
  closed(): void;
}

type Phase =
  | { readonly kind: "opening" }
  | { readonly kind: "open"; readonly stream: Duplex; readonly up: Wire; readonly down: Wire }
  /** The peer sends no more; with a stream it would still take data. */
  | { readonly kind: "peerClosed"; readonly stream: Duplex; readonly up: Wire; readonly down: Wire }
  | { readonly kind: "closing"; readonly stream: Duplex | undefined }
  | { readonly kind: "gone" };

export class TcpSocket implements FaultyConnection {
  /** Numbers of QISEND=<id>,0. */
  readonly sent = { total: 0, acknowledged: 0 };
  /** Bytes that came, unread ones included. */
  receivedTotal = 0;
  /** The address found, once it is. */
  address: string;
  private phase: Phase = { kind: "opening" };
  private readonly unread = new ByteQueue();
  /** Bytes between peer and receive buffer. */
  private arriving = 0;
  private isSilent = false;
  private giveUp: Timer | undefined;

  constructor(
    private readonly modem: Device,
    readonly parameters: SocketParameters,
    public mode: AccessMode,
    private readonly settings: SocketSettings,
    private readonly events: SocketEvents,
  ) {
    this.address = parameters.host;
  }

  get kind(): Phase["kind"] {
    return this.phase.kind;
  }

  get unreadBytes(): number {
    return this.unread.length;
  }

  get localPort(): number {
    const stream = "stream" in this.phase ? this.phase.stream : undefined;
    const bound = stream instanceof Socket ? stream.localPort : undefined;
    return bound ?? this.parameters.localPort;
  }

  /** The connection is there. */
  opened(stream: Duplex): void {
    const { uplink } = this.modem.timing;
    const bitRate = uplink === "unlimited" ? undefined : uplink * 10;
    const { clock } = this.modem;
    const packetEnd = (): void => undefined;
    const up = new Wire(
      clock,
      () => bitRate,
      { bytes: (bytes) => this.transmit(stream, bytes), packetEnd },
      SEGMENT_BYTES,
    );
    const down = new Wire(clock, () => undefined, { bytes: (bytes) => this.receive(bytes), packetEnd });
    this.phase = { kind: "open", stream, up, down };
    const peerClosed = (): void => down.send([{ kind: "action", run: () => this.peerClosed() }]);
    stream.on("data", (bytes: Buffer) => {
      this.arriving += bytes.length;
      this.throttle();
      down.send(this.modem.faults.socketBytes("down", this, bytes));
    });
    stream.on("end", peerClosed);
    stream.on("error", peerClosed);
    stream.on("close", peerClosed);
    this.watchIdle();
  }

  /** Takes a block for the peer. */
  send(bytes: Buffer): void {
    if (this.phase.kind !== "open" && this.phase.kind !== "peerClosed") return;
    this.sent.total += bytes.length;
    this.phase.up.send(this.modem.faults.socketBytes("up", this, bytes));
  }

  /** Takes up to `most` bytes of what came. */
  read(most: number): Buffer {
    const bytes = this.unread.take(most);
    this.throttle();
    return bytes;
  }

  /** Bytes for direct push: one segment at most. */
  nextPush(): Buffer {
    return this.read(SEGMENT_BYTES);
  }

  /**
   * Closes from our side and resolves when the peer has closed too or `timeoutMs` are over; 0: at once, by a reset.
   */
  async close(timeoutMs: number): Promise<void> {
    const { phase } = this;
    if (phase.kind !== "open" && phase.kind !== "peerClosed") {
      this.drop();
      return;
    }
    if (timeoutMs === 0) {
      reset(phase.stream);
      this.drop();
      return;
    }
    const { stream, up } = phase;
    this.phase = { kind: "closing", stream };
    const ended = this.finish(stream, up);
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      timer = this.modem.clock.after(timeoutMs, resolve);
    });
    await Promise.race([ended, over]);
    timer?.clear();
    up.clear();
    this.drop();
  }

  /** Ends at once, without notice: restart, loss of the context, forced close. */
  drop(): void {
    const { phase } = this;
    this.phase = { kind: "gone" };
    this.giveUp?.clear();
    this.unread.clear();
    if ("up" in phase) {
      phase.up.clear();
      phase.down.clear();
    }
    if ("stream" in phase) phase.stream?.destroy();
  }

  suffer(kind: "silence" | "reset" | "cut" | "halfClose"): void {
    if (this.phase.kind !== "open") return;
    const { stream } = this.phase;
    switch (kind) {
      case "silence":
        this.isSilent = true;
        this.watchIdle();
        return;
      case "reset":
        reset(stream);
        this.peerClosed();
        return;
      case "cut":
        stream.destroy();
        this.peerClosed();
        return;
      case "halfClose":
        this.peerClosed();
    }
  }

  private async finish(stream: Duplex, up: Wire): Promise<void> {
    if (this.isSilent) return new Promise(() => undefined);
    await up.drained();
    const closed = stream.closed ? undefined : once(stream, "close").catch(() => undefined);
    stream.resume();
    stream.end();
    await closed;
  }

  private transmit(stream: Duplex, bytes: Buffer): void {
    if (this.phase.kind === "gone" || stream.destroyed) return;
    if (this.isSilent) {
      this.watchUnanswered();
      return;
    }
    stream.write(bytes, (error) => {
      if (error !== null && error !== undefined) return;
      const acknowledge = (): void => {
        if (!this.isSilent) this.sent.acknowledged += bytes.length;
      };
      const { roundTripMs } = this.modem.timing;
      if (roundTripMs === 0) acknowledge();
      else this.modem.clock.after(roundTripMs, acknowledge);
    });
  }

  private receive(bytes: Buffer): void {
    this.arriving -= bytes.length;
    if (this.phase.kind !== "open" || this.isSilent) return;
    this.receivedTotal += bytes.length;
    this.unread.push(bytes);
    this.events.received();
  }

  /** A full receive buffer closes the TCP window. */
  private throttle(): void {
    if (this.phase.kind !== "open") return;
    const { stream } = this.phase;
    if (this.arriving + this.unread.length >= this.settings.receiveBuffer()) stream.pause();
    else if (stream.isPaused()) stream.resume();
  }

  private peerClosed(): void {
    if (this.phase.kind !== "open" || this.isSilent) return;
    this.phase = { ...this.phase, kind: "peerClosed" };
    if (this.modem.variants["data-after-closed"] === "lost") this.unread.clear();
    this.events.closed();
  }

  /** Bytes are out and are not acknowledged: after all retransmissions the connection is given up. */
  private watchUnanswered(): void {
    if (this.giveUp !== undefined) return;
    const { count, longestMs } = this.settings.retransmissions();
    let total = 0;
    for (let tries = 0, pause = FIRST_RETRANSMISSION_MS; tries <= count; tries++, pause *= 2)
      total += Math.min(pause, longestMs);
    this.giveUp = this.modem.clock.after(total, () => this.lost());
  }

  private watchIdle(): void {
    const afterMs = this.settings.keepAliveMs();
    if (!this.isSilent || afterMs === undefined || this.giveUp !== undefined) return;
    this.giveUp = this.modem.clock.after(afterMs, () => this.lost());
  }

  private lost(): void {
    if (this.phase.kind !== "open") return;
    this.isSilent = false;
    this.phase.stream.destroy();
    this.peerClosed();
  }
}

/** The peer gets RST where there is a real connection. */
function reset(stream: Duplex): void {
  if (stream instanceof Socket) stream.resetAndDestroy();
  else stream.destroy();
}

/* Bytes that wait to be read, first in, first out. */

export class ByteQueue {
  private pieces: Buffer[] = [];
  private size = 0;

  get length(): number {
    return this.size;
  }

  push(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  /** Takes up to `most` bytes. */
  take(most: number): Buffer {
    const taken: Buffer[] = [];
    let room = most;
    while (room > 0) {
      const piece = this.pieces.shift();
      if (piece === undefined) break;
      taken.push(piece.subarray(0, room));
      if (piece.length > room) this.pieces.unshift(piece.subarray(room));
      room -= Math.min(room, piece.length);
    }
    const bytes = Buffer.concat(taken);
    this.size -= bytes.length;
    return bytes;
  }

  clear(): void {
    this.pieces = [];
    this.size = 0;
  }
}
