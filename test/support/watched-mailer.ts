/** A mailer whose last mark is remembered, so that a test can ask for a result that was lost. */
import type { Mailer, Mark, Outcome, Transaction } from "../../lib/mailer/mailer";

const TEN_HOURS = 10 * 3600_000;

export function watchedMailer(mailer: Mailer) {
  let last: Mark = { via: "none", data: null };
  return {
    mailer: {
      prepare: async (...call: Parameters<Mailer["prepare"]>): ReturnType<Mailer["prepare"]> => {
        const prepared = await mailer.prepare(...call);
        if (prepared.kind === "prepared") last = prepared.mark;
        return prepared;
      },
    },
    /** That of the mail that was prepared last. */
    mark: (): Mark => last,
    /** Asks for a mail, left out: the one that was prepared last. */
    recover: (one: Transaction, mark = last): Promise<Outcome> =>
      mailer.recover(one, mark, { signal: new AbortController().signal, limitMs: TEN_HOURS }),
  };
}
