/**
 * SMTP settings: which QSMTPCFG keys a mail needs, and what it means when the module refuses one.
 *
 * Sent through `KnownSettings`, so a second mail with the same settings sends none. `bodyoriginal` belongs to the
 * text of a mail (`text-coding.ts`), the keys of the SSL context to `tls.ts`.
 */
import type { MailTransaction } from "./carrier";
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
  const steps = smtpSettings(pdpContext, settings, sender);
  // A setting that was taken only after a refusal voids those before it; the second pass sends them again.
  for (const { setting, refused } of [...steps, ...steps]) {
    await atStage("settings", () => confirmed(() => known.apply(setting, signal)), refused);
  }
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
      setting: setAccount(user, password),
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
