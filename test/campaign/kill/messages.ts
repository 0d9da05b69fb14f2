/** What the process that is killed and the one that counts tell each other. */
import type { ModemSettings } from "../../../nodes/runtime/settings/modem-settings";
import type { Accepted, Told } from "../../support/account";

export type FromOutbox =
  /** The kill may come from now on. */
  | { readonly kind: "opening" }
  | ({ readonly kind: "accepted" } & Accepted)
  | { readonly kind: "ended"; readonly told: Told }
  /** An operation on the disk whose power is to be cut. */
  | { readonly kind: "disk"; readonly number: number; readonly call: DiskCall }
  /** Nothing waits any more. */
  | { readonly kind: "done" };

export type DiskCall =
  | {
      readonly name: "makeFolder" | "list" | "read" | "size" | "length" | "create" | "remove" | "syncFolder";
      readonly path: string;
    }
  | { readonly name: "rename"; readonly from: string; readonly to: string }
  /** `writer`: what `create` has answered. */
  | { readonly name: "write"; readonly writer: number; readonly bytes: Uint8Array }
  | { readonly name: "sync" | "close"; readonly writer: number };

/** The disk's answer to the operation of that number. */
export type FromDisk =
  | { readonly kind: "answer"; readonly number: number; readonly value: unknown }
  | { readonly kind: "error"; readonly number: number; readonly code: string; readonly message: string };

/** What a life of the outbox is to do, as the argument of its process. */
export interface LifePlan {
  readonly directory: string;
  /** `host`: the files of the host; `remote`: those of the counting process, whose power can be cut. */
  readonly disk: "host" | "remote";
  /** TCP ports of the simulated module and of the mail server, both on loopback. */
  readonly modulePort: number;
  readonly serverPort: number;
  readonly life: number;
  /** Who speaks SMTP in this life. */
  readonly mailer: ModemSettings["mailer"];
  /** Mails to accept. */
  readonly mails: number;
  /** Ends by itself when nothing waits any more. */
  readonly isLast: boolean;
  readonly seed: number;
}
