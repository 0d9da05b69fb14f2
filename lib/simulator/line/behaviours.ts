/**
 * What a test makes a modem do otherwise, and what it waits for: a stack of behaviours, newest first, and
 * expectations with a time limit.
 */
import type { Clock } from "../../clock";
import type { CommandContext, FinalResult } from "../device/command";

/** Goes on with the next older behaviour, at last with the command itself; a context given replaces the own. */
export type PassOn = (altered?: CommandContext) => Promise<FinalResult>;

/**
 * Sees every command before it is executed.
 *
 * It answers by returning a result, passes on by `return next()`, or alters: the context before (`next({
 * ...context, info: ... })`) or the result after.
 */
export type Behaviour = (context: CommandContext, next: PassOn) => Promise<FinalResult> | FinalResult;

/** True for the command a test waits for. */
export type CommandPredicate = (command: CommandContext) => boolean;

/** Time limit of an expectation when none is given, ms. */
const defaultTimeoutMs = 10_000;

export class BehaviourStack {
  private behaviours: readonly Behaviour[] = [];

  /** Puts a behaviour before all others; the function returned takes it away. */
  define(behaviour: Behaviour): () => void {
    this.behaviours = [behaviour, ...this.behaviours];
    return () => {
      this.behaviours = this.behaviours.filter((other) => other !== behaviour);
    };
  }

  /** Executes a command through the stack, `command` being the end of it. */
  run(context: CommandContext, command: PassOn): Promise<FinalResult> {
    const { behaviours } = this;
    const from = async (index: number, current: CommandContext): Promise<FinalResult> => {
      const behaviour = behaviours[index];
      if (behaviour === undefined) return command(current);
      return behaviour(current, (altered) => from(index + 1, altered ?? current));
    };
    return from(0, context);
  }
}

export class Expectations {
  private readonly open = new Set<(command: CommandContext) => void>();

  constructor(private readonly clock: Clock) {}

  /** Resolves with the next command that fits; rejects after `timeoutMs` milliseconds. */
  command(predicate: CommandPredicate, timeoutMs: number = defaultTimeoutMs): Promise<CommandContext> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(timeoutMs, () => {
        this.open.delete(check);
        reject(new Error(`the command expected did not come within ${timeoutMs} ms`));
      });
      const check = (command: CommandContext): void => {
        if (!predicate(command)) return;
        this.open.delete(check);
        timer.clear();
        resolve(command);
      };
      this.open.add(check);
    });
  }

  received(command: CommandContext): void {
    for (const check of this.open) check(command);
  }
}
