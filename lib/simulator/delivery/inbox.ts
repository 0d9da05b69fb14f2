/**
 * A mailbox inside the simulated network: a first mail needs no server. It takes what the module hands over and reads
 * it as a mail program would; nothing of SMTP is spoken.
 */
import { readMessage, type ReadMessage } from "./read-message";
import { delivered, type DeliveryResult } from "./smtp-codes";
import type { Delivery } from "./smtp-delivery";

export interface InboxMail extends ReadMessage {
  readonly from: string;
  readonly to: readonly string[];
}

type Letter = Pick<Delivery, "host" | "sender" | "recipients" | "message">;

/** Makes the mail server of a simulated network that hands each mail to `host`, in small letters, to `receive`. */
export function inboxServer(
  host: string,
  receive: (mail: InboxMail) => void,
): (delivery: Letter) => Promise<DeliveryResult> | undefined {
  const take = async (delivery: Letter): Promise<DeliveryResult> => {
    const message = readMessage(Buffer.concat([...delivery.message]));
    receive({ from: delivery.sender, to: delivery.recipients, ...message });
    return delivered;
  };
  return (delivery) => (delivery.host.toLowerCase() === host ? take(delivery) : undefined);
}
