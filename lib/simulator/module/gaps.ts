/**
 * What a firmware lacks or does in an order that nobody expects (fact base, real modules 5, 6, 13), and
 * what Quectel's RTOS family was seen to do to a mail (fact base, mail client). No switches: set by tests
 * and fault plans, because a mail can be lost to each of them.
 */
import { stateKey } from "../device/device";

interface Gaps {
  /** What commands get that name the storage `RAM:` where it is missing. */
  ramStorage: "present" | "406" | "400" | "error" | "3";
  /** QFOPEN and its like are known. */
  fileHandles: boolean;
  /** The result line of QSMTPPUT comes in front of OK, and the command takes as long as the mail. */
  resultBeforeOk: boolean;
  /** Each block of 3072 bytes of a body repeats the first. */
  bodyRepeats: boolean;
  /** A subject as long as it may be gives an empty mail, and success. */
  fullSubjectEmpties: boolean;
  /** An attachment that is empty or no longer there gives an empty mail, and 682. */
  badAttachmentEmpties: boolean;
}

export const gaps = stateKey<Gaps>("world", "gaps of the firmware", () => ({
  ramStorage: "present",
  fileHandles: true,
  resultBeforeOk: false,
  bodyRepeats: false,
  fullSubjectEmpties: false,
  badAttachmentEmpties: false,
}));
