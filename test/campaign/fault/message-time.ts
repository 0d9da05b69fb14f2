/**
 * Holds the virtual time while a message is put into its form, which takes many turns of the event loop and no time.
 *
 * How many pass between two moments depends on what else runs on real sockets; an episode must not.
 */
import { makeMessage } from "../../../lib/mailer/smtp/message";
import type { FastClock } from "../../support/fast-clock";
import { replace } from "./replace";

let holder: FastClock | undefined;
let isWrapped = false;

/** From now on it is the time of this clock. */
export function holdTimeForMessages(clock: FastClock): void {
  holder = clock;
  if (isWrapped) return;
  isWrapped = true;
  const make = makeMessage;
  const held: typeof makeMessage = (...parts) => {
    const made = make(...parts);
    return holder === undefined ? made : holder.busy(made);
  };
  replace("lib/mailer/smtp/message.ts", { makeMessage: held });
}
