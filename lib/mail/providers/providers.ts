/** Looks up the table of known mail servers, and says what is wrong with settings before a mail is tried. */
import type { SmtpSettings } from "../../quectel/settings";
import type { Provider } from "./provider";
import { PROVIDERS } from "./provider-table";

export type { Provider } from "./provider";
export { PROVIDERS } from "./provider-table";

/** Bytes of user name and password that every firmware is known to take (mark B). */
const SURE_CREDENTIALS = 50;

/** The provider whose server this is; undefined for all others. */
export function findProvider(host: string): Provider | undefined {
  const labels = labelsOf(host);
  return PROVIDERS.find(({ hosts }) => hosts.some((pattern) => isMatch(labelsOf(pattern), labels)));
}

/** Who speaks SMTP: the module's own client, or this package over a TCP connection of the module. */
export type MailWay = "module" | "socket";

/** Whether mails go to a provider by a way, with user and password as the provider makes them. */
export type Fit =
  | { readonly kind: "yes" }
  /** User or password has so many bytes, more than every firmware is known to take. */
  | { readonly kind: "tooLong"; readonly bytes: number }
  /** Where somebody takes STARTTLS out of the offer, the module's client was seen to go on in clear text. */
  | { readonly kind: "mayBeClear" }
  /** Only by a token (OAuth 2) in the long run. */
  | { readonly kind: "byToken" }
  /** Password logins end. */
  | { readonly kind: "ending" }
  | { readonly kind: "no" };

export function fitOf(provider: Provider, way: MailWay): Fit {
  const { login, userLength = 0, passwordLength = 0, security } = provider;
  const bytes = Math.max(userLength, passwordLength);
  if (login === "none") return { kind: "no" };
  if (login === "ending")
    return { kind: way === "socket" && provider.tokens !== undefined ? "byToken" : "ending" };
  if (way === "socket") return { kind: "yes" };
  if (bytes > SURE_CREDENTIALS) return { kind: "tooLong", bytes };
  return { kind: security === "starttls" ? "mayBeClear" : "yes" };
}

/** The way that the provider needs: the module's client wherever that will do. */
export function proposedWay(provider: Provider): MailWay {
  return fitOf(provider, "module").kind === "yes" ? "module" : "socket";
}

/** Settings of a mail server as far as advice needs them; of the login only its length. */
export interface ServerSettings extends Pick<SmtpSettings, "host" | "port" | "security"> {
  /** `auto`: whichever fits a mail. */
  readonly mailer: MailWay | "auto";
  /** The login is by a token and not by a password. */
  readonly byToken: boolean;
  readonly userBytes: number;
  readonly passwordBytes: number;
}

/** Something that a person should know about settings before a mail is tried. */
export type Advice =
  /** The provider lets no module log in by password, or will soon not. */
  | { readonly kind: "login"; readonly provider: Pick<Provider, "id" | "name" | "remark"> }
  /** User name or password is longer than every firmware is known to take; of no concern to the other ways. */
  | { readonly kind: "credentials"; readonly limit: number }
  /** The port usually goes with another security. */
  | { readonly kind: "security"; readonly port: number; readonly usual: "tls" | "starttls" };

/** What is known against these settings; empty when nothing is. */
export function adviceFor(settings: ServerSettings): readonly Advice[] {
  const { host, port, security, mailer, byToken, userBytes, passwordBytes } = settings;
  const provider = findProvider(host);
  const usual = USUAL_SECURITY.get(port);
  const advice: Advice[] = [];
  if (!byToken && (provider?.login === "none" || provider?.login === "ending")) {
    const { id, name, remark } = provider;
    advice.push({ kind: "login", provider: { id, name, remark } });
  }
  if (mailer === "module" && Math.max(userBytes, passwordBytes) > SURE_CREDENTIALS) {
    advice.push({ kind: "credentials", limit: SURE_CREDENTIALS });
  }
  if (usual !== undefined && usual !== security) advice.push({ kind: "security", port, usual });
  return advice;
}

/** RFC 8314 sections 3.3 and 7.3. */
const USUAL_SECURITY: ReadonlyMap<number, "tls" | "starttls"> = new Map([
  [465, "tls"],
  [587, "starttls"],
]);

function labelsOf(host: string): readonly string[] {
  return host.trim().toLowerCase().replace(/\.$/, "").split(".");
}

function isMatch(pattern: readonly string[], labels: readonly string[]): boolean {
  return (
    pattern.length === labels.length &&
    pattern.every((label, index) => label === "*" || label === labels[index])
  );
}
