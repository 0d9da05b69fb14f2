/**
 * ModemHost: one modem for all the nodes that use it, behind a `quectel-modem` node.
 *
 * It opens with the first node and closes when flows run without any and no mail waits; it keeps the status of all of
 * them, and brings results to the nodes that sent the mails. What happens to the modem as such is reported here, once
 * for each change; what happens to a mail is the business of the node that accepted it.
 */
import type { Node } from "node-red";
import { ModemError } from "../../../lib/errors";
import type { Mail, MailOptions } from "../../../lib/mail/mail";
import type { MailOrigin } from "../../../lib/outbox/outbox-types";
import type { Assembly } from "./assembly";
import { conditionOf } from "../status/conditions";
import type { HostOptions, ModemObserver } from "./host-options";
import { mailsWaitingIn } from "../disk/left-spools";
import { LifecycleReports } from "./lifecycle-reports";
import { isDeploy, keepStation, stationClosed, takeStation, type FlowsStopping } from "./kept-stations";
import { ModemMembers, type ModemUser } from "./modem-members";
import type { ModemSettings } from "../settings/modem-settings";
import { ResultRouter } from "./routing";
import { leasePort, type PortLease, type LeasePurpose } from "./port-lease";
import { RunningModem } from "./running-modem";
import { type Condition, statusOf, type ShownStatus } from "../status/status";

export class ModemHost {
  private readonly members: ModemMembers;
  private readonly router: ResultRouter;
  private running: RunningModem | undefined;
  /** What opens and closes the modem, one after the other. */
  private work: Promise<void> = Promise.resolve();
  private readonly reports: LifecycleReports;
  /** While a connection test from the editor has the port. */
  private portLease: PortLease | undefined;
  private observer: ModemObserver | undefined;
  /** The flows run without any user; the modem stays open only for the mails that wait. */
  private isLeft = false;
  /** The flows are stopped only to run again in a moment. */
  private isDeployed = false;
  /** What is to be told when the flows run: before, there is no Catch node that would hear of it. Undefined: they run. */
  private untold: ModemError[] | undefined = [];

  constructor(private readonly options: HostOptions) {
    this.members = new ModemMembers(options.clock);
    this.router = new ResultRouter(options.events, options.unclaimed);
    options.events.on("flows:stopping", this.onFlowsStopping);
    options.events.on("flows:started", this.onFlowsStarted);
    const { settings } = options;
    this.reports = new LifecycleReports(options.clock, (error) => this.tell(error));
    if (settings instanceof ModemError) this.reports.report(settings);
  }

  /** The parts of the running modem. @throws INVALID_CONFIG, OUTBOX_CLOSED */
  get parts(): Assembly {
    return this.present.parts;
  }

  get settings(): ModemSettings | ModemError {
    return this.options.settings;
  }

  /** By id, as Node-RED looks for it: errors of the modem's node go to the Catch nodes of these. */
  get users(): Readonly<Record<string, Node>> {
    return this.members.nodes;
  }

  get condition(): Condition {
    const { running, portLease } = this;
    return running?.condition(portLease !== undefined) ?? conditionOf(this.settings, undefined);
  }

  /** What every user shows whose last mail did not fail. */
  status(): ShownStatus {
    return statusOf(this.condition);
  }

  /** From now on `observer` is told, too. */
  observe(observer: ModemObserver): void {
    this.observer = observer;
  }

  join(user: ModemUser): void {
    const { receiver } = user;
    this.members.join(user);
    if (receiver !== undefined) this.router.join(receiver);
    this.isLeft = false;
    this.start();
    this.showAt(user);
  }

  /** Shows at one node how its last mail has ended. @param sentAt milliseconds since 1970, for one that was sent. */
  showEnd(user: ModemUser, sentAt: number | undefined): void {
    this.members.noteEnd(user, sentAt, () => this.showAt(user));
    this.showAt(user);
  }

  /** A node that is only replaced comes back before the flows run again, so the modem stays open until then. */
  leave(user: ModemUser): void {
    if (user.receiver !== undefined) this.router.leave(user.receiver);
    this.members.leave(user);
  }

  /** A place in the order of mails for a message that has still to be read; undefined where none is kept now. */
  reservePlace(): number | undefined {
    return this.running?.parts.outbox.reservePlace();
  }

  /** Keeps a mail and sends it. Rejects with why it was not kept. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    return this.present.accept(mail, options, origin);
  }

  /** The folder of this modem alone. */
  get directory(): string {
    return this.options.directory;
  }

  /** The parts of the modem while it is in use, which keeps its port. */
  get inUse(): Assembly | undefined {
    return this.running?.parts;
  }

