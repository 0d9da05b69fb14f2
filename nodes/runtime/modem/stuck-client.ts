/** The module's own mail client where it is stuck but keeps no mail waiting, because a socket carries them. */
import { copyOf, type ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import type { Assembly } from "./assembly";

/** Undefined also where its trouble is that of every mail. */
export function stuckClient({ mailer, byWay }: Pick<Assembly, "mailer" | "byWay">): ModemError | undefined {
  const trouble = byWay.module?.trouble;
  if (trouble === undefined || mailer.trouble !== undefined) return undefined;
  return copyOf(trouble, { hint: SPECIAL_HINTS.sentBySocket });
}
