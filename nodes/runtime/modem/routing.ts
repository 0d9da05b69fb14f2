/**
 * ResultRouter: brings the end of a mail to the node that has the id of its sender now.
 *
 * Between the acceptance of a mail and its end, nodes may have been replaced by a deploy, or the process may have been
 * started anew. While flows are being stopped or started it is not known which nodes will be there, so results wait
 * until the flows run. A result that was not handed over when the modem's node closes goes back to the outbox, which
 * tells it again at its next start.
 */
import type { EventEmitter } from "node:events";
import { ModemError } from "../../../lib/errors";
import type { MailEnded } from "../../../lib/outbox/outbox-types";

/** A node that sends mails. */
export interface ResultReceiver {
  readonly id: string;
  /** Resolves when the flow has the result. */
  receive(ended: MailEnded): Promise<void>;
}

/** What waits for the flows, while they do not run. */
interface WaitingResult {
  readonly resume: () => void;
  readonly giveBack: (reason: ModemError) => void;
}

type State =
  | { readonly kind: "running" | "closed" }
  | { readonly kind: "waiting"; readonly results: WaitingResult[] };

export class ResultRouter {
  private readonly receivers = new Map<string, ResultReceiver>();
  private state: State = { kind: "waiting", results: [] };

  /**
   * @param events of the runtime. The router is made while flows are being started.
   * @param unclaimed takes results whose sender is gone.
   */
  constructor(
    private readonly events: EventEmitter,
    private readonly unclaimed: (ended: MailEnded) => Promise<void>,
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

  /** Listens to nothing any more; results that wait, and those that still come, go back to the outbox. */
  close(): void {
    this.events.off("flows:stopping", this.onStopping);
    this.events.off("flows:started", this.onStarted);
    const waiting = this.leaveFor({ kind: "closed" });
    for (const { giveBack } of waiting) giveBack(new ModemError("OUTBOX_CLOSED"));
  }

  /** Hands the end of a mail over; the outbox keeps its record and contents until then. */
  route(ended: MailEnded): void {
    ended.waitUntil(this.deliver(ended));
  }

  private async deliver(ended: MailEnded): Promise<void> {
    await this.running();
    const receiver = this.receivers.get(ended.origin.nodeId);
    await (receiver === undefined ? this.unclaimed(ended) : receiver.receive(ended));
  }

  /** Resolves when the flows run; rejects when the modem's node closes before. */
  private running(): Promise<void> {
    const { state } = this;
    switch (state.kind) {
      case "running":
        return Promise.resolve();
      case "closed":
        return Promise.reject(new ModemError("OUTBOX_CLOSED"));
      case "waiting":
        return new Promise((resume, giveBack) => state.results.push({ resume, giveBack }));
    }
  }

  private readonly onStopping = (): void => {
    if (this.state.kind === "running") this.state = { kind: "waiting", results: [] };
  };

  private readonly onStarted = (): void => {
    for (const { resume } of this.leaveFor({ kind: "running" })) resume();
  };

  /** Enters `state`; returns what has waited until now. */
  private leaveFor(state: State): readonly WaitingResult[] {
    const waiting = this.state.kind === "waiting" ? this.state.results : [];
    this.state = state;
    return waiting;
  }
}
