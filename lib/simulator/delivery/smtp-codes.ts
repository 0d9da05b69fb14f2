/** The numbers of `+QSMTPPUT: <err>,<protocol_error>` (fact base 2.7, 2.8) and the failure that carries them. */

import type { SmtpRefusal } from "../device/fault-points";

/** First number of the result line where no reply of the server is the cause. */
export const smtpError = {
  unknown: 651,
  busy: 652,
  dnsFailed: 653,
  network: 654,
  authenticationType: 655,
  closedByPeer: 656,
  contextLost: 657,
  timeout: 658,
  noRecipient: 659,
  sendFailed: 660,
  openFile: 661,
  memory: 662,
  saveAttachment: 663,
  parameter: 664,
  tls: 665,
} as const;

/** First number of the result line by the server's reply code; every other code gives `otherRefusal`. */
const refusals: Readonly<Record<number, number>> = {
  421: 666,
  450: 667,
  451: 668,
  452: 669,
  500: 670,
  501: 671,
  502: 672,
  503: 673,
  504: 674,
  521: 675,
  530: 676,
  535: 677,
  550: 678,
  551: 679,
  552: 680,
  553: 681,
  554: 682,
};
const otherRefusal = 682;

/** The two numbers of the result line; `{ err: 0, protocolError: 0 }` is success. */
export interface DeliveryResult {
  readonly err: number;
  readonly protocolError: number;
}

export const delivered: DeliveryResult = { err: 0, protocolError: 0 };

/** Why a mail did not go out. */
export class DeliveryFailure extends Error {
  override readonly name = "DeliveryFailure";

  constructor(
    readonly result: DeliveryResult,
    message: string,
  ) {
    super(message);
  }
}

/** A failure without a reply of the server. */
export function localFailure(kind: keyof typeof smtpError, message: string): DeliveryFailure {
  return new DeliveryFailure({ err: smtpError[kind], protocolError: 0 }, message);
}

/** The result that a fault plan wants: the numbers themselves, or those of a reply of the server. */
export function resultOf(fault: SmtpRefusal | DeliveryResult): DeliveryResult {
  return "err" in fault
    ? { err: fault.err, protocolError: fault.protocolError }
    : refusalOf(fault.code).result;
}

/** The failure that a reply of the server stands for. @param code three digits. */
export function refusalOf(code: number): DeliveryFailure {
  const err = refusals[code] ?? otherRefusal;
  return new DeliveryFailure({ err, protocolError: code }, `the server answered ${code}`);
}
