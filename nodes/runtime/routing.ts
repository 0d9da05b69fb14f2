/**
 * ResultRouter: brings the end of a mail to the node that has the id of its sender now.
 *
 * Between the acceptance of a mail and its end, nodes may have been replaced by a deploy, or the process may have been
 * started anew. While flows are being stopped or started nobody can say which nodes will be there, so results wait
 * until the flows run. A result that was not handed over when the modem's node closes stays with the outbox, which
 * tells it again.
 */
import type { EventEmitter } from "node:events";
import type { MailEnded } from "../../lib/mail/outbox-types";

/** A node that sends mails. */
export interface ResultReceiver {
  readonly id: string;
  /** Resolves when the flow has the result. */
  receive(ended: MailEnded): Promise<void>;
}

export class ResultRouter {
  private readonly receivers = new Map<string, ResultReceiver>();
  /** What waits until the flows run; undefined while they do. */
  private waiting: (() => void)[] | undefined = [];

  /**
   * @param events of the runtime. The router is made while flows are being started.
   * @param orphan takes results whose sender is gone.
   */
  constructor(
    private readonly events: EventEmitter,
    private readonly orphan: (ended: MailEnded) => Promise<void>,
  ) {
    events.on("flows:stopping", this.onStopping);
    events.on("flows:started", this.onStarted);
  }

  join(receiver: ResultReceiver): void {
    this.receivers.set(receiver.id, receiver);
  }

  leave(receiver: ResultReceiver): void {
    // A new node of the same id may have come already.
    if (this.receivers.get(receiver.id) === receiver) this.receivers.delete(receiver.id);
  }

  /** Listens to nothing any more; results that wait are never handed over by this router. */
  close(): void {
    this.events.off("flows:stopping", this.onStopping);
    this.events.off("flows:started", this.onStarted);
    this.waiting = [];
  }

  /** Hands the end of a mail over; the outbox keeps its record and contents until then. */
  route(ended: MailEnded): void {
    ended.waitUntil(this.deliver(ended));
  }

  private async deliver(ended: MailEnded): Promise<void> {
    await this.running();
    const receiver = this.receivers.get(ended.origin.nodeId);
    await (receiver === undefined ? this.orphan(ended) : receiver.receive(ended));
  }

  private running(): Promise<void> {
    const { waiting } = this;
    return waiting === undefined ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  }

  private readonly onStopping = (): void => {
    this.waiting ??= [];
  };

  private readonly onStarted = (): void => {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const resume of waiting) resume();
  };
}
