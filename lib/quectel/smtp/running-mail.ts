/**
 * A mail that the module may still be sending for somebody: is it, and what became of it?
 *
 * Every SMTP command is answered by 652 meanwhile; so one that changes nothing is asked again and again.
 */
import { delay } from "../../clock";
import { isModemError } from "../../errors";
import { queryRecipients, readPutResult, type PutResult } from "../commands/smtp";
import type { Modem } from "../connection/modem";

type ListeningModem = Pick<Modem, "on" | "off">;
export type AskedModem = Pick<Modem, "execute" | "clock">;

/** Hears results of mails over reconnects, which end every waiter. */
export class ResultListener {
  /** The result heard last. */
  result: PutResult | undefined;
  private readonly onLine = (line: string): void => {
    const result = readPutResult(line);
    if (result === undefined) return;
    this.result = result;
    this.heard();
  };
  private heard: () => void = () => undefined;

  constructor(private readonly modem: ListeningModem) {
    modem.on("unsolicited", this.onLine);
  }

  /** Resolves when a result has been heard or `ms` milliseconds are over; rejects when aborted. */
  async within(ms: number, modem: Pick<Modem, "clock">, signal: AbortSignal): Promise<void> {
    if (this.result !== undefined) return;
    const heard = new AbortController();
    this.heard = () => heard.abort();
    await delay(modem.clock, ms, signal, heard.signal).catch(() => signal.throwIfAborted());
  }

  /** Results heard so far belong to nobody any more. */
  forget(): void {
    this.result = undefined;
  }

  close(): void {
    this.modem.off("unsolicited", this.onLine);
  }
}

/** Milliseconds between two questions, and for a result that comes right after the module has become free. */
const POLL = 5_000;
const GRACE = 2_000;
/** Milliseconds for a result of a module that never said it was busy: only of QSMTPPUT is it certain that it says so. */
const DOUBT = 30_000;

/**
 * The result of the mail that is running; undefined when none runs (any more), or after `limit` milliseconds.
 *
 * Rejects only when aborted.
 */
export async function runningMailResult(
  modem: AskedModem,
  listener: ResultListener,
  limit: number,
  signal: AbortSignal,
): Promise<PutResult | undefined> {
  const end = modem.clock.now() + limit;
  let grace = DOUBT;
  while (listener.result === undefined && modem.clock.now() < end) {
    const state = await mailState(modem, signal);
    if (state === "sending") grace = GRACE;
    await listener.within(state === "free" ? grace : POLL, modem, signal);
    if (state === "free") break;
  }
  return listener.result;
}

/** `sending`: the module works on a mail. `free`: it does not. `absent`: it does not answer now. */
export async function mailState(
  modem: AskedModem,
  signal: AbortSignal,
): Promise<"sending" | "free" | "absent"> {
  try {
    await modem.execute(queryRecipients(), { signal });
    return "free";
  } catch (error) {
    signal.throwIfAborted();
    if (isModemError(error, "SMTP_BUSY")) return "sending";
    // A plain ERROR is what a module says whose mail client has not started yet.
    return isModemError(error) && error.modemCode !== undefined ? "free" : "absent";
  }
}
