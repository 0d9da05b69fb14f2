/**
 * Where the mails in flight are, as the mail server sees it: it cannot be mistaken about the client's own view of them.
 *
 * The last kilobyte of a message is sent by socket only when the mark is on the disk. A session is marked from its first
 * byte on, and the size is the one that the client has told with MAIL.
 */
import { EventEmitter } from "node:events";
import type { SessionStep } from "../../support/mail-server";

/** `begun`: MAIL was taken; `marked`: a byte of what is withheld until the mark has arrived; `ended`: the final dot has. */
export type Flight = "begun" | "marked" | "ended";

export const FLIGHTS = ["ended", "marked", "begun"] as const satisfies readonly Flight[];

/** Bytes of a message that its client withholds until the mark is durable. */
const WITHHELD = 1024;

interface Session {
  readonly size: number;
  received: number;
  flight: Flight;
  /** The process that began it was killed; the module keeps its connection. */
  isLeft: boolean;
}

/** Emits the name of a flight when a session comes so far. */
export class Flights extends EventEmitter<Record<Flight, []>> {
  private readonly sessions = new Map<string, Session>();

  /** Takes what the mail server says of its sessions. */
  readonly follow = (id: string, step: SessionStep): void => {
    const session = this.sessions.get(id);
    switch (step.kind) {
      case "mail":
        this.sessions.set(id, { size: step.size ?? 0, received: 0, flight: "begun", isLeft: false });
        this.emit("begun");
        return;
      case "data":
        if (session === undefined) return;
        session.received += step.bytes;
        if (session.flight === "begun" && session.received > session.size - WITHHELD)
          this.reach(session, "marked");
        return;
      case "dot":
        if (session !== undefined) this.reach(session, "ended");
        return;
      case "over":
        this.sessions.delete(id);
        return;
    }
  };

  /** What has begun so far is nothing that the process that comes now does. */
  leave(): void {
    for (const session of this.sessions.values()) session.isLeft = true;
  }

  /** Mails between MAIL and the reply to the final dot. */
  get begun(): number {
    return this.current().length;
  }

  /** Of these, the ones whose client cannot know any more whether the server takes them. */
  get marked(): number {
    return this.current().filter(({ flight }) => flight !== "begun").length;
  }

  private current(): readonly Session[] {
    return [...this.sessions.values()].filter(({ isLeft }) => !isLeft);
  }

  private reach(session: Session, flight: Flight): void {
    session.flight = flight;
    if (!session.isLeft) this.emit(flight);
  }
}
