/**
 * ModemMailer: what every mailer on a modem has, whatever its protocol: it is available or not, remembers its last
 * mail, and ends.
 */
import { EventEmitter } from "node:events";
import { ModemError } from "../errors";
import type { Modem } from "../quectel/connection/modem";
import type { EndedMail, MailerEvents } from "./mailer";

export abstract class ModemMailer extends EventEmitter<MailerEvents> {
  /** Ends every task; a task joins it to the signal of its caller. */
  protected readonly closing = new AbortController();
  protected last: EndedMail | undefined;
  /** True while a mail could be sent now: modem connected, SIM ready, registered, and no trouble. */
  available: boolean;
  /** To be called whenever `available` may have changed for another reason than the state of the modem. */
  protected readonly changed = (): void => {
    const available = this.watched.state.name === "ready" && this.trouble === undefined;
    if (available === this.available) return;
    this.available = available;
    this.emit("available", available);
  };

  constructor(private readonly watched: Pick<Modem, "state" | "on" | "off">) {
    super();
    // A new mailer is in no trouble yet.
    this.available = watched.state.name === "ready";
    watched.on("state", this.changed);
  }

  abstract get trouble(): ModemError | undefined;

  /** What became of the last mail of this object. */
  get lastMail(): EndedMail | undefined {
    return this.last;
  }

  /** Ends what runs; a mail in flight is then of unknown outcome. */
  close(): void {
    this.closing.abort(new ModemError("MODEM_ABORTED"));
    this.watched.off("state", this.changed);
  }
}
