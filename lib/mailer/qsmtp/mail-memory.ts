/** What the module's client remembers of a mail that is still to be sent, from one try to the next. */
import type { RecoveryStep } from "../../quectel/recovery/recovery";
import { MailMemories } from "../mail-memory";
import type { ChancesTaken } from "./second-chance";

export interface MailMemory extends ChancesTaken {
  /** The step that the next `prepare` begins with, and the failure that it is about. */
  pending: { readonly step: RecoveryStep; readonly error: unknown } | undefined;
  /** The module has refused the subject for its length: it is cut, and stands whole in the text. */
  shortSubject: boolean;
  /** Times in a row that the module said "network error" and no more, until a back-off. */
  networkErrors: number;
}

export function mailMemories(): MailMemories<MailMemory> {
  return new MailMemories(() => ({
    taken: new Set(),
    rootsTried: false,
    pending: undefined,
    shortSubject: false,
    networkErrors: 0,
  }));
}
