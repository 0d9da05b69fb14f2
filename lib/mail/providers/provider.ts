/** Provider: what a person has to know about a mail server before the module logs in there. */
import type { SmtpSettings } from "../../quectel/settings";

/** How a provider lets a program in that knows only user and password. */
export type PasswordLogin =
  /** With the mailbox's own password, or one made for a program ("app password", "authorization code"). */
  | "password"
  | "appPassword"
  /** With a key made for SMTP. */
  | "key"
  /** Switched off by default; an administrator may still be able to allow it. */
  | "ending"
  | "none";

export interface Provider {
  /** Its name in catalogs of translations; letters and digits. */
  readonly id: string;
  readonly name: string;
  /** Names of its servers; `*` stands for one label. The first one without is suggested. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly security: Exclude<SmtpSettings["security"], "none">;
  readonly roots: readonly string[];
  readonly login: PasswordLogin;
  /** How a program logs in by a token (OAuth 2); undefined: not by what this package knows. */
  readonly tokens?: "microsoft" | "google";
  /** Characters of user name and password where the provider makes them; undefined where a person chooses. */
  readonly userLength?: number;
  readonly passwordLength?: number;
  readonly remark: string;
  /** Where the roots, and the rules for login and lengths, are known from; undefined: general knowledge, unverified. */
  readonly rootsFrom?: string;
  readonly loginFrom?: string;
}
