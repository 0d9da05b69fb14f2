/**
 * Filling: the module's one mail is cleared and given recipients, subject, body and attachments, in this order.
 *
 * Texts come here already in the form of the line (`text-coding.ts`), attachments already lie in the module
 * (`files/file-store.ts`). What the module refuses becomes the error of the part that it refused.
 */
import { isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import {
  type CharsetName,
  addRecipient,
  attachFile,
  clearMail,
  queryRecipients,
  sendBody,
  setSubject,
} from "../../quectel/commands/smtp";
import { ifRefused } from "../../quectel/execute";
import { inputSeconds } from "../../quectel/connection/line-source";
import type { Modem } from "../../quectel/connection/modem";
import { atStage, confirmed, type Meaning, type Stage } from "./stage-error";
import type { Command } from "../../at/command";

type FilledModem = Pick<Modem, "execute" | "line">;

/** A mail in the form of the line. */
export interface CodedMail {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** One character per byte. */
  readonly subject: { readonly charset: CharsetName; readonly text: string };
  /** Empty: the mail has a subject only. */
  readonly body: { readonly charset: CharsetName; readonly bytes: Buffer };
  /** In place of `body` where the module refuses its coding. */
  readonly plainBody: CodedMail["body"] | undefined;
}

/** Clears the module's mail; rejects with `SMTP_BUSY` while it sends another. */
export async function clear(modem: FilledModem, signal: AbortSignal): Promise<void> {
  await atStage("clear", () => modem.execute(clearMail(), { signal }));
}

/** Recipients and subject. */
export async function fillHeader(modem: FilledModem, mail: CodedMail, signal: AbortSignal): Promise<void> {
  await fillRecipients(modem, mail, signal);
  const { charset, text } = mail.subject;
  await give(modem, "subject", () => setSubject(charset, text), signal, {
    SMTP_PARAMETER: { code: "LIMIT_SUBJECT", detail: `${text.length} bytes on the line` },
  });
}

/**
 * All recipients; read back where some may be missing or wrong: several, of which a restart that nobody saw may have
 * swallowed the first, and a serial line, which has no checksum: noise makes another address of one, also under flow
 * control.
 */
async function fillRecipients(modem: FilledModem, mail: CodedMail, signal: AbortSignal): Promise<void> {
  const wanted = [...mail.to, ...mail.cc, ...mail.bcc];
  for (let attempt = 1; ; attempt++) {
    for (const type of ["to", "cc", "bcc"] as const) {
      for (const address of mail[type]) {
        await give(modem, "recipients", () => addRecipient(type, address), signal, {
          SMTP_PARAMETER: { code: "LIMIT_ADDRESS", detail: `${address}, ${address.length} bytes` },
          // What the module says to one recipient more than its list holds.
          SMTP_NO_MEMORY: { code: "LIMIT_RECIPIENTS" },
        });
      }
    }
    if (wanted.length === 1 && modem.line.bitRate === undefined) return;
    const held = await atStage("recipients", () =>
      ifRefused(modem.execute(queryRecipients(), { signal }), async () => wanted),
    );
    if (areSame(held, wanted)) return;
    // Twice nothing that reads as an address: this module lists them in no known form, and says 659 where it has none.
    if (attempt === 2 && !hasAddresses(held)) return;
    if (attempt === 2)
      throw new ModemError("MODEM_OUT_OF_SYNC", { ...WRONG_RECIPIENTS, stage: "recipients" });
    await clear(modem, signal);
  }
}

/** A command with a value; what its refusal means is that of the stage. */
async function give(
  modem: FilledModem,
  stage: Stage,
  command: () => Command<void>,
  signal: AbortSignal,
  meaning: Meaning,
): Promise<void> {
  await atStage(stage, () => confirmed(() => modem.execute(command(), { signal })), meaning);
}

/** The body, or the plain one where the module refuses the coding of the first; true for the first. */
export async function fillBody(
  modem: FilledModem,
  { body, plainBody }: Pick<CodedMail, "body" | "plainBody">,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<boolean> {
  try {
    await giveBody(modem, body, signal, onProgress);
    return true;
  } catch (error) {
    if (plainBody === undefined || !isModemError(error, "SMTP_PARAMETER")) throw error;
    await giveBody(modem, plainBody, signal, onProgress);
    return false;
  }
}

/** In data mode; one that did not arrive whole is sent once more. */
async function giveBody(
  modem: FilledModem,
  body: CodedMail["body"],
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  if (body.bytes.length === 0) return;
  const command = sendBody({
    charset: body.charset,
    size: body.bytes.length,
    seconds: inputSeconds(body.bytes.length, modem.line),
    source: body.bytes,
  });
  await atStage("body", async () => {
    for (let attempt = 1; ; attempt++) {
      const taken = await confirmed(() => modem.execute(command, { signal, onProgress }));
      if (taken === body.bytes.length) return;
      const detail = `${taken} of ${body.bytes.length} bytes arrived`;
      if (attempt === 2) throw new ModemError("MODEM_TIMEOUT", { detail, hint: SPECIAL_HINTS.lostBytes });
    }
  });
}

/** Attaches files of the module in their order. */
export async function attach(
  modem: FilledModem,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const [position, name] of names.entries()) {
    await give(modem, "attachments", () => attachFile(position + 1, name), signal, {
      SMTP_PARAMETER:
        position === 0
          ? { code: "LIMIT_FILE_NAME", detail: name }
          : { code: "LIMIT_ATTACHMENTS", detail: `the module refused number ${position + 1}` },
    });
  }
}

const WRONG_RECIPIENTS = {
  detail: "it holds other recipients than it was given",
  hint: SPECIAL_HINTS.lostBytes,
} as const;

/** What two lists of the same addresses have in common. */
export function comparable(addresses: readonly string[]): readonly string[] {
  return addresses.map((address) => address.toLowerCase()).sort();
}

/** True for the same addresses. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  return comparable(some).join("\n") === comparable(others).join("\n");
}

/** False for a list in no known form, which tells nothing. */
export function hasAddresses(listed: readonly string[]): boolean {
  return listed.some((address) => address.includes("@"));
}
