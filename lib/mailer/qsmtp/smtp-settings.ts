/**
 * SMTP settings: which QSMTPCFG keys a mail needs, and what it means when the module refuses one.
 *
 * Sent through `KnownSettings`, so a second mail with the same settings sends none. `bodyoriginal` belongs to the
 * text of a mail (`text-coding.ts`), the keys of the SSL context to `tls.ts`.
 */
import type { MailTransaction } from "./compose/mail-transaction";
import { type MailSetting, mailSetting } from "../../quectel/commands/smtp";
import { ModemError } from "../../errors";
import type { SmtpSettings } from "../../quectel/settings";
import { atStage, confirmed, type KnownSettings, type Meaning, type Setting } from "./guarded-modem";

type Sender = Pick<MailTransaction, "senderName" | "senderAddress">;

/**
 * Makes the module hold the settings of server, account and sender, and resolves with these; rejects with stage `settings`.
 */
export async function applySmtpSettings(
  known: KnownSettings,
  pdpContext: number,
  settings: SmtpSettings,
  { senderName, senderAddress }: Sender,
  signal: AbortSignal,
): Promise<readonly Setting[]> {
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
