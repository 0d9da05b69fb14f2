/** Functions in whose place an episode puts its own, which calls them; by their modules (`replace.ts`). */
export const REPLACEABLE = {
  "lib/outbox/lifecycle.ts": ["next"],
  "lib/mailer/smtp/message.ts": ["makeMessage"],
} as const;
