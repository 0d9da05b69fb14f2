/** What an editor sees of a connection test: steps, progress, end. Plain data without a secret. */
import { type ErrorCode, isModemError } from "../../../lib/errors";
import type { TextForm } from "../../../lib/mailer/qsmtp/compose/compose";
import { maskSecrets } from "../../../lib/serial/trace";
import { errorView, type ErrorView } from "../admin/admin-routes";
import { tokenSecretsOf } from "../admin/masking";
import type { ModemSettings } from "../settings/modem-settings";
import type { TestKind } from "./request";

export interface TestStep {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, in English. */
  readonly detail: string;
  readonly hint?: string;
  readonly code?: ErrorCode;
  /** Name of the step without which this one says nothing. */
  readonly needs?: string;
  /** Name of the hint in the catalogs, `hints.<name>`. */
  readonly hintKey?: string;
}

/** A test mail, and how its text was written where that is in question. */
export interface SentTestMail extends Partial<TextForm> {
  readonly recipient: string;
  readonly subject: string;
  /** The letters to look for; `accents` is empty where the charset has none. */
  readonly accents: string;
  readonly chinese: string;
  readonly seconds: number;
  readonly warnings: readonly string[];
  /** As it has arrived, where the mailbox is that of the simulated modem. */
  readonly received?: { readonly subject: string; readonly text: string };
}

export type TestEnd =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: ErrorView }
  /** `cancelled` by a person, `late`: the time limit, `left`: the dialog was closed, `deployed`: the port is needed. */
  | { readonly kind: "stopped"; readonly why: StopReason };

export type StopReason = "cancelled" | "late" | "left" | "deployed";

export interface TestView {
  readonly id: string;
  readonly kind: TestKind;
  /** `waiting` for a mail in flight of the modem that has the port. */
  readonly phase: "waiting" | "running" | "ended";
  /** Names of all steps in their order; empty where `steps` is the list itself. */
  readonly ladder: readonly string[];
  /** Number of steps in all. */
  readonly total: number;
  /** Those that are done, in order. */
  readonly steps: readonly TestStep[];
  readonly end?: TestEnd;
  readonly mail?: SentTestMail;
  /** For an issue, with the end. */
  readonly report?: string;
}

/** The step at which a connection test failed. */
export function failedStep(name: string, error: unknown): TestStep {
  const { message, hint, hintKey } = errorView(error);
  return {
    name,
    status: "failed",
    detail: message,
    hint,
    ...(isModemError(error) ? { code: error.code } : {}),
    ...(hintKey === undefined ? {} : { hintKey }),
  };
}

/** Shorter secrets would be found in any text. */
const SHORTEST_SECRET = 4;

/** The same where an error repeats a password: nothing of that leaves the runtime. */
export function withoutSecrets(view: TestView, { network, smtp }: ModemSettings): TestView {
  const secrets = [smtp.password, network.apnPassword, network.simPin, ...tokenSecretsOf(smtp)].filter(
    (secret) => secret.length >= SHORTEST_SECRET,
  );
  const masked = (_key: string, value: unknown): unknown =>
    typeof value === "string" ? maskSecrets(value, secrets) : value;
  return JSON.parse(JSON.stringify(view, masked));
}
