/**
 * SMTP settings: which QSMTPCFG keys a mail needs, and what it means when the module refuses one.
 *
 * Sent through `KnownSettings`, so a second mail with the same settings sends none. `bodyoriginal` belongs to the
 * text of a mail (`text-coding.ts`), the keys of the SSL context to `tls.ts`.
 */
import type { MailTransaction } from "./compose/mail-transaction";
import {
  setAccount,
  setContext,
  setSecurity,
  setSender,
  setServer,
  setSslContext,
  type MailSetting,
} from "../../quectel/commands/smtp";
import type { KnownSettings } from "./known-settings";
import { ModemError } from "../../errors";
import type { SmtpSettings } from "../../quectel/settings";
import { atStage, confirmed, type Meaning } from "./stage-error";

export type Sender = Pick<MailTransaction, "senderName" | "senderAddress">;

/** Makes the module hold the settings of server, account and sender; rejects with stage `settings`. */
export async function applySmtpSettings(
  known: KnownSettings,
  pdpContext: number,
  settings: SmtpSettings,
  sender: Sender,
  signal: AbortSignal,
): Promise<void> {
  const fault = unusableSetting(settings);
  if (fault !== undefined) {
    // It would hit every mail and is no fault of this one.
    const detail = `${fault.setting} ${fault.why}`;
    throw new ModemError("INVALID_CONFIG", { stage: "settings", class: "setup", detail });
  }
  const steps = smtpSettings(pdpContext, settings, sender);
  // A setting that was taken only after a refusal voids those before it; the second pass sends them again.
  for (const { setting, refused } of [...steps, ...steps]) {
    await atStage("settings", () => confirmed(() => known.apply(setting, signal)), refused);
  }
}

/** A setting that the module's client cannot be given, by its name in the modem's dialog. */
export interface UnusableSetting {
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
      return { setting, why: "must not hold a double quote, which the modem cannot be given" };
    if (/\p{Cc}/u.test(text.replace(/[\u0080-\u009f]/g, "")))
      return { setting, why: "must not hold line ends or other control characters" };
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
  return [
    { setting: setContext(pdpContext), refused: {} },
    { setting: setSecurity(security), refused: {} },
    ...(security === "none" ? [] : [{ setting: setSslContext(tls.contextId), refused: {} }]),
    {
      setting: setServer(host, port),
      refused: refusedAs("LIMIT_SERVER", `${bytesOf(host)} bytes`),
    },
    {
      // RFC 4616 section 2: name and password are UTF-8; on the line each byte is a character.
      setting: setAccount(onLine(user), onLine(password)),
      refused: refusedAs("LIMIT_CREDENTIALS", `${bytesOf(user)} and ${bytesOf(password)} bytes`),
    },
    {
      setting: setSender(sender.senderName, sender.senderAddress),
      refused: senderRefused(settings, sender),
    },
  ];
}

/** The sender of the settings would hit every mail, that of a message only this one. */
function senderRefused(settings: SmtpSettings, sender: Sender): Meaning {
  const { senderName, senderAddress } = sender;
  const detail = `sender name of ${bytesOf(senderName)} bytes, address of ${bytesOf(senderAddress)} bytes`;
  const isUsual = senderName === settings.senderName && senderAddress === settings.senderAddress;
  return {
    SMTP_PARAMETER: { code: "LIMIT_ADDRESS", detail, class: isUsual ? "setup" : "message" },
  };
}

function refusedAs(code: "LIMIT_SERVER" | "LIMIT_CREDENTIALS", detail: string): Meaning {
  return { SMTP_PARAMETER: { code, detail } };
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "latin1");
}
