/**
 * TextCoding: how this module takes text that is not ASCII, found out once per module and firmware.
 *
 * The manual names the charsets and is silent on how their bytes are written: as they are, or as hex digits. So a
 * subject that reads as both is set and read back. The body cannot be read back; it is certain only where
 * `bodyoriginal` exists, which says that the bytes are taken as they are. Else it is written as the subject is, and its
 * whole text goes as a file too.
 */
import { isModemError, ModemError } from "../../errors";
import type { CharsetWish } from "./compose/coded-text";
import { bodyCoding } from "./compose/coded-text";
import type { CodedText, TextSupport } from "./compose/mail-transaction";
import {
  BODY_LENGTH,
  clearMail,
  listSettings,
  querySubject,
  setSubject,
  mailSetting,
  type CharsetName,
  type MailSetting,
} from "../../quectel/commands/smtp";
import { ifRefused, isRefusal } from "../../quectel/execute";
import { ReadableCodings, type Circumstances, type WrittenCoding } from "./readable-codings";
import type { Modem } from "../../quectel/connection/modem";
import { readJson, type KeyValueStore } from "../../quectel/key-value-store";
import type { SmtpSettings } from "../../quectel/settings";
import { confirmed, type KnownSettings } from "./guarded-modem";

/** What was found out about a module. */
interface Finding {
  readonly model: string;
  readonly firmware: string;
  readonly subject: TextSupport["subject"];
  /** The setting `bodyoriginal` exists. */
  readonly original: boolean;
}

/** Hex digits of "ä" in UTF-8, and four letters: a module that takes hex gives them back in upper case. */
const PROBE = "c3a4";
const STORE_KEY = "text-coding";
const NOTHING = "null";

export class TextCoding {
  private found: Finding | undefined;
  /** An answer that may be due to a damaged line or a busy start of the module; it is asked again after the next start. */
  private doubtful: { readonly epoch: number; readonly finding: Finding } | undefined;

  constructor(
    private readonly modem: Pick<Modem, "identity" | "epoch">,
    private readonly guarded: Pick<Modem, "execute">,
    private readonly known: KnownSettings,
    private readonly store: KeyValueStore,
    private readonly encoding: SmtpSettings["encoding"],
  ) {}

  /** What is known without asking the module; undefined when it has to be asked. */
  async remembered(): Promise<TextSupport | undefined> {
    const finding = await this.recall();
    return finding === undefined ? undefined : this.support(finding);
  }

  /** Asks the module where nothing is known yet; clears its mail, so the mail lock is to be held. */
  async find(signal: AbortSignal): Promise<TextSupport> {
    const finding = (await this.recall()) ?? (await this.ask(signal));
    return this.support(finding);
  }

  /** Makes the module take bodies as `support` says; to be called before a body that is not ASCII. */
  async prepareBody(signal: AbortSignal): Promise<void> {
    const finding = (await this.recall()) ?? (await this.ask(signal));
    if (!finding.original) return;
    const setting = this.bodySetting();
    try {
      await confirmed(() => this.known.apply(setting, signal));
    } catch (error) {
      if (!isRefusal(error) || isModemError(error, "SMTP_BUSY")) throw error;
      // The text was coded for a module that takes it so; the next try begins with what the module says now.
      await this.store.write(STORE_KEY, NOTHING);
      this.found = undefined;
      throw new ModemError("MODEM_NOT_READY", {
        cause: error,
        detail: "it refuses a setting that it accepted before",
      });
    }
  }

  /** How text of this charset is written now; undefined where the module has not been asked. */
  async written(charset: CharsetName): Promise<WrittenCoding | undefined> {
    const support = await this.remembered();
    return support === undefined ? undefined : { ...this.circumstances(charset), ...support };
  }

  /** What a person has read of this charset, unless it is written in another way now; undefined: nothing is certain. */
  async readable(wish: CharsetWish): Promise<WrittenCoding | undefined> {
    const charset = wish === "auto" ? "utf-8" : wish;
    const read = await new ReadableCodings(this.store).find(this.circumstances(charset));
    const now = await this.remembered();
    const isOther = now !== undefined && (now.subject !== read?.subject || now.body !== read.body);
    return isOther ? undefined : read;
  }

  private circumstances(charset: CharsetName): Circumstances {
    const { model = "", firmware = "" } = this.modem.identity ?? {};
    return { model, firmware, encoding: this.encoding, charset };
  }

