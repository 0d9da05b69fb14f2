/**
 * Silence: how long the module has not answered, and what follows from it.
 *
 * The manual wants the module restarted when a command is not answered within 60 s. Who does not even answer after
 * two restarts has to be switched off and on.
 */

export type SilenceStep =
  /** Try to connect again. */
  | "reconnect"
  /** Write the restart command, although nothing answers: it may still be read. */
  | "restart"
  /** Nothing but its power switch will help. */
  | "dead";

/** Milliseconds without an answer after which a restart is due. */
const RESTART_AFTER = 60_000;
const MOST_RESTARTS = 2;

export class Silence {
  private since: number | undefined;
  private restarts = 0;

  /** The module has answered. */
  heard(): void {
    this.since = undefined;
    this.restarts = 0;
  }

  /** What to do after an attempt without an answer has ended at `now` (ms). */
  next(now: number, restartAllowed: boolean): SilenceStep {
    this.since ??= now;
    if (!restartAllowed || now - this.since < RESTART_AFTER) return "reconnect";
    if (this.restarts === MOST_RESTARTS) return "dead";
    this.restarts++;
    this.since = now;
    return "restart";
  }
}
