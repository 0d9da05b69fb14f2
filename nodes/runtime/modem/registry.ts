/**
 * The modems of the running flows of this process; those inside subflows too, one for each instance.
 *
 * The only list of them: who holds a port or a folder, and which modems the sidebar shows, is looked up here.
 */
import type { ModemNode } from "./modem-user";

const modems = new Map<string, ModemNode>();

/** Knows `modem` until its node is closed. */
export function registerModem(modem: ModemNode): void {
  modems.set(modem.id, modem);
  modem.on("close", () => {
    // The next one of the same id may be there already.
    if (modems.get(modem.id) === modem) modems.delete(modem.id);
  });
}

export function modemWithId(id: string): ModemNode | undefined {
  return modems.get(id);
}

/** In the order in which they were deployed. */
export function deployedModems(): readonly ModemNode[] {
  return [...modems.values()];
}
