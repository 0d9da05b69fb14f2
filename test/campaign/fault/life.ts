/** One run of the flows of a config node, whether nodes make it or the library is driven directly. */
import type { Outbox } from "../../../lib/outbox/outbox";
import type { Modem } from "../../../lib/quectel/connection/modem";
import type { TestMailEnd } from "./test-mail";

export interface Life {
  /** When its module was connected. */
  readonly startedAt: number;
  readonly modem: Modem | undefined;
  readonly outbox: Outbox | undefined;
  isOpen(): boolean;
  /** Has noticed that another host sends mails through the module. */
  knowsOthers(): boolean;
  testMail(recipient: string, cancelled: AbortSignal): Promise<TestMailEnd> | undefined;
  open(): Promise<void>;
  /** Its process ends in the middle of whatever it does. */
  die(): void;
  close(): Promise<void>;
}
