/**
 * AbsentMailer: in place of the mailer over sockets as long as its code cannot be loaded. Mails are accepted and planned as ever,
 * and wait; each attempt looks for the code again, and ends with the reason, certainly unsent, while it is not there.
 */
import { ModemError } from "../errors";
import type { Modem } from "../quectel/connection/modem";
import { calledOff, recipientsOf } from "./outgoing";
import type {
  Ended,
  EndedMail,
  Envelope,
  Mailer,
  Outcome,
  Prepared,
  PrepareOptions,
  Transaction,
} from "./mailer";
import { ModemMailer } from "./modem-mailer";
import { dividedByLetters, SOCKET_LIMITS } from "./socket-plan";

export interface AbsentMailerOptions {
  readonly modem: Pick<Modem, "state" | "on" | "off" | "clock" | "log">;
  /** Why the code cannot be loaded. */
  readonly error: ModemError;
  /** Another mailer may carry the mails: it is asked first. */
  readonly isReplaceable: boolean;
  /** Makes the mailer; throws while its code cannot be loaded. */
  readonly load: () => Mailer;
}

/**
 * Milliseconds between two looks where each mail may be tried: each look reads the disk and holds up the runtime. An error of class
 * `setup` holds the outbox, so that each try is its half-hourly one or follows a *resume*, which must not be in vain.
 */
const LOOK_AGAIN_MS = 10_000;

export class AbsentMailer extends ModemMailer implements Mailer {
  readonly limits = SOCKET_LIMITS;
  /** The mailer, once its code was there. */
  private found: Mailer | undefined;
  private lookedAt = -Infinity;

  constructor(private readonly options: AbsentMailerOptions) {
    super(options.modem);
    this.changed();
  }

  get trouble(): ModemError | undefined {
    if (this.found !== undefined) return this.found.trouble;
    const { error, isReplaceable } = this.options;
    return isReplaceable ? error : undefined;
  }

  override get lastMail(): EndedMail | undefined {
    return this.found?.lastMail;
  }

  plan(mail: Envelope): readonly Envelope[] {
    return dividedByLetters(mail);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    if (this.closing.signal.aborted) return calledOff(transaction.envelope, this.closing.signal.reason);
    this.lookAgain();
    if (this.found !== undefined) return this.found.prepare(transaction, options);
    return {
      kind: "ended",
      recipients: recipientsOf(transaction.envelope).map((address) => ({ address, state: "deferred" })),
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

  override close(): void {
    super.close();
    this.found?.close();
  }

  /** What was missing or damaged on the disk may be mended. A part of another build still refuses to be loaded. */
  private lookAgain(): void {
    const { error, load, modem } = this.options;
    const now = modem.clock.now();
    const pauseMs = error.class === "setup" ? 0 : LOOK_AGAIN_MS;
    if (this.found !== undefined || now - this.lookedAt < pauseMs) return;
    this.lookedAt = now;
    try {
      this.found = load();
    } catch (cause) {
      modem.log.debug(`still not loaded: ${String(cause)}`);
      return;
    }
    modem.log.info("the part of the package that sends mails over sockets is loaded now");
    this.changed();
  }
}
