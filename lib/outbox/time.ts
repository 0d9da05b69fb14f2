/**
 * OutboxTime: how long the outbox has been running, over restarts, whatever the wall clock does.
 *
 * `time` grows with the host's monotonic clock. A restart of the process adds what the host's uptime says has passed;
 * after a restart of the host its whole new uptime is added. How long the host was off only the wall clock could
 * tell, and a gateway without battery starts with a wrong one: such time counts as none, so a mail then lives longer,
 * never shorter. `active` stands still under a hold: it limits mails that have no limit of their own, because a mail
 * that waited three days for a new password shall still go out.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock";
import type { Host } from "./spool/host";
import type { OutboxInstant } from "./spool/record";

/** What is kept of it. */
export interface StoredTime extends OutboxInstant {
  readonly boot: string | undefined;
  /** Milliseconds. */
  readonly uptime: number;
  /** Running time up to which the host may have been off meanwhile; undefined: it never was. */
  readonly uncertain?: number;
}

export class OutboxTime {
  private readonly name: string;
  private base: { time: number; active: number; now: number };
  /** Ages of what is older are too short by the time in which the host was off. */
  private uncertain: number | undefined;
  private readonly isNewBoot: boolean;

  constructor(
    private readonly clock: Clock,
    private readonly host: Host,
    stored: StoredTime | undefined,
    private held: boolean,
  ) {
    this.name = stored?.clock ?? randomUUID();
    this.base = { time: stored?.time ?? 0, active: stored?.active ?? 0, now: clock.now() };
    if (stored !== undefined) {
      const passed = Math.max(0, host.uptime() - (isSameBoot(stored, host) ? stored.uptime : 0));
      this.base.time += passed;
      if (!held) this.base.active += passed;
    }
    this.isNewBoot = stored !== undefined && (stored.boot === undefined || stored.boot !== host.self.boot);
    this.uncertain = this.isNewBoot ? this.base.time : stored?.uncertain;
  }

  now(): OutboxInstant {
    const passed = this.clock.now() - this.base.now;
    return {
      clock: this.name,
      time: this.base.time + passed,
      active: this.base.active + (this.held ? 0 : passed),
    };
  }

  /** Stops or continues `active`. */
  hold(held: boolean): void {
    const { time, active } = this.now();
    this.base = { time, active, now: this.clock.now() };
    this.held = held;
  }

  /** A record written later than the last store of the time sets it forward: time never goes back. */
  notBefore(seen: OutboxInstant): void {
    if (seen.clock !== this.name) return;
    const { time, active } = this.now();
    if (this.isNewBoot && seen.time > time) this.uncertain = seen.time;
    this.base = {
      time: Math.max(time, seen.time),
      active: Math.max(active, seen.active),
      now: this.clock.now(),
    };
  }

  /** Takes an instant of another clock (a spool that was adopted, a lost state) for now. */
  translate(instant: OutboxInstant): OutboxInstant {
    return instant.clock === this.name ? instant : this.now();
  }

  /** True when the age of what happened then is exact: restarts of the process lose nothing of it, those of the host do. */
  isExact(instant: OutboxInstant): boolean {
    return instant.clock === this.name && (this.uncertain === undefined || instant.time > this.uncertain);
  }

  store(): StoredTime {
    return {
      ...this.now(),
      boot: this.host.self.boot,
      uptime: this.host.uptime(),
      ...(this.uncertain !== undefined && { uncertain: this.uncertain }),
    };
  }
}

/** Without a name for the boot (no /proc), an uptime that has grown is taken for the same one: an age is too short then. */
function isSameBoot({ boot, uptime }: StoredTime, host: Host): boolean {
  const now = host.self.boot;
  return boot === undefined || now === undefined ? host.uptime() >= uptime : boot === now;
}
