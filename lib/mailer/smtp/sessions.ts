/**
 * Sessions: opens the sessions of one mailer, keeps one for a mail that is due, and ends them.
 *
 * What stays of a session when its mail has gone out: for a moment the session itself, with the lock of the module, and
 * for an hour what resumes its encryption. Who takes a kept session must be ready for one that has died meanwhile.
 */
import type { Timer } from "../../clock";
import { ModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { Modem } from "../../quectel/connection/modem";
import type { SmtpSettings } from "../../quectel/settings";
import type { ModuleSockets } from "../../quectel/sockets/module-sockets";
import { Dialogue } from "./dialogue";
import { loadConnection } from "./nodemailer";
import { trustOf } from "./trust";

/** Milliseconds for which a session is kept: the next mail is due, and has only to be read from the disk. */
const KEPT_MS = 2_000;
/** Milliseconds for which encryption may be resumed: the server's certificate is not looked at again meanwhile. */
const TICKET_MS = 3_600_000;

export interface SessionsOptions {
  readonly modem: Modem;
  readonly sockets: ModuleSockets;
  readonly settings: SmtpSettings;
}

export interface Session {
  readonly dialogue: Dialogue;
  readonly lease: Lease;
}

export class Sessions {
  private readonly live = new Set<Dialogue>();
  private kept: (Session & { readonly timer: Timer }) | undefined;
  /** The last ticket, and when the certificate was looked at (RFC 8446 section 4.6.1). */
  private ticket: { readonly bytes: Buffer; readonly at: number } | undefined;

  constructor(private readonly options: SessionsOptions) {}

  /** Connects to the server, whose greeting is still to come. Rejects as `ModuleSockets.connect`. */
  async open(signal: AbortSignal): Promise<Dialogue> {
    const { modem, settings, sockets } = this.options;
    const { clock } = modem;
    const { host, port } = settings;
    const trust = settings.security === "none" ? {} : trustOf(settings);
    const { contextId } = modem.options.network;
    // Before there is a socket that its failure would leave open.
    loadConnection();
    const socket = await sockets.connect({ contextId, host, port }, signal);
    const { ticket } = this;
    const resumed = ticket !== undefined && clock.now() - ticket.at < TICKET_MS ? ticket : undefined;
    const dialogue = new Dialogue(socket, {
      clock,
      settings,
      trust: { ...trust, ...(resumed !== undefined && { session: resumed.bytes }) },
      // A ticket of a resumed encryption makes it last no longer.
      onTicket: (bytes) => (this.ticket = { bytes, at: resumed?.at ?? clock.now() }),
    });
    this.live.add(dialogue);
    return dialogue;
  }

  /** Keeps a session whose mail has gone out for the next one, for a moment. */
  keep({ dialogue, lease }: Session): void {
    const timer = this.options.modem.clock.after(KEPT_MS, () => this.endKept());
    dialogue.watcher = undefined;
    this.kept = { dialogue, lease, timer };
  }

  /** The session that was kept. */
  take(): Session | undefined {
    const { kept } = this;
    kept?.timer.clear();
    this.kept = undefined;
    return kept;
  }

  /** Ends a session politely where it is whole, and then gives the lock back. */
  end({ dialogue, lease }: Session): void {
    this.live.delete(dialogue);
    void dialogue
      .quit()
      .then(() => this.options.sockets.settled())
      .finally(() => lease.release());
  }

  /** Ends a session that failed; the next handshake is a whole one. */
  drop(dialogue: Dialogue): void {
    dialogue.destroy();
    this.live.delete(dialogue);
    this.ticket = undefined;
  }

  /** Ends all at once. */
  close(): void {
    for (const dialogue of this.live) dialogue.destroy(new ModemError("MODEM_ABORTED"));
    this.endKept();
  }

  private endKept(): void {
    const session = this.take();
    if (session !== undefined) this.end(session);
  }
}
