/**
 * ModemMailer: what every mailer on a modem has, whatever its protocol: it is available or not, remembers its last
 * mail, and ends.
 */
import { EventEmitter } from "node:events";
import { joinSignals, type JoinedSignal } from "../async";
import { ModemError } from "../errors";
import type { Modem } from "../quectel/connection/modem";
import type { EndedMail, MailerEvents } from "./mailer";

export abstract class ModemMailer extends EventEmitter<MailerEvents> {
  protected readonly closing = new AbortController();
  protected last: EndedMail | undefined;
  private wasAvailable: boolean;
  /** To be called whenever `available` may have changed for another reason than the state of the modem. */
  protected readonly changed = (): void => {
    if (this.available === this.wasAvailable) return;
    this.wasAvailable = this.available;
    this.emit("available", this.available);
  };

  constructor(private readonly watched: Pick<Modem, "state" | "on" | "off">) {
    super();
    // A new mailer is in no trouble yet.
    this.wasAvailable = watched.state.name === "ready";
    watched.on("state", this.changed);
  }

  abstract get trouble(): ModemError | undefined;

  /** True while a mail could be sent now: modem connected, SIM ready, registered, and no trouble. */
  get available(): boolean {
    return this.watched.state.name === "ready" && this.trouble === undefined;
  }

  /** What became of the last mail of this object. */
  get lastMail(): EndedMail | undefined {
    return this.last;
  }

  /** Ends what runs; a mail in flight is then of unknown outcome. */
  close(): void {
    this.closing.abort(new ModemError("MODEM_ABORTED"));
    this.watched.off("state", this.changed);
  }

  /** The signal of a task: the caller's, and the end of this object; to be released when the task is over. */
  protected signalOf(outer: AbortSignal | undefined): JoinedSignal {
    return joinSignals(outer, this.closing.signal);
  }
}
