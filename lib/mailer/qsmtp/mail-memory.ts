/**
 * MailMemory: what the module's client remembers of a mail that is still to be sent, from one try to the next.
 *
 * Nothing in it decides what becomes of the mail; what is forgotten, at the latest with the process, is found out again.
 */
import type { RecoveryStep } from "../../quectel/recovery/recovery";
import type { ChancesTaken } from "./second-chance";

export interface MailMemory extends ChancesTaken {
  /** The step that the next `prepare` begins with, and the failure that it is about. */
  pending: { readonly step: RecoveryStep; readonly error: unknown } | undefined;
  /** The module has refused the subject for its length: it is cut, and stands whole in the text. */
  shortSubject: boolean;
  /** Times in a row that the module said "network error" and no more, until a back-off. */
  networkErrors: number;
}

/** Mails with a failure behind them; of more, those that were tried longest ago are forgotten. */
const MOST = 500;

export class MailMemories {
  private readonly memories = new Map<string, MailMemory>();

  /** That of a mail, by its id; the newest from now on. */
  of(id: string): MailMemory {
    const memory = this.memories.get(id) ?? {
      taken: new Set(),
      rootsTried: false,
      pending: undefined,
      shortSubject: false,
      networkErrors: 0,
    };
    this.memories.delete(id);
    this.memories.set(id, memory);
    const [oldest] = this.memories.keys();
    if (this.memories.size > MOST && oldest !== undefined) this.memories.delete(oldest);
    return memory;
  }

  forget(id: string): void {
    this.memories.delete(id);
  }
}
