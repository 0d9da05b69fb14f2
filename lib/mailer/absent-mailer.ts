/**
 * AbsentMailer: in place of the mailer over sockets where its code cannot be loaded. Mails are accepted and planned as ever, and
 * wait; each attempt ends with the reason, certainly unsent.
 */
import { ModemError } from "../errors";
import type { Modem } from "../quectel/connection/modem";
import { recipientsOf } from "./outgoing";
import type { Ended, Envelope, Mailer, Outcome, Transaction } from "./mailer";
import { ModemMailer } from "./modem-mailer";
import { dividedByLetters, SOCKET_LIMITS } from "./socket-plan";

export interface AbsentMailerOptions {
  readonly modem: Pick<Modem, "state" | "on" | "off">;
  /** Why the code cannot be loaded. */
  readonly error: ModemError;
  /** Another mailer may carry the mails: it is asked first. */
  readonly isReplaceable: boolean;
}

export class AbsentMailer extends ModemMailer implements Mailer {
  readonly limits = SOCKET_LIMITS;

  constructor(private readonly options: AbsentMailerOptions) {
    super(options.modem);
    this.changed();
  }

  get trouble(): ModemError | undefined {
    const { error, isReplaceable } = this.options;
    return isReplaceable ? error : undefined;
  }

  plan(mail: Envelope): readonly Envelope[] {
    return dividedByLetters(mail);
  }

  async prepare({ envelope }: Transaction): Promise<Ended> {
    return {
      kind: "ended",
      recipients: recipientsOf(envelope).map((address) => ({ address, state: "deferred" })),
      error: this.options.error,
      retry: { kind: "backOff", atLeastMs: 0 },
      open: false,
      warnings: [],
    };
  }

  /** A connection that is gone tells nothing any more. */
  async recover({ envelope }: Transaction): Promise<Outcome> {
    return {
      kind: "unknown",
      recipients: recipientsOf(envelope).map((address) => ({ address, state: "unknown" })),
      error: new ModemError("MODEM_RESULT_UNKNOWN", { stage: "commit" }),
      open: true,
      recoverable: false,
      warnings: [],
    };
  }
}
