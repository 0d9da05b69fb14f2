/**
 * SocketLine: the commands of one socket on their way to the module, and what the module says of it unasked.
 *
 * While the dialogue with the module is out of step, commands wait: the connection in the module is still there. After
 * a restart of the module, or once the port is lost, it is not, which is reported at once and for good.
 */
import type { Command } from "../../at/command";
import { isModemError, ModemError } from "../../errors";
import { readSocketNews, type SocketNews } from "../commands/sockets";
import type { Modem } from "../connection/modem";
import { stateWhere } from "../connection/modem-state";

/** The part of a modem that sockets need. */
export type SocketModem = Pick<
  Modem,
  "execute" | "expect" | "on" | "off" | "epoch" | "clock" | "log" | "state"
>;

export interface SocketLineListener {
  /** Data wait in the module. */
  onData(): void;
  /** The peer or the network has closed the connection; data may still wait. */
  onClosed(): void;
  /** The socket is gone: `MODEM_RESET`, `PORT_*`, `PDP_LOST`. */
  onLost(error: unknown): void;
}

export class SocketLine {
  private readonly ended = new AbortController();
  private readonly epoch: number;
  private readonly stop: () => void;

  /** @throws ModemError `MODEM_NOT_READY` while the module is not there. */
  constructor(
    private readonly modem: SocketModem,
    readonly id: number,
    contextId: number,
    listener: SocketLineListener,
  ) {
    this.epoch = modem.epoch;
    // Of all ways to hear of a restart or a lost port a waiter is the first.
    const closing = modem.expect((line) => newsOf(line, id) === "closed");
    closing.promise.then(
      () => listener.onClosed(),
      (error: unknown) => {
        if (!this.ended.signal.aborted) listener.onLost(error);
      },
    );
    const onLine = (line: string): void => {
      if (newsOf(line, id) === "data") listener.onData();
    };
    const onDeactivated = (ended: number): void => {
      if (ended === contextId) listener.onLost(new ModemError("PDP_LOST"));
    };
    const onStarted = (): void => listener.onLost(new ModemError("MODEM_RESET"));
    modem.on("unsolicited", onLine);
    modem.on("deactivated", onDeactivated);
    modem.on("started", onStarted);
    this.stop = () => {
      closing.cancel();
      modem.off("unsolicited", onLine);
      modem.off("deactivated", onDeactivated);
      modem.off("started", onStarted);
    };
  }

  get clock(): SocketModem["clock"] {
    return this.modem.clock;
  }

  /** Aborted when the socket has ended. */
  get signal(): AbortSignal {
    return this.ended.signal;
  }

  /** As `Modem.execute`, once the dialogue is in step. Rejects with `MODEM_RESET` or why the port was lost, too. */
  async execute<T>(command: Command<T>): Promise<T> {
    const { modem, signal } = this;
    await whenInStep(modem, this.epoch, signal);
    return modem.execute(command, { signal });
  }

  /** Nothing is heard or said any more. */
  end(): void {
    this.ended.abort(new ModemError("MODEM_ABORTED"));
    this.stop();
  }
}

/**
 * Resolves when commands may be given to the start `epoch` of the module. Rejects with `MODEM_RESET` when there is
 * another by now, with why the port was lost, or with the signal's reason.
 */
export function whenInStep(modem: SocketModem, epoch: number, signal?: AbortSignal): Promise<void> {
  return stateWhere(
    modem,
    () => {
      const { state } = modem;
      if (modem.epoch !== epoch) throw new ModemError("MODEM_RESET");
      switch (state.name) {
        case "registering":
        case "ready":
          return true;
        case "connecting":
          return false;
        case "offline":
        case "needsPowerCycle":
          throw state.error ?? new ModemError("PORT_CLOSED");
      }
    },
    signal,
  );
}

/** True for a command whose answer did not come, or was not understood: what the module did is unknown. */
export function isUncertain(error: unknown): boolean {
  return isModemError(error, "MODEM_TIMEOUT") || isModemError(error, "MODEM_ANSWER");
}

function newsOf(line: string, id: number): SocketNews | undefined {
  const news = readSocketNews(line);
  return news?.id === id ? news.news : undefined;
}
