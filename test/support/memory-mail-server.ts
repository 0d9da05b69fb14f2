/**
 * A mail server without a socket: takes what the simulated module delivers, and keeps it as it would stand on the wire.
 *
 * For thousands of dialogues; what happens between the module and a real server is shown with `MailServer`.
 */
import { delivered, refusalOf, type DeliveryResult } from "../../lib/simulator/delivery/smtp-codes";
import type { Delivery } from "../../lib/simulator/delivery/smtp-delivery";

/** A mail as the server got it. */
export interface KeptMail {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Headers and body, latin1: one character per byte. */
  readonly text: string;
}

export class MemoryMailServer {
  /** Every mail accepted, oldest first. */
  readonly received: KeptMail[] = [];
  /** Reply codes of recipients that are refused; one of them ends the mail. */
  refuse: Readonly<Record<string, number>> = {};

  /** To be set as `mailServer` of the simulated internet. */
  readonly take = async (delivery: Delivery): Promise<DeliveryResult> => {
    const { host, port, user, password, sender, recipients, message } = delivery;
    for (const recipient of recipients) {
      const code = this.refuse[recipient];
      if (code !== undefined) return refusalOf(code).result;
    }
    const text = Buffer.concat([...message]).toString("latin1");
    this.received.push({ host, port, user, password, sender, recipients, text });
    return delivered;
  };
}
