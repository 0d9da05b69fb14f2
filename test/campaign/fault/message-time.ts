/**
 * Holds the virtual time while a message is put into its form, which takes many turns of the event loop and no time.
 *
 * How many pass between two moments depends on what else runs on real sockets; an episode must not. It needs the bundles
 * of the campaign, in which `makeMessage` can be replaced (part-runner.ts).
 */
import * as messages from "../../../lib/mailer/smtp/message";
import type { FastClock } from "../../support/fast-clock";

const { makeMessage } = messages;

let holder: FastClock | undefined;
let isWrapped = false;

/** From now on it is the time of this clock. */
export function holdTimeForMessages(clock: FastClock): void {
  holder = clock;
  if (isWrapped) return;
  isWrapped = true;
  const held: typeof makeMessage = (...parts) => {
    const made = makeMessage(...parts);
    return holder === undefined ? made : holder.busy(made);
  };
  const exported: object = messages;
  Object.assign(exported, { makeMessage: held });
}
