/** What the process that is killed and the one that counts tell each other. */
import type { Told } from "../../support/account";

/** One transaction at QSMTPPUT. */
export interface Put {
  readonly subject: string;
  readonly recipients: readonly string[];
  readonly isMarked: boolean;
}

export type FromOutbox =
  /** The kill may come from now on. */
  | { readonly kind: "opening" }
  | { readonly kind: "accepted"; readonly subject: string; readonly recipients: readonly string[] }
  | { readonly kind: "ended"; readonly told: Told }
  | { readonly kind: "put"; readonly put: Put }
  /** What became of the mail of an earlier connection? */
  | { readonly kind: "ask" }
  /** Nothing waits any more. */
  | { readonly kind: "done" };

export type FromModule =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly smtpCode: number }
  /** The module restarts: no result will come. */
  | { readonly kind: "lost" }
  /** It knows of no mail. */
  | { readonly kind: "unknown" };

/** What a life of the outbox is to do, as the argument of its process. */
export interface LifePlan {
  readonly directory: string;
  readonly life: number;
  /** Mails to accept. */
  readonly mails: number;
  /** Ends by itself when nothing waits any more. */
  readonly isLast: boolean;
  readonly seed: number;
}
