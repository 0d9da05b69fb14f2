/**
 * What a firmware lacks or does in an order that nobody expects (fact base, real modules 5, 13). No switches: set by
 * tests and fault plans, because a mail can be lost to each of them.
 */
import { stateKey } from "../device/device";

interface Gaps {
  /** What commands get that name the storage `RAM:` where it is missing. */
  ramStorage: "present" | "406" | "400" | "error" | "3";
  /** The result line of QSMTPPUT comes in front of OK, and the command takes as long as the mail. */
  resultBeforeOk: boolean;
}

export const gaps = stateKey<Gaps>("world", "gaps of the firmware", () => ({
  ramStorage: "present",
  resultBeforeOk: false,
}));
