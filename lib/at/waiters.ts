/**
 * Waiters for unsolicited lines, such as the result of a mail minutes after the OK of its command.
 *
 * A waiter is registered before the command is written, so that a result that comes with the OK is not missed; its
 * time starts to run when the caller says so.
 */
import type { Clock, Timer } from "../clock";
import { ModemError } from "../errors";
import { Deferred } from "../async";

export interface Waiter {
  /**
   * The line that matched. Rejects with `MODEM_TIMEOUT` when the time started by `start` is over, `MODEM_RESET` when
   * the module restarts, `MODEM_ABORTED` after `cancel`, or the error that ended the connection.
   */
  readonly promise: Promise<string>;
  /** Starts the time limit in milliseconds, anew when called again. */
  start(ms: number): void;
  /** Gives up waiting; without effect once settled. */
  cancel(): void;
}

interface Entry {
  readonly match: (line: string) => boolean;
  readonly resolve: (line: string) => void;
  readonly reject: (error: ModemError) => void;
}

export class Waiters {
  private readonly entries = new Set<Entry>();

  constructor(private readonly clock: Clock) {}

  expect(match: (line: string) => boolean): Waiter {
    const { promise, resolve, reject } = new Deferred<string>();
    let timer: Timer | undefined;
    const end = (): void => {
      timer?.clear();
      this.entries.delete(entry);
    };
    const entry: Entry = {
      match,
      resolve: (line) => {
        end();
        resolve(line);
      },
      reject: (error) => {
        end();
        reject(error);
      },
    };
    this.entries.add(entry);
    return {
      promise,
      start: (ms) => {
        timer?.clear();
        if (!this.entries.has(entry)) return;
        timer = this.clock.after(ms, () =>
          entry.reject(new ModemError("MODEM_TIMEOUT", { detail: "no result line" })),
        );
      },
      cancel: () => entry.reject(new ModemError("MODEM_ABORTED")),
    };
  }

  /** Gives an unsolicited line to every waiter that it matches. */
  offer(line: string): void {
    for (const entry of this.entries) if (entry.match(line)) entry.resolve(line);
  }

  /** Rejects all. */
  failAll(error: ModemError): void {
    for (const entry of this.entries) entry.reject(error);
  }
}
