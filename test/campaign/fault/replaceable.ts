/**
 * Functions of the code under test in whose place an episode puts its own, which calls them.
 *
 * They can be replaced in the bundles of the campaign (part-runner.ts), and in the sources where `fresh.ts` loads them.
 */
import { createRequire } from "node:module";

/** By their module below lib/. */
export const REPLACEABLE = {
  "lib/outbox/lifecycle.ts": ["next"],
  "lib/mailer/smtp/message.ts": ["makeMessage"],
} as const;

const load = createRequire(__filename);

/** @param module as in `REPLACEABLE`. @throws where it cannot be replaced. */
export function replace(
  module: keyof typeof REPLACEABLE,
  functions: Readonly<Record<string, unknown>>,
): void {
  const exported = load(`../../../${module.replace(/\.ts$/, "")}`) as object;
  Object.assign(exported, functions);
}
