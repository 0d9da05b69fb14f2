/** What the station (module and mail server) and the driver of a real-time run tell each other. */

export type ToStation =
  | { readonly kind: "module"; readonly action: "unplug" | "plug" | "powerOff" | "powerOn" }
  /** `moody`: the server also refuses for now and drops connections. */
  | { readonly kind: "server"; readonly isMoody: boolean };

export type FromStation =
  | { readonly kind: "serving"; readonly smtpPort: number }
  /** The module has become able or unable to take a mail. */
  | { readonly kind: "module"; readonly isReady: boolean }
  /** An upload has begun, or its data are complete or will never be. */
  | { readonly kind: "upload"; readonly isOpen: boolean }
  | { readonly kind: "arrived"; readonly copy: Copy }
  | { readonly kind: "event"; readonly text: string };

/** A mail that the server has accepted. Times are those of the host's clock in milliseconds. */
export interface Copy {
  readonly at: number;
  readonly subject: string;
  readonly recipients: readonly string[];
  readonly isMarked: boolean;
  readonly messageId: string;
  /** Bytes of each attachment that are as they have to be; -1: altered. */
  readonly attachments: readonly number[];
}

/** What the flow writes, one line each: a message that it raises, and each that leaves a node. */
export interface Line {
  readonly what: "raised" | "queued" | "sent" | "failed";
  readonly at: number;
  readonly topic: string;
  readonly status?: string;
  readonly isRecovered?: boolean;
  readonly code?: string;
  readonly outcome?: string;
  /** Of `raised`. */
  readonly sender?: Sender;
  readonly bytes?: number;
}

/** The nodes of the flow: told when sent, told when queued, and at most once. */
export const SENDERS = ["send", "queue", "once"] as const;
export type Sender = (typeof SENDERS)[number];

/** Byte `index` of every attachment: a period that is no power of two, so that a block that is missing or doubled shows. */
export const attachmentByte = (index: number): number => 33 + (index % 89);
