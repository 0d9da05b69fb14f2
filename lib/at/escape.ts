/**
 * Ways out of the online data state (V.250 section 6.2.9, S12 for the guard time).
 *
 * The module takes three plus signs as escape only with a second of silence on both sides, otherwise they are data;
 * and a carriage return behind them would be data too. So they go out in one write, alone.
 */
import { delay } from "../clock";
import type { Wire } from "./wire";

/** Silence before and after `+++` in ms: S12 is 50 x 20 ms, and some reserve for the host's own buffers. */
export const GUARD_TIME = 1_100;

/** DTR is held low for so long, in ms; with AT&D1 or AT&D2 its fall ends the data state. */
const DTR_TIME = 200;

/** Writes `+++` between its guard times. Nothing else may be written meanwhile. Rejects when `signal` aborts it. */
export async function escapeByPlus(wire: Wire, signal: AbortSignal): Promise<void> {
  await delay(wire.clock, GUARD_TIME, signal);
  await wire.writeOut(Buffer.from("+++"));
  await delay(wire.clock, GUARD_TIME, signal);
}

/** Drops DTR and raises it again; without effect where there is no such line, or the settings keep it off. Rejects when `signal` aborts it. */
export async function escapeByDtr(wire: Wire, signal: AbortSignal): Promise<void> {
  await wire.setDtr(false);
  await delay(wire.clock, DTR_TIME, signal);
  await wire.setDtr(true);
  await delay(wire.clock, DTR_TIME, signal);
}
