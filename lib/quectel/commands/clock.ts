/** The module's clock: 3GPP TS 27.007 section 8.15 (CCLK) and Quectel's QLTS, the last time the network sent. */
import { nothing, parseParameters, str, type Command } from "../../at/command";
import { TIMEOUT_MS } from "./common";

/** Local time and quarter hours east of UTC; two digits of the year with CCLK, four with QLTS and QNTP. */
const CLOCK = /^(\d{2}|\d{4})\/(\d{2})\/(\d{2}),(\d{2}):(\d{2}):(\d{2})(?:([+-]\d{1,2}))?/;
const QUARTER_HOUR_MS = 15 * 60_000;

/** Milliseconds since 1970 (UTC); undefined for a text that is no time. */
export const clock = (): Command<number | undefined> => ({
  line: "AT+CCLK?",
  headers: ["+CCLK"],
  timeoutMs: TIMEOUT_MS.short,
  parse: ({ lines }) => parseFullClock(parseParameters(lines[0] ?? "").text(0) ?? ""),
});

/** Sets the clock, in UTC. @param time ms since 1970, years 2000..2099. */
export const setClock = (time: number): Command<void> => ({
  line: `AT+CCLK=${str(shortClock(time))}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.short,
  parse: nothing,
});

/** The network's present time as UTC, ms since 1970; undefined when the network never sent one. */
export const networkTime = (): Command<number | undefined> => ({
  line: "AT+QLTS=2",
  headers: ["+QLTS"],
  timeoutMs: TIMEOUT_MS.short,
  parse: ({ lines }) => parseFullClock(parseParameters(lines[0] ?? "").text(0) ?? ""),
});

/** Reads `yy/MM/dd,hh:mm:ss±zz` with two or four digits of the year; undefined when it is no time. */
export function parseFullClock(text: string): number | undefined {
  const match = CLOCK.exec(text.trim());
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  const local = Date.UTC(year < 100 ? 2000 + year : year, month - 1, day, hour, minute, second);
  return local - Number(match[7] ?? 0) * QUARTER_HOUR_MS;
}

function shortClock(time: number): string {
  const [date = "", clock = ""] = new Date(time).toISOString().split(/[T.]/);
  return `${date.slice(2).replaceAll("-", "/")},${clock}+00`;
}
