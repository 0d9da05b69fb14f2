/**
 * ForeignUse: another process or host was seen to send mails through the module, which no lock of ours keeps out.
 *
 * It may replace recipients between our commands and QSMTPPUT. So for a day after a sign of it the recipients are read
 * back at the last moment before each mail, and with the subject after its result; a person is told once. The last sign
 * is noted, because a host that starts again would otherwise trust the module at once.
 */
import { ERROR_TABLE, isModemError, ModemError } from "../../errors";
import { queryRecipients } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { ifRefused } from "../../quectel/execute";
import { readJson, type KeyValueStore } from "../../quectel/key-value-store";
import { areSame, hasAddresses } from "./listed";

const DAY_MS = 24 * 3600_000;
const STORE_KEY = "foreign-use";

export class ForeignUse {
  /** Moment of the clock, -Infinity: never; undefined before it was looked up. */
  private seenAt: number | undefined;

  constructor(
    private readonly modem: Modem,
    private readonly store: KeyValueStore,
  ) {}

  /** True while recipients are to be read back. */
  async isLikely(): Promise<boolean> {
    return this.modem.clock.now() - (await this.recall()) < DAY_MS;
  }

  /** A mail that is none of ours was in the module. A disk that does not take the note costs only its memory. */
  async seen(): Promise<void> {
    const { clock, log } = this.modem;
    const isNews = !(await this.isLikely());
    this.seenAt = clock.now();
    if (isNews) this.modem.warn(new ModemError("MODEM_SHARED"));
    await this.store
      .write(STORE_KEY, JSON.stringify(Math.round(clock.wall())))
      .catch((error: unknown) => log.warn(`the use by another program could not be noted: ${String(error)}`));
  }

  /** Tells from an error whether it is a sign. @param error what refused the first command of a mail */
  async judge(error: unknown): Promise<void> {
    if (isModemError(error, "SMTP_BUSY") && error.stage === "clear") await this.seen();
  }

  /** Rejects with `MODEM_NOT_READY` when the module holds other recipients than these; asks only while likely. */
  async check(recipients: readonly string[], signal: AbortSignal): Promise<void> {
    if (!(await this.isLikely())) return;
    const held = await ifRefused(this.modem.execute(queryRecipients(), { signal }), async () => recipients);
    const isUnreadable = held.length > 0 && !hasAddresses(held);
    if (isUnreadable || areSame(held, recipients)) return;
    await this.seen();
    throw new ModemError("MODEM_NOT_READY", {
      stage: "send",
      detail: "another program has changed the recipients",
      hint: ERROR_TABLE.MODEM_SHARED.hint,
    });
  }

  private async recall(): Promise<number> {
    if (this.seenAt !== undefined) return this.seenAt;
    const kept = await readJson(this.store, STORE_KEY, isTime).catch(() => undefined);
    const { clock } = this.modem;
    // A clock that was set back meanwhile makes nothing last for longer than a day from now.
    this.seenAt ??= kept === undefined ? -Infinity : clock.now() - Math.max(0, clock.wall() - kept);
    return this.seenAt;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
