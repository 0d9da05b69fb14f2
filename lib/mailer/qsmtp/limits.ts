/**
 * The limits of the module's own mail client, in one table.
 *
 * The marks of the fact base say how sure each is. What exceeds an A is mended or refused before the first byte; what
 * exceeds a B or C is warned about or kept away from where that costs nothing, and the module decides.
 */
import { BODY_LENGTH } from "../../quectel/commands/smtp";

export const LIMITS = {
  /** A: bytes of a body as QSMTPBODY counts them. */
  bodyBytes: BODY_LENGTH.max,
  /** B: bytes of a subject as written in QSMTPSUB. */
  subjectBytes: 100,
  /** B: bytes of an address, sender or recipient. */
  addressBytes: 50,
  /** B: bytes of the sender's name. A cut name loses nothing that matters, a refused one every mail. */
  senderNameBytes: 50,
  /** B: recipients of one transaction, all kinds together. */
  recipients: 20,
  /** A: bytes of a file's name: 80, of which four are left for the storage prefix `RAM:`. */
  fileNameBytes: 76,
} as const;
