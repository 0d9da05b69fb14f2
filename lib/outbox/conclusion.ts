/**
 * Conclusion: what follows from the outcome of one transaction, for its mail and for the outbox as a whole.
 */
import type { ModemError } from "../errors";
import type { Ending } from "./ending";
import type { Ledger } from "./ledger";
import { isComplete } from "./mail-result";
import type { MailStore } from "./mail-store";
import type { SpoolRecord } from "../mail/spool/record";
import { afterOutcome, givenUp, nextDue, type Outcome } from "./transactions";
import type { Entry } from "./waiting-mails";

export interface ConclusionParts {
  readonly store: MailStore;
  readonly ledger: Ledger;
  readonly ending: Ending;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Conclusive {
  readonly index: number;
  readonly outcome: Outcome;
  /** QSMTPPUT was written, so the outcome comes from the module. */
  readonly wasPut: boolean;
  /** Gives up what still waits after the outcome; undefined: nothing does. */
  readonly discard: ModemError | undefined;
}

export class Conclusion {
  constructor(private readonly parts: ConclusionParts) {}

  /** Never rejects. */
  async draw(entry: Entry, record: SpoolRecord, found: Conclusive): Promise<void> {
    const { store, ledger, ending, random } = this.parts;
    const { index, outcome, wasPut, discard } = found;
    const after = afterOutcome(record, index, outcome, ledger.time.now().time, random());
    const next = discard === undefined ? after : givenUp(after, discard);
    if (isComplete(next)) {
      await ending.end(entry, next, discard === undefined);
    } else {
      await store.save(entry, next, isOnlyAboutTime(record, next, outcome));
      entry.due = nextDue(next);
      entry.stage = "waiting";
    }
    // A mail given up before it was asked for says nothing about whether results arrive.
    if (discard === undefined || outcome.kind !== "unknown") await this.learn(outcome, wasPut);
  }

  /** What the outcome of one mail says about all. */
  private async learn(outcome: Outcome, wasPut: boolean): Promise<void> {
    const { ledger } = this.parts;
    switch (outcome.kind) {
      case "sent":
        await ledger.known();
        await ledger.passed();
        return;
      case "unknown":
        await ledger.unknown(outcome.error);
        return;
      case "failed": {
        const { error } = outcome;
        if (wasPut) await ledger.known();
        if (error.class === "setup") await ledger.meet(error);
        // A server that judges the mail has let us in: what held the outbox is over.
        else if (error.class === "message" && error.smtpCode !== undefined) await ledger.passed();
      }
    }
  }
}

/** True when a kill that brings the old record back would do no harm. */
function isOnlyAboutTime(before: SpoolRecord, after: SpoolRecord, outcome: Outcome): boolean {
  if (outcome.kind !== "failed" || before.transactions.length !== after.transactions.length) return false;
  return before.transactions.every((one, index) => {
    const { state, open } = after.transactions[index] ?? one;
    return one.state === state && one.open === open;
  });
}
