/**
 * The dialogue that activates or deactivates a PDP context: QIACT? first, the definition only where it differs, at
 * most three active, and QIDEACT before a context that the network took away is activated again.
 *
 * It keeps no state; `pdp.ts` does.
 */
import type { Command } from "../../at/command";
import { isModemError, ModemError } from "../../errors";
import {
  activateContext,
  activeContexts,
  activeNumbers,
  APN_NOT_CONFIGURED,
  contextDefinition,
  deactivateContext,
  defineContext,
  definitionOf,
  lastTcpipError,
  NOT_ALLOWED,
  type ActiveContext,
  type PdpDefinition,
  type TcpipError,
  type IpType,
} from "../commands/pdp";
import { ifRefused, isRefusal, type Execute } from "../execute";
import { queryRegistration, registrationError } from "../registration/registration";
import type { NetworkSettings } from "../settings";
import type { LockOptions } from "../connection/mail-lock";

interface Activation {
  readonly context: ActiveContext;
  /** False where the context was active already. */
  readonly activated: boolean;
}

/** The module carries no more active contexts. */
const MOST_ACTIVE = 3;

/** What is known of the context beyond its settings. */
interface ContextHistory {
  /** The network has taken the context away since it was activated. */
  readonly lost: boolean;
  /** Its definition was compared since the module's start, so an active context has the right one. */
  readonly compared: boolean;
}

/**
 * Makes sure that the context is active as the settings define it.
 *
 * Rejects with `PDP_TOO_MANY`, `PDP_TAKEN`, `PDP_NO_APN`, `PDP_ACTIVATION_FAILED`, `NETWORK_*` when it cannot be
 * activated because the network is gone, `INVALID_CONFIG`, or what ended the dialogue.
 */
export async function bringUp(
  execute: Execute,
  settings: NetworkSettings,
  { lost, compared }: ContextHistory,
): Promise<Activation> {
  const { contextId, shared } = settings;
  const active = await execute(activeContexts());
  const own = active.find((context) => context.contextId === contextId);
  const differs = !(own !== undefined && compared) && !(await isDefined(execute, settings));
  if (own !== undefined && !differs && (!lost || shared)) return { context: own, activated: false };
  if (own === undefined && active.length >= MOST_ACTIVE) {
    const numbers = active.map((context) => context.contextId).join(", ");
    throw new ModemError("PDP_TOO_MANY", { detail: `active are ${numbers}` });
  }
  // Made first, so that what no command can carry is refused before anything is given up.
  const definition = differs ? definitionCommand(settings) : undefined;
  if (!shared && (own !== undefined || lost)) await ifRefused(execute(deactivateContext(contextId)), nothing);
  if (definition !== undefined) await execute(definition);
  return { context: await activate(execute, settings), activated: true };
}

/** Deactivates the context if it is active. Rejects with `PDP_DEACTIVATION_FAILED`, or what ended the dialogue. */
export async function takeDown(execute: Execute, contextId: number): Promise<void> {
  if ((await findActive(execute, contextId)) === undefined) return;
  try {
    await execute(deactivateContext(contextId));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new ModemError("PDP_DEACTIVATION_FAILED", { cause: error });
  }
}

/** The context as active, or undefined. */
export async function findActive(execute: Execute, contextId: number): Promise<ActiveContext | undefined> {
  const active = await execute(activeContexts());
  return active.find((context) => context.contextId === contextId);
}

async function activate(execute: Execute, settings: NetworkSettings): Promise<ActiveContext> {
  const { contextId, shared } = settings;
  try {
    await execute(activateContext(contextId));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // Refused are also a context that is active already and one whose loss was not told; ask before giving up.
    const reason = await ifRefused<TcpipError | undefined>(execute(lastTcpipError()), async () => undefined);
    if ((await findActive(execute, contextId)) === undefined) {
      if (shared) throw await activationError(execute, contextId, reason, error);
      await ifRefused(execute(deactivateContext(contextId)), nothing);
      await ifRefused(execute(activateContext(contextId)), async () => {
        throw await activationError(execute, contextId, reason, error);
      });
    }
  }
  const context = await findActive(execute, contextId);
  if (context === undefined)
    throw new ModemError("PDP_ACTIVATION_FAILED", { detail: "QIACT? does not show it" });
  return context;
}

async function activationError(
  execute: Execute,
  contextId: number,
  reason: TcpipError | undefined,
  cause: unknown,
): Promise<ModemError> {
  if (reason?.number === APN_NOT_CONFIGURED) return new ModemError("PDP_NO_APN", { cause });
  // Without a network there is nothing to cure: a restart of the module would be wasted.
  const unregistered = registrationError((await queryRegistration(execute)).status);
  if (unregistered !== undefined) return unregistered;
  if (reason?.number === NOT_ALLOWED) {
    const active = await ifRefused<readonly number[]>(execute(activeNumbers()), async () => []);
    const others = active.filter((number) => number !== contextId).join(", ");
    if (others !== "") return new ModemError("PDP_TAKEN", { cause, detail: `active are ${others}` });
  }
  return new ModemError("PDP_ACTIVATION_FAILED", {
    cause,
    ...(reason === undefined || reason.number === 0 ? {} : { detail: `${reason.number}, ${reason.text}` }),
    ...(isModemError(cause) && cause.command !== undefined ? { command: cause.command } : {}),
  });
}

function definitionCommand(settings: NetworkSettings): Command<void> {
  try {
    return defineContext(settings.contextId, definitionOf(settings));
  } catch (cause) {
    throw new ModemError("INVALID_CONFIG", { cause, detail: "the APN, its user or its password" });
  }
}

/** True where the definition is to stay as it is, or is as the settings want it. */
async function isDefined(execute: Execute, settings: NetworkSettings): Promise<boolean> {
  if (settings.apn === "" || settings.shared) return true;
  const present = await ifRefused<PdpDefinition | undefined>(
    execute(contextDefinition(settings.contextId)),
    async () => undefined,
  );
  return present !== undefined && sameDefinition(present, definitionOf(settings));
}

/** Access point names are compared without regard to case (3GPP TS 23.003 section 9.1). */
function sameDefinition(present: PdpDefinition, wanted: PdpDefinition): boolean {
  return (
    present.type === wanted.type &&
    present.apn.toLowerCase() === wanted.apn.toLowerCase() &&
    sameLogin(present, wanted)
  );
}

/** Without a login its method does not matter; and some firmware shows asterisks for a password. */
function sameLogin(present: PdpDefinition, wanted: PdpDefinition): boolean {
  const withoutLogin = [present, wanted].every(({ user, password }) => user === "" && password === "");
  const isHidden = wanted.password !== "" && /^\*+$/.test(present.password);
  return (
    withoutLogin ||
    (present.auth === wanted.auth &&
      present.user === wanted.user &&
      (isHidden || present.password === wanted.password))
  );
}

async function nothing(): Promise<void> {}

/* What is known of a PDP context, what is told of it, and how something may be done with it. */

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
  /** Does not wait for the mail in flight, which then fails. */
  readonly force?: boolean;
}
