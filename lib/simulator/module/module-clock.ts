/** The clock of the module: what CCLK, certificate checks and Date headers go by. */
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";

/** 2008-01-04, as modules say that nobody ever set their clock. */
const neverSet = Date.UTC(2008, 0, 4, 19, 19, 2);

interface ModuleClock {
  /** Milliseconds to add to the monotonic clock to get UTC. */
  offset: number;
  /** Quarter hours east of UTC, -48..56. */
  zone: number;
}

/** Kept until power is removed, not stored. */
const moduleClock = stateKey<ModuleClock>("power", "clock", (modem) => ({
  offset: neverSet - modem.clock.now(),
  zone: 0,
}));

/** Time the module believes in, ms UTC since 1970. */
export function moduleTime(modem: SimulatedModem): number {
  return modem.clock.now() + modem.state(moduleClock).offset;
}

/** Quarter hours east of UTC. */
export function moduleZone(modem: SimulatedModem): number {
  return modem.state(moduleClock).zone;
}

/** Sets the clock of the module: ms UTC since 1970 and quarter hours east of UTC. */
export function setModuleTime(modem: SimulatedModem, utc: number, zone: number): void {
  const state = modem.state(moduleClock);
  state.offset = utc - modem.clock.now();
  state.zone = zone;
}