  /**
   * Gives the port away when the mail in flight is done; no mail goes out until it is given back. Rejects with the
   * reason of `signal`, as `leasePort`, or with `PORT_CLOSED`.
   */
  async leasePort(signal: AbortSignal, purpose: LeasePurpose): Promise<PortLease> {
    const { parts, opened } = this.present;
    // A modem that is still to be opened would else take the port while somebody else has it.
    await opened;
    const isInUse = (): boolean => this.running?.parts === parts;
    return leasePort(parts, {
      ...purpose,
      signal,
      isInUse,
      log: this.options.log,
      onLease: (portLease) => {
        this.portLease = portLease;
        this.changed();
      },
    });
  }

  /**
   * Ends everything. The port is free when it resolves, unless a deploy replaces the node: then the module stays
   * connected for a node of the same connection, until the flows run again.
   */
  async close({ isRemoved = false } = {}): Promise<void> {
    const { events } = this.options;
    events.off("flows:stopping", this.onFlowsStopping);
    events.off("flows:started", this.onFlowsStarted);
    let isReplaced = this.isDeployed && !isRemoved;
    // Node-RED does not wait for ever: whoever would have taken the module over is at work already, and needs the port.
    const onLate = (): void => void (isReplaced = false);
    events.on("flows:started", onLate);
    this.isLeft = false;
    // There is no receiver for results; the close need not wait for it.
    this.router.close();
    this.members.close();
    this.stop(() => isReplaced);
    await this.work;
    events.off("flows:started", onLate);
    this.tellAll();
  }

  private get present(): RunningModem {
    const { settings } = this.options;
    if (settings instanceof ModemError) throw settings;
    if (this.running === undefined) throw new ModemError("OUTBOX_CLOSED");
    return this.running;
  }

  private start(): void {
    const { settings, directory, clock, log } = this.options;
    if (this.running !== undefined || settings instanceof ModemError) return;
    const station = takeStation(directory, settings);
    const surroundings = { directory, clock, log, ...(station !== undefined && { station }) };
    // A modem that is just closing has the port and the folder.
    this.running = new RunningModem(settings, surroundings, this.work, stationClosed(directory), {
      changed: () => this.changed(),
      state: (state) => this.reports.follow(state),
      failed: (error) => this.reports.report(error),
      over: (code) => this.reports.over(code),
      failing: (error) => this.tell(error),
      ended: (ended) => {
        this.observer?.ended(ended);
        this.router.route(ended);
      },
      emptied: () => {
        if (this.isLeft) this.stop();
      },
    });
    this.work = this.running.opened;
  }

  /** @param isReplaced asked when nothing sends mails any more: the module stays connected for another node. */
  private stop(isReplaced = (): boolean => false): void {
    const { running } = this;
    if (running === undefined) return;
    const { settings } = running.parts;
    this.running = undefined;
    running.end();
    this.reports.endPatience();
    const { portLease } = this;
    portLease?.recall();
    this.observer?.changed();
    this.work = this.work
      .then(() => portLease?.returned)
      .then(() => running.leave())
      .then((station) =>
        isReplaced() ? keepStation(station, { ...this.options, settings }) : station.close(),
      )
      .catch((error: unknown) => this.options.log.error(`the modem did not close cleanly: ${String(error)}`));
  }

  private readonly onFlowsStopping = (what?: FlowsStopping): void => {
    this.isDeployed = isDeploy(what);
    this.untold ??= [];
  };

  private readonly onFlowsStarted = (): void => {
    this.isDeployed = false;
    this.tellAll();
    if (this.members.count > 0 || this.isLeft) return;
    this.isLeft = true;
    void this.sendWhatIsLeft();
  };

  /** Accepted mails go out although the nodes that sent them are gone. */
  private async sendWhatIsLeft(): Promise<void> {
    const { directory, log } = this.options;
    const waiting = await mailsWaitingIn(directory);
    if (!this.isLeft) return;
    if (waiting === 0) {
      this.stop();
      return;
    }
    log.warn(
      `${waiting} mail(s) are waiting although no node uses the modem; it closes once they are finished`,
    );
    this.start();
  }

  /** Tells a person, each time. */
  private tell(error: ModemError): void {
    this.observer?.reported(error);
    if (this.untold === undefined) this.options.report(error);
    else this.untold.push(error);
  }

  private tellAll(): void {
    const { untold = [] } = this;
    this.untold = undefined;
    for (const error of untold) this.options.report(error);
  }

  private showAt(user: ModemUser): void {
    const { condition } = this;
    this.members.showAt(user, (who) => statusOf(condition, who));
  }

  private changed(): void {
    const { condition } = this;
    this.members.show(condition, (who) => statusOf(condition, who));
    this.observer?.changed();
  }
}
