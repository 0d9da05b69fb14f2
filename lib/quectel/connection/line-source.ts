/**
 * LineSource: the transport of each connection, at the right line rate where nobody has named it.
 *
 * A rate at which the module has answered is used again without asking. Only after a connection without contact are all
 * rates asked, that one first; asking is quick, while a connection at a wrong rate climbs the whole resync ladder. When
 * none answers, a connection is tried nevertheless: the ladder also finds a module that takes everything for data, and a
 * module that hangs may still read, at its rate, that it is to restart.
 */
import { BAUD_RATES, findBaudRate } from "../../at/baud-rate";
import type { Clock } from "../../clock";
import { isModemError } from "../../errors";
import type { Transport, TransportFactory, UnratedLine } from "../../serial/transport";

/** How a transport is made: with a rate, if there is one, that is known, or one that is asked for. */
export type Line = TransportFactory | UnratedLine;

export class LineSource {
  /** The rate at which the module has answered last, bit/s. */
  private known: number | undefined;
  private current: number | undefined;
  private isDoubted = false;
  private silentSearches = 0;

  constructor(
    private readonly line: Line,
    private readonly clock: Clock,
  ) {}

  /**
   * A transport to be opened.
   *
   * Rejects with `PORT_*` when a port does not open while rates are asked, or the signal's reason.
   *
   * @param made told of every transport that this opens meanwhile; closing it ends the search.
   */
  async next(made: (transport: Transport) => void, signal: AbortSignal): Promise<Transport> {
    const { line } = this;
    if (typeof line === "function") return line();
    this.current = this.isDoubted ? undefined : this.known;
    this.current ??= await this.search(line, made, signal);
    return line.atRate(this.current);
  }

  /** Whether the module has been found in command state on the transport made last. */
  contact(answered: boolean): void {
    this.isDoubted = !answered;
    if (answered) this.known = this.current;
  }

  private async search(
    line: UnratedLine,
    made: (transport: Transport) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const transportAt = (rate: number): Transport => {
      const transport = line.atRate(rate);
      made(transport);
      return transport;
    };
    try {
      return await findBaudRate(transportAt, this.clock, { first: this.known, signal });
    } catch (error) {
      if (!isModemError(error, "MODEM_SILENT") && !isModemError(error, "MODEM_TIMEOUT")) throw error;
      return this.known ?? BAUD_RATES[this.silentSearches++ % BAUD_RATES.length] ?? BAUD_RATES[0];
    }
  }
}

/* How long bytes take on the line to the module, for the time limits of data mode. */

/** What a connection can carry; see `Transport`. */
export interface LineProperties {
  /** Bit/s of a paced line, undefined where nothing paces it (USB, TCP). */
  readonly bitRate: number | undefined;
  /** True where the line cannot overrun the module. */
  readonly flowControlled: boolean;
}

/** 8N1: a byte takes ten bits. */
const BITS_PER_BYTE = 10;
/** Supposed rate of a line without pace: a slow serial-over-IP server. */
const SLOWEST_BIT_RATE = 38_400;
/** Acknowledgements, other bytes on a shared host and a busy module lengthen a transfer by so much at most. */
const SLACK = 1.5;
/** Seconds on top, for a host that is slow to begin. */
const START_SECONDS = 30;
const LONGEST_SECONDS = 65_535;

/** Seconds to ask of the module for taking `bytes` in data mode: 1.5 times the line's own time and 30 s, at most 65535. */
export function inputSeconds(bytes: number, line: LineProperties): number {
  const lineSeconds = (bytes * BITS_PER_BYTE) / (line.bitRate ?? SLOWEST_BIT_RATE);
  return Math.min(LONGEST_SECONDS, START_SECONDS + Math.ceil(lineSeconds * SLACK));
}

/** True where a module without flow control may lose bytes, so that it has to acknowledge each block. */
export function canOverrun(line: LineProperties): boolean {
  return line.bitRate !== undefined && !line.flowControlled;
}
