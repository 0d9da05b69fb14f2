/**
 * KeptDefinition: what a PDP context was defined as before somebody tried other settings, to be put back.
 *
 * The module keeps a definition over restarts, so one that was only tried would stay for good. A password that the
 * module shows as asterisks cannot be put back; then the definition stays as it is.
 */
import { contextDefinition, defineContext, type PdpDefinition } from "../commands/pdp";
import { ifRefused, type Execute } from "../execute";

export interface KeptDefinition {
  readonly contextId: number;
  /** Undefined where the context was not defined, or the module does not tell. */
  readonly definition: PdpDefinition | undefined;
}

/** Reads the definition before it may be changed. */
export async function keepDefinition(execute: Execute, contextId: number): Promise<KeptDefinition> {
  const definition = await ask(execute, contextId);
  return { contextId, definition };
}

/** Puts the definition back if it differs; it takes effect with the next activation. Rejects as `execute`. */
export async function restoreDefinition(execute: Execute, { contextId, definition }: KeptDefinition) {
  if (definition === undefined || /^\*+$/.test(definition.password)) return;
  const present = await ask(execute, contextId);
  if (present !== undefined && isSame(present, definition)) return;
  await execute(defineContext(contextId, definition));
}

function ask(execute: Execute, contextId: number): Promise<PdpDefinition | undefined> {
  return ifRefused<PdpDefinition | undefined>(execute(contextDefinition(contextId)), async () => undefined);
}

function isSame(a: PdpDefinition, b: PdpDefinition): boolean {
  return (
    a.type === b.type &&
    a.apn === b.apn &&
    a.user === b.user &&
    a.password === b.password &&
    a.auth === b.auth
  );
}
