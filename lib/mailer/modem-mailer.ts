/**
 * ModemMailer: what every mailer on a modem has, whatever its protocol: it is available or not, remembers its last
 * mail and those still to be sent, and ends.
 */
import { EventEmitter } from "node:events";
import { ModemError } from "../errors";
import type { Modem } from "../quectel/connection/modem";
import type { EndedMail, MailerEvents } from "./mailer";

export abstract class ModemMailer extends EventEmitter<MailerEvents> {
  /** Ends every task; a task joins it to the signal of its caller. */
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
}

/*
 * MailMemories: what a mailer remembers of the mails that are still to be sent, from one try to the next.
 *
 * Nothing in it decides what becomes of a mail; what is forgotten, at the latest with the process, is found out again.
 */

/** Mails with a failure behind them; of more, those that were tried longest ago are forgotten. */
const MOST = 500;

export class MailMemories<Memory> {
  private readonly memories = new Map<string, Memory>();

  /** @param fresh makes that of a mail of which nothing is known. */
  constructor(private readonly fresh: () => Memory) {}

  /** That of a mail, by its id; the newest from now on. */
  of(id: string): Memory {
    const memory = this.memories.get(id) ?? this.fresh();
    this.memories.delete(id);
    this.memories.set(id, memory);
    const [oldest] = this.memories.keys();
    if (this.memories.size > MOST && oldest !== undefined) this.memories.delete(oldest);
    return memory;
  }

  forget(id: string): void {
    this.memories.delete(id);
  }
}
