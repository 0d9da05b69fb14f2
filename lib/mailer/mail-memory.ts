/**
 * MailMemories: what a mailer remembers of the mails that are still to be sent, from one try to the next.
 *
 * Nothing in it decides what becomes of a mail; what is forgotten, at the latest with the process, is found out again.
 */

/** Mails with a failure behind them; of more, those that were tried longest ago are forgotten. */
const MOST = 500;

export class MailMemories<Memory> {
  private readonly memories = new Map<string, Memory>();

  /** @param fresh makes that of a mail of which nothing is known. */
  constructor(private readonly fresh: () => Memory) {}

  /** That of a mail, by its id; the newest from now on. */
  of(id: string): Memory {
    const memory = this.memories.get(id) ?? this.fresh();
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
