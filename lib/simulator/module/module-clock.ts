/** The clock of the module: what CCLK, certificate checks and Date headers go by. */
import { stateKey, type Device } from "../device/device";

/** 2008-01-04, what modules report while their clock was never set. */
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
export function moduleTime(modem: Device): number {
  return modem.clock.now() + modem.state(moduleClock).offset;
}

/** Quarter hours east of UTC. */
export function moduleZone(modem: Device): number {
  return modem.state(moduleClock).zone;
}

/** Sets the clock of the module: ms UTC since 1970 and quarter hours east of UTC. */
export function setModuleTime(modem: Device, utc: number, zone: number): void {
  const state = modem.state(moduleClock);
  state.offset = utc - modem.clock.now();
  state.zone = zone;
}

const quarterHourMs = 15 * 60_000;
const two = (value: number): string => String(value).padStart(2, "0");
const signed = (zone: number): string => (zone < 0 ? "-" : "+") + two(Math.abs(zone));

/** `yy/MM/dd,hh:mm:ss±zz`, the local time of a zone. */
export function shortClock(utc: number, zone: number): string {
  const local = new Date(utc + zone * quarterHourMs);
  return `${two(local.getUTCFullYear() % 100)}${rest(local)}${signed(zone)}`;
}

/** `YYYY/MM/dd,hh:mm:ss±zz`: time shifted by `shift` quarter hours, `zone` printed beside it. */
export function fullClock(utc: number, shift: number, zone: number): string {
  const local = new Date(utc + shift * quarterHourMs);
  return `${local.getUTCFullYear()}${rest(local)}${signed(zone)}`;
}

/** `YYYY/MM/dd,hh:mm:ss±zz,dst`, as QLTS shows it. */
export function longClock(utc: number, shift: number, zone: number): string {
  return `${fullClock(utc, shift, zone)},0`;
}

function rest(local: Date): string {
  const date = `/${two(local.getUTCMonth() + 1)}/${two(local.getUTCDate())}`;
  return `${date},${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
}

/** Reads `yy/MM/dd,hh:mm:ss±zz` (zone -48..56); undefined when it is none or names no such day. */
export function parseClock(text: string): { readonly utc: number; readonly zone: number } | undefined {
  const match = /^(\d\d)\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0] = match
    .slice(1)
    .map(Number);
  const local = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  const utc = local - zone * quarterHourMs;
  // What the calendar does not have comes out as another date.
  return zone >= -48 && zone <= 56 && shortClock(utc, zone) === text ? { utc, zone } : undefined;
}
