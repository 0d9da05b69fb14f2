/**
 * ResultListener: hears results of mails, and does not take the text of a short message for one.
 *
 * Where another program has messages sent to our port (`AT+CNMI=2,2`), a text may read `+QSMTPPUT: 0,0`. No line by
 * itself shows whether it is the module's word or the text's, so from the header of such a text on no result is
 * believed, until the module has answered a question asked after it (`at/line-kind.ts`). What was heard meanwhile is
 * kept as a doubt: while the module is still busy it was no result; once it is not, it may have been one, and only a
 * line that comes later is.
 */
import { bringsText } from "../../at/line-kind";
import { delay } from "../../clock";
import { readPutResult, type PutResult } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import type { ModemState } from "../../quectel/connection/modem-state";

export type ListeningModem = Pick<Modem, "on" | "off">;

/** What had been heard at the moment of a question. */
export interface Mark {
  readonly texts: number;
  readonly doubts: number;
}

export class ResultListener {
  /** The result heard last. */
  result: PutResult | undefined;
  /** Texts that have begun, those of them that are over for sure, and lines in them that read like a result. */
  private texts = 0;
  private endedTexts = 0;
  private doubts = 0;
  private readonly onLine = (line: string): void => {
    if (bringsText(line)) {
      this.texts++;
      this.begun();
      return;
    }
    const result = readPutResult(line);
    if (result === undefined) return;
    if (this.isInText) {
      this.doubts++;
      return;
    }
    this.result = result;
    this.heard();
  };
  /** Texts that had begun when the module was last looked for; undefined once it has been found. */
  private textsBefore: number | undefined;
  private readonly onState = ({ name }: ModemState): void => {
    if (name === "connecting") {
      this.textsBefore = this.texts;
    } else if (name === "registering" || name === "ready") {
      // It has answered, so what was said before is over.
      this.endedTexts = Math.max(this.endedTexts, this.textsBefore ?? 0);
      this.textsBefore = undefined;
      this.back();
    }
  };
  private back: () => void = () => undefined;
  private heard: () => void = () => undefined;
  private begun: () => void = () => undefined;

  constructor(private readonly modem: ListeningModem) {
    modem.on("unsolicited", this.onLine);
    modem.on("state", this.onState);
  }

  /** True while a line may belong to a text of somebody outside. */
  get isInText(): boolean {
    return this.texts > this.endedTexts;
  }

  /** True when a line that came may have been the result, or part of such a text. */
  get isInDoubt(): boolean {
    return this.doubts > 0;
  }

  /** True while a question to the module could clear something up. */
  get isTroubled(): boolean {
    return this.isInText || this.isInDoubt;
  }

  /**
   * Resolves when a result has been heard, a module that went away answers again, or `ms` milliseconds are over; rejects
   * when aborted.
   */
  async within(ms: number, modem: Pick<Modem, "clock">, signal: AbortSignal): Promise<void> {
    if (this.result !== undefined) return;
    const heard = new AbortController();
    this.heard = () => heard.abort();
    this.back = this.heard;
    await delay(modem.clock, ms, signal, heard.signal).catch(() => signal.throwIfAborted());
  }

  /** Resolves when a text begins or may still go on, when there is a doubt, or after `ms` milliseconds; rejects when aborted. */
  async trouble(ms: number, modem: Pick<Modem, "clock">, signal: AbortSignal): Promise<void> {
    if (this.isTroubled) return;
    const begun = new AbortController();
    this.begun = () => begun.abort();
    await delay(modem.clock, ms, signal, begun.signal).catch(() => signal.throwIfAborted());
  }

  /** To be taken before a question is written. */
  mark(): Mark {
    const { texts, doubts } = this;
    return { texts, doubts };
  }

  /** False when a text has begun since `mark`: it may have answered in the place of the module. */
  isUndisturbedSince({ texts }: Mark): boolean {
    return this.texts === texts;
  }

  /** The module has answered the question: texts begun before are over; while it was busy, no result had come. */
  answered({ texts, doubts }: Mark, wasBusy: boolean): void {
    this.endedTexts = texts;
    if (wasBusy) this.doubts -= doubts;
  }

  /** Results heard so far belong to nobody any more. */
  forget(): void {
    this.result = undefined;
    this.doubts = 0;
  }

  close(): void {
    this.modem.off("unsolicited", this.onLine);
    this.modem.off("state", this.onState);
  }
}
