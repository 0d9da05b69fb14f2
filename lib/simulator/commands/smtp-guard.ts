/** What all QSMTP commands have in common: 652 while the client is busy, 664 for whatever is wrong in the line. */
import { cme, type CommandHandler, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { quotedText, type Parameter } from "../device/parameters";
import { smtpError } from "../delivery/smtp-codes";
import { smtpClient } from "../delivery/smtp-state";

export const wrongParameter: FinalResult = cme(smtpError.parameter);

/** The handler, or 652 while a body is taken or a mail is in flight; some firmware lets settings through. */
export function whenIdle(handler: CommandHandler): CommandHandler {
  return (context) => {
    const isRefused = context.modem.variants["busy-commands"] === "all" || startsWork.has(context.name);
    const isBusy = smtpClient(context.modem).activity !== "idle";
    return isBusy && isRefused ? cme(smtpError.busy) : handler(context);
  };
}

/** Commands that make the client busy themselves. */
const startsWork: ReadonlySet<string> = new Set(["+QSMTPPUT", "+QSMTPBODY"]);

/** A quoted string of at most the length this firmware takes for names and addresses, or undefined. */
export function limitedText(modem: Device, parameter: Parameter | undefined): string | undefined {
  const text = quotedText(parameter);
  if (text === undefined || text.length > Number(modem.variants["smtp-string-limit"])) return undefined;
  return text;
}
