/**
 * RunningModem: a modem in use, from the opening of its port and of its outbox's folder to the close.
 *
 * It tells its host what happens; whom that concerns, and when the modem is to run, is the host's business.
 */
import type { Clock } from "../../../lib/clock";
import { asModemError, type ErrorCode, ModemError } from "../../../lib/errors";
import { loadParser } from "../../../lib/mail/message/addresses";
import type { Mail, MailOptions } from "../../../lib/mail/mail";
import type { MailEnded, MailOrigin } from "../../../lib/outbox/outbox-types";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import { assemble, type Assembly, type Station, type Surroundings } from "./assembly";
import { conditionOf, type MailProgress } from "../status/conditions";
import type { ModemSettings } from "../settings/modem-settings";
import { OutboxOpening } from "./outbox-opening";
import { holdFor, holdForSetup } from "./setup-hold";
import { smtpPart } from "./smtp-part";
import { stuckClient } from "./stuck-client";
import type { Condition } from "../status/status";

/** Who is told what happens to a running modem. */
export interface RunningListener {
  /** The condition may be another. */
  changed(): void;
  state(state: ModemState): void;
  /** Something that a person should know. */
  failed(error: ModemError): void;
  /** What was told with this code is over. */
  over(code: ErrorCode): void;
  /** Tries to send fail again and again, for the same reason; not repeated. */
  failing(error: ModemError): void;
  ended(ended: MailEnded): void;
  /** No mail waits any more. */
  emptied(): void;
}

export class RunningModem {
  readonly parts: Assembly;
  /** Resolves when the modem has begun to open its port and the outbox its folder. */
  readonly opened: Promise<void>;
  /** The same of the outbox alone. */
  private readonly hasFolder: Promise<void>;
  private readonly opening: OutboxOpening;
  private readonly clock: Clock;
  private progress: MailProgress | undefined;
  /** Monotonic time. */
  private uploadSince = 0;

  /**
   * @param free resolves when the modem before has left the folder. @param portFree the same of the port: mails are
   * accepted meanwhile.
   */
  constructor(
    settings: ModemSettings,
    private readonly surroundings: Surroundings,
    free: Promise<void>,
    portFree: Promise<void>,
    private readonly listener: RunningListener,
  ) {
    this.parts = assemble(settings, surroundings);
    const { modem, outbox } = this.parts;
    const { clock } = surroundings;
    this.clock = clock;
    this.opening = new OutboxOpening(outbox, {
      clock,
      failed: (error) => listener.failed(error),
      changed: () => listener.changed(),
    });
    this.listen();
    this.hasFolder = free.then(() => this.opening.begin()).then(() => this.loadEarly());
    const hasPort = Promise.all([free, portFree]).then(() => {
      modem.acquire();
      // A modem that is already at work does not report its state again.
      if (surroundings.station !== undefined) this.onState(modem.state);
    });
    this.opened = Promise.all([this.hasFolder, hasPort]).then(() => undefined);
  }

  /** @param isUnderTest a connection test from the editor has the port. */
  condition(isUnderTest: boolean): Condition {
    const { parts, progress, opening } = this;
    const { modem, mailer, outbox, settings } = parts;
    return conditionOf(settings, {
      state: modem.state,
      trouble: mailer.trouble,
      summary: outbox.summary(),
      sendingNode: outbox.sendingNode(),
      progress,
      outboxError: opening.error ?? outbox.error,
      isUnderTest,
      wall: this.clock.wall(),
    });
  }

  /** Keeps a mail and sends it. Rejects with why it was not kept. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    await this.hasFolder;
    if (this.opening.error !== undefined) throw this.opening.error;
    return this.parts.outbox.accept(mail, options, origin);
  }

  /** The outbox is opened no more; to be called before the parts are closed. */
  end(): void {
    this.opening.end();
  }

  /**
   * What accepts mails must not depend on the disk later, and what is missing is told now rather than with the first alarm.
   * Mails whose only way out cannot be loaded wait; a library is looked for again with each of them.
   */
  private loadEarly(): void {
    const unread = errorOf(loadParser);
    const { byWay, outbox, missing = unread } = this.parts;
    const isBySocketAlone = byWay.module === undefined;
    const error = missing ?? (isBySocketAlone ? errorOf(() => smtpPart().loadNodemailer()) : undefined);
    if (error === undefined) return;
    const { log } = this.surroundings;
    log.warn(`${error.message}: ${String(error.cause)}`);
    this.listener.failed(error);
    if (missing !== undefined && isBySocketAlone) holdFor(outbox, missing, log);
  }

  private note(told: Omit<MailProgress, "uploadMs">): void {
    const { progress } = this;
    const goesOn = progress?.id === told.id && progress.stage === told.stage && progress.done <= told.done;
    if (!goesOn) this.uploadSince = this.clock.now();
    this.progress = { ...told, uploadMs: this.clock.now() - this.uploadSince };
  }

  /** Ends what sends mails; the module stays connected. */
  async leave(): Promise<Station> {
    const station = await this.parts.leave();
    station.modem.off("state", this.onState);
    station.modem.off("warning", this.onWarning);
    return station;
  }

  private readonly onState = (state: ModemState): void => {
    this.listener.state(state);
    holdForSetup(this.parts.outbox, state, this.surroundings.log);
    this.listener.changed();
  };

  private readonly onWarning = (error: ModemError): void => this.listener.failed(error);

  private listen(): void {
    const { listener } = this;
    const { modem, mailer, byWay, outbox } = this.parts;
    modem.on("state", this.onState);
    modem.on("warning", this.onWarning);
    mailer.on("available", () => {
      if (mailer.trouble !== undefined) listener.failed(mailer.trouble);
      listener.changed();
    });
    byWay.module?.on("available", () => {
      const stuck = stuckClient(this.parts);
      if (stuck !== undefined) listener.failed(stuck);
      else if (byWay.module?.trouble === undefined) listener.over("MODEM_STUCK");
      listener.changed();
    });
    outbox.on("ended", (ended) => listener.ended(ended));
    outbox.on("changed", () => {
      if (outbox.summary().depth === 0) listener.emptied();
      listener.changed();
    });
    outbox.on("progress", (progress) => {
      this.note(progress);
      listener.changed();
    });
    const causes = new Set<ErrorCode>();
    outbox.on("hold", (hold) => {
      if (hold === undefined) {
        for (const cause of causes) listener.over(cause);
        causes.clear();
      } else if (hold.kind === "setup") {
        causes.add(hold.code);
        listener.failed(new ModemError(hold.code));
      }
    });
    outbox.on("failing", (error) => listener.failing(error));
    outbox.on("trouble", (error) => listener.failed(error));
  }
}

/** Why something cannot be loaded; undefined where it can. */
function errorOf(load: () => unknown): ModemError | undefined {
  try {
    load();
    return undefined;
  } catch (error) {
    return asModemError(error);
  }
}
