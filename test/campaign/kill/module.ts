/**
 * Module and mail server of the campaign: they live on when the host's process is killed, as real ones do, and a mail
 * that was on its way then still arrives.
 */
import type { FromModule, Put } from "./messages";

/** Milliseconds a transaction takes at most. */
const LONGEST = 40;

export class CampaignModule {
  readonly delivered: Put[] = [];
  private busy: Promise<FromModule> | undefined;

  constructor(private readonly random: () => number) {}

  /** Takes a mail; resolves with its result line. */
  put(put: Put): Promise<FromModule> {
    const work = this.transact(put).finally(() => {
      this.busy = undefined;
    });
    this.busy = work;
    return work;
  }

  /** The result of a mail that is still on its way; one that came while nobody listened is gone. */
  async ask(): Promise<FromModule> {
    return (await this.busy) ?? { kind: "unknown" };
  }

  private async transact(put: Put): Promise<FromModule> {
    const chance = this.random();
    const isHeard = this.random() < 0.5;
    await pause(this.random() * LONGEST);
    if (put.recipients.includes("unknown@example.com")) return { kind: "refused", smtpCode: 550 };
    if (chance < 0.1) return { kind: "refused", smtpCode: 451 };
    if (chance >= 0.2 || isHeard) this.delivered.push(put);
    return chance < 0.2 ? { kind: "lost" } : { kind: "sent" };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
