/**
 * ReadableCodings: which codings of text a person has read in a test mail, for each firmware of a module.
 *
 * No answer of the module proves that its client carries letters beyond ASCII to a reader; only who has the mail sees it.
 * What was seen is kept with the notes of the modem. It changes nothing about how text is written, see `text-coding.ts`;
 * it says that what is written so arrives.
 */
import { readJson, type KeyValueStore } from "../../quectel/key-value-store";
import type { CharsetName } from "../../quectel/commands/smtp";
import type { SmtpSettings } from "../../quectel/settings";
import type { TextSupport } from "./compose/mail-transaction";

/** What the form of a text depends on. */
export interface Circumstances {
  readonly model: string;
  readonly firmware: string;
  /** As it was chosen in the settings. */
  readonly encoding: SmtpSettings["encoding"];
  readonly charset: CharsetName;
}

/** How the text of a mail was written, and by what. */
export interface WrittenCoding extends Circumstances, TextSupport {}

const STORE_KEY = "readable-codings";
/** A modem whose module is changed now and then needs no more. */
const MOST = 20;

export class ReadableCodings {
  constructor(private readonly store: KeyValueStore) {}

  /** Keeps what a person has said of a mail written so, in place of what was said before. Rejects as the store does. */
  async judge(coding: WrittenCoding, isReadable: boolean): Promise<void> {
    // Nothing of such a mail was in question.
    if (coding.charset === "ascii") return;
    const others = (await this.list()).filter((one) => !areSame(one, coding));
    const kept = isReadable ? [...others, coding] : others;
    await this.store.write(STORE_KEY, JSON.stringify(kept.slice(-MOST)));
  }

  /** What was read of mails by this firmware with these settings; undefined for none, or where the file cannot be read. */
  async find(wanted: Circumstances): Promise<WrittenCoding | undefined> {
    const known = await this.list().catch(() => []);
    return known.find((one) => areSame(one, wanted));
  }

  private async list(): Promise<readonly WrittenCoding[]> {
    return (await readJson(this.store, STORE_KEY, isList)) ?? [];
  }
}

function areSame(a: Circumstances, b: Circumstances): boolean {
  return (
    a.model === b.model && a.firmware === b.firmware && a.encoding === b.encoding && a.charset === b.charset
  );
}

const ENCODINGS: ReadonlySet<unknown> = new Set(["auto", "raw", "hex"] satisfies SmtpSettings["encoding"][]);
const CHARSETS: ReadonlySet<unknown> = new Set(["utf-8", "gb2312", "big5"] satisfies CharsetName[]);
const FORMS: ReadonlySet<unknown> = new Set(["raw", "hex", "unknown"] satisfies TextSupport["body"][]);

function isList(value: unknown): value is readonly WrittenCoding[] {
  return Array.isArray(value) && value.every(isWrittenCoding);
}

function isWrittenCoding(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { model, firmware, encoding, charset, subject, body } = value as Partial<
    Record<keyof WrittenCoding, unknown>
  >;
  return (
    typeof model === "string" &&
    typeof firmware === "string" &&
    ENCODINGS.has(encoding) &&
    CHARSETS.has(charset) &&
    FORMS.has(subject) &&
    FORMS.has(body)
  );
}
