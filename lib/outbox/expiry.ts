/** Expiry: gives up the mails that could not be sent in their time, and says why they could not. */
import { ERROR_TABLE, ModemError } from "../errors";
import { restoreError, storeError, type StoredError } from "../mail/spool/stored-error";
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
    return expired(await this.reason(entry));
  }

  private async reason(entry: Entry): Promise<StoredError | undefined> {
    const { store, ledger, carrier } = this.parts;
    const { setup } = ledger.holds;
    if (setup !== undefined) return setup.error;
    try {
      const { transactions } = await store.load(entry);
      const last = transactions.flatMap(({ lastError }) => lastError ?? []).at(-1);
      if (last !== undefined) return last;
    } catch {
      // A record that cannot be read is told as such when it is ended.
    }
    return carrier.available ? undefined : storeError(new ModemError("MODEM_NOT_READY"));
  }
}

/** OUTBOX_EXPIRED with what a person has to know of the last failure: its text, numbers and hint, itself as the cause. */
export function expired(last: StoredError | undefined): ModemError {
  if (last === undefined) return new ModemError("OUTBOX_EXPIRED");
  const { message, hint, stage, modemCode, smtpCode } = last;
  return new ModemError("OUTBOX_EXPIRED", {
    detail: message,
    hint,
    cause: restoreError(last),
    // A reply 4yz makes an error transient, but nothing is tried again here.
    class: ERROR_TABLE.OUTBOX_EXPIRED.class,
    ...(stage !== undefined && { stage }),
    ...(modemCode !== undefined && { modemCode }),
    ...(smtpCode !== undefined && { smtpCode }),
  });
}
