/** What the diagnosis is given and what it reports: the shapes of `diagnosis.ts` and its steps. */
import { isModemError, type ErrorCode, type ModemError } from "../../errors";
import type { Lease } from "../connection/mail-lock";
import type { Modem } from "../connection/modem";
import type { ModuleClock } from "../network/module-clock";
import type { PdpContext } from "../network/pdp";
import type { NetworkSettings, SmtpSettings } from "../settings";
import type { ModuleSockets } from "../sockets/module-sockets";

export type StepName =
  | "port"
  | "at"
  | "sim"
  | "registration"
  | "signal"
  | "apn"
  | "pdp"
  | "clock"
  | "dns"
  | "server"
  | "tls"
  | "login";

export interface StepReport {
  readonly name: StepName;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, in words for a person; holds no secret. */
  readonly detail: string;
  /** What to do about it; only with `warning` and `failed`. */
  readonly hint?: string;
  readonly code?: ErrorCode;
  /** The step without which this one says nothing; only with `skipped`. */
  readonly needs?: StepName;
}

export interface DiagnosisReport {
  readonly steps: readonly StepReport[];
}

/** What became of the last mail. A mail that was called off does not count. */
export type LastMail = { readonly kind: "sent" } | { readonly kind: "failed"; readonly error: ModemError };

/** One session with the mail server that sends no mail. */
export interface ServerSession {
  /** Why there can be none. */
  readonly trouble?: ModemError;
  /** Resolves with how it is encrypted, in words for a person. Rejects with why it cannot be. */
  encrypt(signal: AbortSignal): Promise<string>;
  /** True when the server has accepted the login; false where there is no session. Rejects with why it was not accepted. */
  login(signal: AbortSignal): Promise<boolean>;
  /** Ends the session. Never rejects. */
  end(): Promise<void>;
}

export interface DiagnosisContext {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly network: NetworkSettings;
  readonly smtp: SmtpSettings;
  /** Opens a connection to the mail server; left out: the server is only pinged. */
  readonly sockets?: ModuleSockets;
  /** Who checks certificates, and so whose clock they are checked by; left out: the module. */
  readonly checkedBy?: "module" | "host" | "both";
  /** Speaks to the mail server; left out: nothing but a mail can show encryption and login. */
  readonly session?: ServerSession;
  /** What became of the last mail with these settings, because TLS and login show only when one is sent. */
  readonly lastMail?: LastMail;
  /** The mail lock where the caller holds it already. */
  readonly lease?: Lease;
  /** Told of each step when it is done. */
  readonly onStep?: (step: StepReport) => void;
}

/** What a step finds, without its name. */
export type Finding = Omit<StepReport, "name">;

export interface DiagnosisStep {
  readonly name: StepName;
  /** Steps without which this one says nothing. */
  readonly needs: readonly StepName[];
  readonly look: (context: DiagnosisContext, signal: AbortSignal | undefined) => Finding | Promise<Finding>;
}

/** The finding for an error. */
export function failure(error: unknown): Finding {
  if (!isModemError(error)) return { status: "failed", detail: String(error) };
  return { status: "failed", detail: error.message, hint: error.hint, code: error.code };
}
