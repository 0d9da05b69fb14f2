/**
 * The limits of the module's own mail client, in one table.
 *
 * The marks of the fact base say how sure each is. What exceeds an A is mended or refused before the first byte; what
 * exceeds a B or C is warned about or kept away from where that costs nothing, and the module decides.
 */

export const LIMITS = {
  /**
   * Bytes of a body before any hex coding. QSMTPBODY takes 10,240, but Quectel's client repeats the first 3072 of a longer
   * one and reports success (seen with the RTOS family, not ruled out for EC2x).
   */
  bodyBytes: 3072,
  /**
   * Bytes of a subject. B: QSMTPSUB takes 100; but for one of exactly 100 Quectel's client sends an empty mail and reports
   * success (seen and not ruled out as above).
   */
  subjectBytes: 99,
  /** B: bytes of an address, sender or recipient. */
  addressBytes: 50,
  /** B: bytes of the sender's name. A cut name loses nothing that matters, a refused one every mail. */
  senderNameBytes: 50,
  /** B: recipients of one transaction, all kinds together. */
  recipients: 20,
  /** A: bytes of a file's name: 80, of which four are left for the storage prefix `RAM:`. */
  fileNameBytes: 76,
} as const;
