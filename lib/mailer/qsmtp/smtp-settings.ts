/**
 * SMTP settings: which QSMTPCFG keys a mail needs, and what it means when the module refuses one.
 *
 * Sent through `KnownSettings`, so a second mail with the same settings sends none. `bodyoriginal` belongs to the
 * text of a mail (`text-coding.ts`), the keys of the SSL context to `tls.ts`.
 */
import type { MailTransaction } from "./compose/mail-transaction";
import { type MailSetting, mailSetting } from "../../quectel/commands/smtp";
import { ModemError, isModemError } from "../../errors";
import type { SmtpSettings } from "../../quectel/settings";
import { atStage, confirmed, type Meaning } from "./guarded-modem";
import type { Command } from "../../at/command";
import { delay } from "../../clock";
import { isRefusal } from "../../quectel/execute";
import type { Modem } from "../../quectel/connection/modem";

type Sender = Pick<MailTransaction, "senderName" | "senderAddress">;

/** Makes the module hold the settings of server, account and sender; rejects with stage `settings`. */
export async function applySmtpSettings(
  known: KnownSettings,
  pdpContext: number,
  settings: SmtpSettings,
  { senderName, senderAddress }: Sender,
  signal: AbortSignal,
): Promise<void> {
  await known.applyTogether(JSON.stringify([pdpContext, settings, senderName, senderAddress]), async () => {
    const fault = unusableSetting(settings);
    if (fault !== undefined) {
      // It would hit every mail and is no fault of this one.
      const detail = `${fault.setting} ${fault.why}`;
      throw new ModemError("INVALID_CONFIG", { stage: "settings", class: "setup", detail });
    }
    const steps = smtpSettings(pdpContext, settings, { senderName, senderAddress });
    // A setting that was taken only after a refusal voids those before it; the second pass sends them again.
    for (const { setting, refused } of [...steps, ...steps]) {
      await atStage("settings", () => confirmed(() => known.apply(setting, signal)), refused);
    }
    return steps.map(({ setting }) => setting);
  });
}

/** A setting that the module's client cannot be given, by its name in the modem's dialog. */
interface UnusableSetting {
  readonly setting: "smtpHost" | "smtpUser" | "smtpPassword" | "senderAddress";
  /** Completes the sentence that begins with the name; never says what the value is. */
  readonly why: string;
}

/** The first such setting; to be asked at deploy, for it would hit every mail. */
export function unusableSetting({
  host,
  user,
  password,
  senderAddress,
}: Pick<SmtpSettings, "host" | "user" | "password" | "senderAddress">): UnusableSetting | undefined {
  const texts = [
    ["smtpHost", host],
    ["smtpUser", onLine(user)],
    ["smtpPassword", onLine(password)],
    ["senderAddress", senderAddress],
  ] as const;
  for (const [setting, text] of texts) {
    if (text.includes('"'))
      return { setting, why: "must not contain a double quote, which the modem does not accept" };
    if (/\p{Cc}/u.test(text.replace(/[\u0080-\u009f]/g, "")))
      return { setting, why: "must not contain line ends or other control characters" };
    if (/[\u0100-\u{10ffff}]/u.test(text)) return { setting, why: "must be written in ASCII" };
  }
  return undefined;
}

/** The bytes of UTF-8, one character each. */
function onLine(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

interface Step {
  readonly setting: MailSetting;
  readonly refused: Meaning;
}

function smtpSettings(pdpContext: number, settings: SmtpSettings, sender: Sender): readonly Step[] {
  const { host, port, security, user, password, tls } = settings;
  const { senderName, senderAddress } = sender;
  // The sender of the settings would hit every mail, that of a message only this one.
  const isUsual = senderName === settings.senderName && senderAddress === settings.senderAddress;
  const lengths = {
    server: `${bytesOf(host)} bytes`,
    account: `${bytesOf(user)} and ${bytesOf(password)} bytes`,
    sender: `sender name of ${bytesOf(senderName)} bytes, address of ${bytesOf(senderAddress)} bytes`,
  };
  return [
    { setting: mailSetting({ key: "contextid", id: pdpContext }), refused: {} },
    { setting: mailSetting({ key: "ssltype", security }), refused: {} },
    ...(security === "none"
      ? []
      : [{ setting: mailSetting({ key: "sslctxid", id: tls.contextId }), refused: {} }]),
    {
      setting: mailSetting({ key: "smtpserver", host, port }),
      refused: { SMTP_PARAMETER: { code: "LIMIT_SERVER", detail: lengths.server } },
    },
    {
      // RFC 4616 section 2: name and password are UTF-8; on the line each byte is a character.
      setting: mailSetting({ key: "account", user: onLine(user), password: onLine(password) }),
      refused: { SMTP_PARAMETER: { code: "LIMIT_CREDENTIALS", detail: lengths.account } },
    },
    {
      setting: mailSetting({ key: "sender", name: senderName, address: senderAddress }),
      refused: {
        SMTP_PARAMETER: {
          code: "LIMIT_ADDRESS",
          detail: lengths.sender,
          class: isUsual ? "setup" : "message",
        },
      },
    },
  ];
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "latin1");
}

