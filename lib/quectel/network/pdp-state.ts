/** What is known of a PDP context, what is told of it, and how something may be done with it. */
import type { LockOptions } from "../connection/mail-lock";

export type PdpState =
  | { readonly kind: "unknown" }
  | { readonly kind: "inactive" }
  /** Seen active at `provenAt` (ms of the clock). */
  | { readonly kind: "active"; readonly provenAt: number; readonly activatedBy: "us" | "others" }
  /** The network took it away. */
  | { readonly kind: "lost" };

export interface PdpEvents {
  /** The context is known to be active or inactive now. */
  changed: [active: boolean];
}

export interface PdpOptions extends LockOptions {
  /** Does not wait for the mail on the air, which then fails. */
  readonly force?: boolean;
}
