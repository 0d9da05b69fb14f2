/** Expiry: gives up the mails that could not be sent in their time, and says why they could not. */
import { ModemError } from "../errors";
import type { MailCarrier } from "../mailer/qsmtp/carrier";
import type { Ending } from "./ending";
import type { Ledger } from "./ledger";
import type { LostResults } from "./lost-results";
import type { MailStore } from "./mail-store";
import { timeLeft, type Entry } from "./waiting-mails";

const MINUTE = 60_000;

export interface ExpiryParts {
  readonly carrier: MailCarrier;
  readonly store: MailStore;
  readonly ledger: Ledger;
  readonly ending: Ending;
  readonly lost: LostResults;
  /** Minutes, for mails without a limit of their own. */
  readonly maxAge: number;
}

export class Expiry {
  constructor(private readonly parts: ExpiryParts) {}

  /** Milliseconds of active time for mails without a limit of their own. */
  get limit(): number {
    return this.parts.maxAge * MINUTE;
  }

  /** Never rejects. */
  async end(entry: Entry): Promise<void> {
    const error = await this.error(entry);
    // Meanwhile it may have been discarded or pushed out.
    if (entry.stage === "waiting") await this.parts.ending.giveUp(entry, error);
  }

  /** Ends unknown what could not be asked for in its time. Returns the milliseconds until the next one. */
  async endLost(): Promise<number> {
    const { ledger, lost } = this.parts;
    let expiresIn = Infinity;
    for (const entry of lost.list()) {
      const left = timeLeft(entry, ledger.time.now(), this.limit);
      if (left <= 0) await lost.giveUp(entry, await this.error(entry));
      else if (entry.ownLimit !== undefined || !ledger.holds.any) expiresIn = Math.min(expiresIn, left);
    }
    return expiresIn;
  }

  private async error(entry: Entry): Promise<ModemError> {
    const reason = await this.reason(entry);
    return new ModemError("OUTBOX_EXPIRED", reason === undefined ? {} : { detail: reason });
  }

  private async reason(entry: Entry): Promise<string | undefined> {
    const { store, ledger, carrier } = this.parts;
    const { setup } = ledger.holds;
    if (setup !== undefined) return setup.error.message;
    try {
      const { transactions } = await store.load(entry);
      const last = transactions.flatMap(({ lastError }) => lastError ?? []).at(-1);
      if (last !== undefined) return last.message;
    } catch {
      // A record that cannot be read is told as such when it is ended.
    }
    return carrier.available ? undefined : new ModemError("MODEM_NOT_READY").message;
  }
}
