/**
 * LineSource: the transport of each connection, at the right line rate where it is not configured.
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
