/** What is known of a PDP context, what is told of it, and how something may be done with it. */
import { contextDefinition, type ActiveContext, type IpType } from "../commands/pdp";
import { ifRefused, type Execute } from "../execute";
import type { NetworkSettings } from "../settings";
import type { LockOptions } from "../connection/mail-lock";

/** What a person is told of the context. */
export interface PdpStatus {
  readonly contextId: number;
  readonly active: boolean;
  readonly ip?: string;
  readonly ip6?: string;
  readonly ipType: IpType;
  /** As set, or as the module holds it where none is set. */
  readonly apn: string;
}

/** @param context as active, or undefined. */
export async function pdpStatus(
  execute: Execute,
  { contextId, apn, ipType }: NetworkSettings,
  context: ActiveContext | undefined,
): Promise<PdpStatus> {
  const ip = context?.addresses.find((address) => !address.includes(":"));
  const ip6 = context?.addresses.find((address) => address.includes(":"));
  return {
    contextId,
    active: context !== undefined,
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ipType: context?.ipType ?? ipType,
    apn: apn === "" ? await definedApn(execute, contextId) : apn,
  };
}

async function definedApn(execute: Execute, contextId: number): Promise<string> {
  const definition = await ifRefused(execute(contextDefinition(contextId)), async () => undefined);
  return definition?.apn ?? "";
}

export type PdpState =
  | { readonly kind: "unknown" }
  | { readonly kind: "inactive" }
  /** Seen active at `provenAt` (ms of the clock). */
  | { readonly kind: "active"; readonly provenAt: number; readonly activatedBy: "us" | "others" }
  /** The network took it away. */
  | { readonly kind: "lost" };

export interface PdpEvents {
  /** The context is known to be active or inactive now. */
  changed: [active: boolean];
}

export interface PdpOptions extends LockOptions {
  /** Does not wait for the mail on the air, which then fails. */
  readonly force?: boolean;
}
