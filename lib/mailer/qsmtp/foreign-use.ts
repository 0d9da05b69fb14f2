/**
 * ForeignUse: another process or host was seen to send mails through the module, which no lock of ours keeps out.
 *
 * It may replace recipients between our commands and QSMTPPUT. So for a day after a sign of it the recipients are read
 * back at the last moment before each mail, and with the subject after its result; a person is told once.
 */
import { ERROR_TABLE, isModemError, ModemError } from "../../errors";
import { queryRecipients } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { ifRefused } from "../../quectel/execute";

const DAY = 24 * 3600_000;

export class ForeignUse {
  private seenAt: number | undefined;

  constructor(private readonly modem: Modem) {}

  /** True while recipients are to be read back. */
  get isLikely(): boolean {
    return this.seenAt !== undefined && this.modem.clock.now() - this.seenAt < DAY;
  }

  /** A mail that is none of ours was in the module. */
  seen(): void {
    const isNews = !this.isLikely;
    this.seenAt = this.modem.clock.now();
    if (isNews) this.modem.warn(new ModemError("MODEM_SHARED"));
  }

  /** Tells from an error whether it is a sign. @param error what refused the first command of a mail */
  judge(error: unknown): void {
    if (isModemError(error, "SMTP_BUSY") && error.stage === "clear") this.seen();
  }

  /** Rejects with `MODEM_OUT_OF_SYNC` when the module holds other recipients than these; asks only while likely. */
  async check(recipients: readonly string[], signal: AbortSignal): Promise<void> {
    if (!this.isLikely) return;
    const held = await ifRefused(this.modem.execute(queryRecipients(), { signal }), async () => recipients);
    const form = (list: readonly string[]): string =>
      list
        .map((address) => address.toLowerCase())
        .sort()
        .join("\n");
    // A module that lists them in no known form tells nothing.
    if (!held.some((address) => address.includes("@")) && held.length > 0) return;
    if (form(held) === form(recipients)) return;
    this.seen();
    throw new ModemError("MODEM_NOT_READY", {
      stage: "send",
      detail: "another program has changed the recipients",
      hint: ERROR_TABLE.MODEM_SHARED.hint,
    });
  }
}