/*
 * KnownSettings: what the module is known to hold of its volatile settings, so that only differences are sent.
 *
 * A restart of the module voids everything, and so does any error, because then it is unknown what was taken.
 */

/** A command that sets one thing; `key` tells settings of the same thing apart from others. */
export interface Setting extends Command<void> {
  readonly key: string;
}

/** A module was seen that refused its first settings after a start and took them some seconds later. */
const ATTEMPTS = 5;
const PAUSE_MS = 3_000;

export class KnownSettings {
  private readonly known = new Map<string, string>();
  /** What was applied together last, while all of it is known to hold. */
  private together: string | undefined;
  private epoch: number | undefined;

  constructor(private readonly modem: Pick<Modem, "execute" | "epoch" | "clock">) {}

  /**
   * Runs `apply` unless the same was applied so before and nothing of it was forgotten since.
   *
   * @param name tells what is applied; may hold secrets, and is shown nowhere
   * @param apply resolves with the settings that it has applied
   */
  async applyTogether(name: string, apply: () => Promise<readonly Setting[]>): Promise<void> {
    if (this.together === name && this.epoch === this.modem.epoch) return;
    this.together = undefined;
    const settings = await apply();
    // A refusal or a restart on the way may have voided some of them again.
    if (settings.every((setting) => this.holds(setting))) this.together = name;
  }

  /** Sends a setting if the module is not known to hold it; a refusal is tried again some times. */
  async apply(setting: Setting, signal: AbortSignal): Promise<void> {
    if (this.holds(setting)) return;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send(setting, signal);
        return;
      } catch (error) {
        this.forget();
        if (attempt === ATTEMPTS || !mayPass(error)) throw error;
      }
      await delay(this.modem.clock, PAUSE_MS, signal);
    }
  }

  /**
   * Sends a setting that older firmware does not know, once for each start of the module. A refusal is believed only
   * when it comes twice, because the line may have damaged the command.
   *
   * @returns false when the module refused it, now or before.
   */
  async applyIfKnown(setting: Setting, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; !this.holds(setting); attempt++) {
      if (this.known.get(setting.key) === REFUSED) return false;
      try {
        await this.send(setting, signal);
      } catch (error) {
        if (!isRefusal(error) || isModemError(error, "SMTP_BUSY")) {
          this.forget();
          throw error;
        }
        // A key that the module does not know has changed nothing of the others.
        if (attempt === 2) this.known.set(setting.key, REFUSED);
      }
    }
    return true;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.known.clear();
    this.together = undefined;
  }

  private holds(setting: Setting): boolean {
    if (this.epoch !== this.modem.epoch) this.forget();
    this.epoch = this.modem.epoch;
    return this.known.get(setting.key) === setting.line;
  }

  private async send(setting: Setting, signal: AbortSignal): Promise<void> {
    const { epoch } = this.modem;
    await this.modem.execute(setting, { signal });
    if (epoch === this.modem.epoch) this.known.set(setting.key, setting.line);
  }
}

/** Stands for the command line of a setting that the module does not know; no command line is empty. */
const REFUSED = "";

/** A value out of range stays out of range, and a module that sends a mail does so for minutes. */
function mayPass(error: unknown): boolean {
  return isRefusal(error) && !isModemError(error, "SMTP_PARAMETER") && !isModemError(error, "SMTP_BUSY");
}
