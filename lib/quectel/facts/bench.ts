/** Bench: what a question has to ask with. */
import type { Command } from "../../at/command";
import type { ExecuteOptions } from "../../at/job";
import type { Waiter } from "../../at/waiters";
import type { Clock } from "../../clock";

/** The module that is asked, a Channel or a Modem; borrowed, never opened or closed here. */
export interface AskedModule {
  execute<T>(command: Command<T>, options?: ExecuteOptions): Promise<T>;
  expect(match: (line: string) => boolean): Waiter;
}

export interface Bench {
  readonly module: AskedModule;
  readonly clock: Clock;
}
