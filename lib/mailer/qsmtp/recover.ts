/**
 * Recovering: what became of a mail that was put in flight and whose result was not seen.
 *
 * The module's next result may be that of another mail: it answers only if the module was busy from the first question
 * on and afterwards shows the recipients and the subject of this transaction. Everything else is unknown, at once where
 * nothing more can be learnt, because other mails wait meanwhile. Wants the mail lock.
 */
import { ModemError } from "../../errors";
import type { PutResult } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { moduleHash } from "../../quectel/connection/mail-lock";
import type { ModuleRecovery } from "../../quectel/recovery/module-recovery";
import type { Mark, Outcome, RecoverOptions, Transaction } from "../mailer";
import type { BusyWatch } from "./busy-watch";
import { unknownOutcome } from "./compose/envelopes";
import { mailState, ResultListener, runningMailResult } from "./put";
import { readMark, resultUnknown, shownNow, type TestMailCount } from "./result";

export interface RecoverWork {
  readonly modem: Modem;
  readonly recovery: ModuleRecovery;
  readonly testMails: TestMailCount;
  readonly busy: BusyWatch;
}

/** Rejects with what ended the dialogue, or when aborted: then the question may be asked again. */
export async function recoverOutcome(
  { modem, recovery, testMails, busy }: RecoverWork,
  { envelope }: Transaction,
  mark: Mark,
  { signal, limitMs }: RecoverOptions,
  conclude: (result: PutResult) => Promise<Outcome>,
): Promise<Outcome> {
  const lost = (why: string): Outcome => unknownOutcome(envelope, resultUnknown(undefined, why), false);
  const ours = readMark(mark);
  if (ours === undefined) return lost("its record cannot be read");
  const listener = new ResultListener(modem);
  try {
    const state = await mailState(modem, signal);
    if (state === "absent") throw new ModemError("MODEM_SILENT");
    if (moduleHash(modem.identity?.imei) !== ours.module) return lost("another module is connected now");
    if ((await testMails.now()) !== ours.testMails) return lost("a test mail was sent meanwhile");
    if (state === "free") return lost("the module is no longer busy and said nothing");
    const result = await runningMailResult(modem, listener, limitMs, signal);
    if (result === undefined) {
      if ((await mailState(modem, signal)) !== "sending")
        return lost("the module is no longer busy and said nothing");
      const { restartDue } = await recovery.outlook();
      if (restartDue) await recovery.restart(signal);
      else busy.begin();
      return lost("the module was busy with it to the end of its time");
    }
    if ((await shownNow(modem, signal)) !== ours.shows) return lost("the module sent another mail meanwhile");
    return await conclude(result);
  } finally {
    listener.close();
  }
}
