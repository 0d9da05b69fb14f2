/** Hostile settings of a modem: each is refused by its name, or a mail goes its way by known command lines. */
import { isModemError } from "../../../lib/errors";
import { memoryRig } from "../../support/memory-rig";
import { mail } from "../../e2e/transaction/mail-rig";
import { readModemSettings, type ModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";
import { anyText, anyValue } from "./values";

const NAMES = [
  "name",
  "transport",
  "serialPort",
  "baudRate",
  "flowControl",
  "dtr",
  "rts",
  "tcpHost",
  "tcpPort",
  "contextId",
  "apn",
  "apnAuth",
  "ipType",
  "shared",
  "idleMinutes",
  "allowReset",
  "smtpHost",
  "smtpPort",
  "smtpSecurity",
  "senderName",
  "senderAddress",
  "allowFrom",
  "tlsVerify",
  "tlsRoot",
  "tlsCa",
  "tlsContextId",
  "encoding",
  "charset",
  "bccMode",
  "sendTimeout",
  "maxAge",
  "maxQueued",
  "maxSpoolMB",
  "keepFailedDays",
  "ratePerHour",
  "lateNote",
  "version",
] as const;
const CREDENTIALS = ["simPin", "apnUser", "apnPassword", "smtpUser", "smtpPassword"] as const;

/** Tries one set of settings. */
export async function trySettings(dice: Dice, found: Findings, where: string): Promise<void> {
  const raw: Record<string, unknown> = {
    transport: "simulator",
    smtpHost: "mail.example.com",
    smtpPort: "25",
    smtpSecurity: "none",
    senderAddress: "pump7@example.com",
    version: 1,
  };
  const credentials: Record<string, string> = {};
  for (let count = dice.between(1, 3); count > 0; count--)
    raw[dice.pick(NAMES)] = dice.hit(0.7) ? anyText(dice) : anyValue(dice);
  if (dice.hit(0.6)) credentials[dice.pick(CREDENTIALS)] = anyText(dice);
  if (credentials["apnUser"] !== undefined || credentials["apnPassword"] !== undefined) {
    raw["apn"] = "iot.example";
    raw["apnAuth"] = "pap";
  }
  let settings: ModemSettings;
  try {
    settings = readModemSettings(raw, credentials);
  } catch (error) {
    found.expectError(error, /^(INVALID|LIMIT)_/, where);
    return;
  }
  await sendWith(settings, found, where);
}

/** A mail with these settings ends, sent or not, by known lines alone. */
async function sendWith({ network, smtp }: ModemSettings, found: Findings, where: string): Promise<void> {
  const rig = memoryRig({ network, smtp });
  const { modem, clock, module } = rig;
  modem.acquire();
  await clock
    .run(() => modem.state.name === "ready" || "error" in modem.state, 600_000)
    .catch(() => undefined);
  const letter = mail({ subject: "alarm" });
  try {
    await rig.sendNow(letter, {}, 24 * 3600_000);
  } catch (error) {
    if (!isModemError(error))
      found.add(/condition not met/.test(String(error)) ? "stuck" : "escaped", where, String(error));
  }
  found.checkLines(module.log.lines(), where);
  await rig.close();
}
