/**
 * Finds the baud rate of a UART by asking at each rate in turn whether the module understands `AT`.
 *
 * At a wrong rate the module has collected rubbish before, so the first right line may be answered with ERROR: any
 * result code that can be read proves the rate. Where the line is not paced, as on USB, every rate is as good.
 */
import { delay, type Clock } from "../clock";
import { ModemError } from "../errors";
import type { Transport } from "../serial/transport";
import { readResultCode } from "./line-kind";
import { Tokenizer } from "./tokenizer";
import { Wire } from "./wire";

/** bit/s, the usual ones first. */
export const BAUD_RATES = [
  115_200, 9_600, 460_800, 921_600, 57_600, 230_400, 38_400, 19_200, 3_000_000,
] as const;

/** Lines asked at each rate, and ms to wait for an answer; a module answers `AT` within 300 ms. */
const TRIES = 2;
const ANSWER_TIME_MS = 400;

export interface BaudRateSearch {
  /** bit/s; asked before all others. */
  readonly first?: number | undefined;
  /** Ends the search. */
  readonly signal?: AbortSignal;
}

/**
 * The rate at which the module answers. Opens and closes a transport per rate, one after the other.
 *
 * Rejects with `MODEM_SILENT` when it answers at none, `MODEM_TIMEOUT` when the serial line accepts no bytes, `PORT_*` when the
 * port does not open, or the signal's reason.
 */
export async function findBaudRate(
  transportAt: (baudRate: number) => Transport,
  clock: Clock,
  { first = BAUD_RATES[0], signal }: BaudRateSearch = {},
): Promise<number> {
  for (const rate of new Set([first, ...BAUD_RATES])) {
    signal?.throwIfAborted();
    const transport = transportAt(rate);
    await transport.open();
    try {
      if (transport.bitRate === undefined || (await answers(transport, clock, signal))) return rate;
    } finally {
      await transport.close();
    }
  }
  throw new ModemError("MODEM_SILENT", { detail: "it answers at no baud rate" });
}

async function answers(
  transport: Transport,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const wire = new Wire(transport, clock);
  const tokenizer = new Tokenizer();
  const answered = new AbortController();
  transport.on("data", (bytes) => {
    tokenizer.push(bytes);
    for (let token = tokenizer.next(); token !== undefined; token = tokenizer.next()) {
      if (token.kind === "line" && isResult(token.text)) answered.abort();
    }
  });
  for (let tries = 0; tries < TRIES && !answered.signal.aborted; tries++) {
    await wire.write("AT");
    await delay(clock, ANSWER_TIME_MS, answered.signal, signal).catch(() => signal?.throwIfAborted());
  }
  return answered.signal.aborted;
}

function isResult(line: string): boolean {
  return readResultCode(line, "words") !== undefined || readResultCode(line, "digits") !== undefined;
}
