/**
 * What a firmware lacks or does in an order that nobody expects (fact base, real modules 5, 13). No switches: set by
 * tests and fault plans, because a mail can be lost to each of them.
 */
import { stateKey } from "../device/device";

interface Gaps {
  /** The result line of QSMTPPUT comes in front of OK, and the command takes as long as the mail. */
  resultBeforeOk: boolean;
}

export const gaps = stateKey<Gaps>("world", "gaps of the firmware", () => ({
  resultBeforeOk: false,
}));
