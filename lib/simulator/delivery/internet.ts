/** What the simulated network reaches: names, addresses and servers outside the module. Set by tests and by the product. */
import type { Duplex } from "node:stream";
import type { DeliveryResult } from "./smtp-codes";
import type { Delivery, MailNetwork } from "./smtp-delivery";
import { stateKey } from "../device/device";

type Writable<T> = { -readonly [key in keyof T]: T[key] };

interface Internet extends MailNetwork {
  /** Takes TCP connections of the module instead of a server on a socket; undefined for one that goes to a socket. */
  readonly tcpServer?: (host: string, port: number) => Duplex | undefined;
  /** Takes mails instead of a server on a socket; undefined for one that goes to a server after all. */
  readonly mailServer?: (delivery: Delivery) => Promise<DeliveryResult> | undefined;
}

/** Read at every use, so that it may be changed at any time. */
export const internet = stateKey<Writable<Internet>>("world", "internet", () => ({}));
