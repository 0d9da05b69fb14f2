/**
 * Wire: what the parts of the channel may do with the transport, and how long that may take; and the ways out of the
 * online data state (V.250 section 6.2.9, S12 for the guard time).
 *
 * The module takes three plus signs as escape only with a second of silence on both sides, otherwise they are data;
 * and a carriage return behind them would be data too. So they go out in one write, alone.
 */
import { type Clock, delay } from "../clock";
import { ModemError } from "../errors";
import type { Transport } from "../serial/transport";

/** V.250 section 6.2.1: S3, the command line terminator. */
const TERMINATOR = "\r";

/** Milliseconds beyond its own line time after which a write counts as stuck: the module holds CTS, or the peer is gone. */
const WRITE_TIME_MS = 10_000;

export class Wire {
  constructor(
    readonly transport: Transport,
    readonly clock: Clock,
  ) {}

  /** Writes a command line with its terminator; resolves when its last byte has left. */
  writeLine(line: string): Promise<void> {
    return this.writeOut(Buffer.from(line + TERMINATOR, "latin1"));
  }

  /** Writes bytes; resolves when the last has left, rejects with `MODEM_TIMEOUT` when the line does not take them. */
  writeOut(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(WRITE_TIME_MS + this.lineTime(bytes.length), () =>
        reject(new ModemError("MODEM_TIMEOUT", { detail: "the line takes no bytes" })),
      );
      this.transport
        .write(bytes)
        .then(() => this.transport.drain())
        .then(resolve, reject)
        .finally(() => timer.clear());
    });
  }

  /** Milliseconds that `bytes` take on the line; 0 where it is not paced. A byte is 10 bits (8N1). */
  lineTime(bytes: number): number {
    const rate = this.transport.bitRate;
    return rate === undefined ? 0 : (bytes * 10_000) / rate;
  }
}

/** Silence before and after `+++` in ms: S12 is 50 x 20 ms, and some reserve for the host's own buffers. */
export const GUARD_TIME_MS = 1_100;

/** DTR is held low for so long, in ms; with AT&D1 or AT&D2 its fall ends the data state. */
const DTR_TIME_MS = 200;

/** Writes `+++` between its guard times. Nothing else may be written meanwhile. Rejects when `signal` aborts it. */
export async function escapeByPlus(wire: Wire, signal: AbortSignal): Promise<void> {
  await delay(wire.clock, GUARD_TIME_MS, signal);
  await wire.writeOut(Buffer.from("+++"));
  await delay(wire.clock, GUARD_TIME_MS, signal);
}

/** Drops DTR and raises it again; without effect where there is no such line, or the settings keep it off. Rejects when `signal` aborts it. */
export async function escapeByDtr(wire: Wire, signal: AbortSignal): Promise<void> {
  await wire.transport.set({ dtr: false });
  await delay(wire.clock, DTR_TIME_MS, signal);
  await wire.transport.set({ dtr: true });
  await delay(wire.clock, DTR_TIME_MS, signal);
}