  private bodySetting(): MailSetting {
    return mailSetting({ key: "bodyoriginal", original: this.encoding !== "hex" });
  }

  private support({ subject, original }: Finding): TextSupport {
    const { encoding } = this;
    if (encoding !== "auto") return { subject: encoding, body: encoding };
    return { subject, body: original ? "raw" : "unknown" };
  }

  private async recall(): Promise<Finding | undefined> {
    const { identity } = this.modem;
    if (identity === undefined) return undefined;
    this.found ??= await readJson(this.store, STORE_KEY, isFinding);
    if (this.found?.model === identity.model && this.found.firmware === identity.firmware) return this.found;
    return this.doubtful?.epoch === this.modem.epoch ? this.doubtful.finding : undefined;
  }

  private async ask(signal: AbortSignal): Promise<Finding> {
    const { model = "", firmware = "" } = this.modem.identity ?? {};
    await this.guarded.execute(clearMail(), { signal });
    const subject = await this.askSubject(signal);
    const original = await this.known.applyIfKnown(this.bodySetting(), signal);
    const isDoubtful = subject === "unknown" || (!original && (await this.listsOriginal(signal)));
    await this.guarded.execute(clearMail(), { signal });
    const finding: Finding = { model, firmware, subject, original };
    if (isDoubtful) {
      this.doubtful = { epoch: this.modem.epoch, finding };
    } else {
      this.found = finding;
      await this.store.write(STORE_KEY, JSON.stringify(finding));
    }
    return finding;
  }

  /** True where the module lists the setting, so that it must know it although it has refused it. */
  private async listsOriginal(signal: AbortSignal): Promise<boolean> {
    const listed = await ifRefused<readonly string[]>(
      this.guarded.execute(listSettings(), { signal }),
      async () => [],
    );
    return listed.some((key) => key.toLowerCase() === "bodyoriginal");
  }

  /** One refusal is not believed: it would fold all text to ASCII until the next start of the module. */
  private async askSubject(signal: AbortSignal, triesLeft = 1): Promise<TextSupport["subject"]> {
    try {
      await this.guarded.execute(setSubject("utf-8", PROBE), { signal });
      return readProbe(await this.guarded.execute(querySubject(), { signal }));
    } catch (error) {
      if (!isRefusal(error) || isModemError(error, "SMTP_BUSY")) throw error;
      // A module that does not take the charset at all has answered the question too.
      return triesLeft > 0 ? this.askSubject(signal, triesLeft - 1) : "unknown";
    }
  }
}

/** What the subject read back says. */
export function readProbe(text: string | undefined): TextSupport["subject"] {
  if (text === PROBE) return "raw";
  return text === PROBE.toUpperCase() ? "hex" : "unknown";
}

/**
 * The subject as it stands between the quotes, one character per byte.
 *
 * @throws ModemError `INVALID_SUBJECT` for text that this module cannot take for certain.
 */
export function codedSubject({ charset, bytes }: CodedText, support: TextSupport): string {
  return coded({ charset, bytes }, support.subject, "INVALID_SUBJECT").toString("latin1");
}

/**
 * The bytes of the body as they go to the module.
 *
 * @throws ModemError `INVALID_BODY` for text that this module cannot take for certain, `LIMIT_BODY` for more than
 * 10240 bytes in the coded form.
 */
export function codedBody(body: CodedText, support: TextSupport): Buffer {
  const bytes = coded(body, bodyCoding(support), "INVALID_BODY");
  if (bytes.length > BODY_LENGTH.max) throw new ModemError("LIMIT_BODY", { detail: `${bytes.length} bytes` });
  return bytes;
}

function coded(
  { charset, bytes }: CodedText,
  coding: "raw" | "hex" | "unknown",
  code: "INVALID_SUBJECT" | "INVALID_BODY",
): Buffer {
  if (charset === "ascii") return bytes;
  switch (coding) {
    case "raw":
      return bytes;
    case "hex":
      return Buffer.from(bytes.toString("hex").toUpperCase(), "latin1");
    case "unknown":
      throw new ModemError(code, { detail: `this module is not known to support ${charset} text` });
  }
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== "object" || value === null) return false;
  const { model, firmware, subject, original } = value as Partial<Record<keyof Finding, unknown>>;
  return (
    typeof model === "string" &&
    typeof firmware === "string" &&
    typeof original === "boolean" &&
    (subject === "raw" || subject === "hex" || subject === "unknown")
  );
}
