/**
 * Functions in whose place an episode puts its own, which calls them; by their modules (`replace.ts`). A module stands behind
 * those that it needs.
 */
export const REPLACEABLE = {
  "lib/outbox/lifecycle.ts": ["next"],
  "lib/mailer/smtp/message.ts": ["makeMessage"],
  "nodes/runtime/modem/transports.ts": ["transportSource"],
  "nodes/runtime/disk/left-spools.ts": ["mailsWaitingIn"],
  "nodes/runtime/modem/assembly.ts": ["assemble"],
} as const;
