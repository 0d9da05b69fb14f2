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

/** True when what the provider issues is longer than every firmware is known to take. */
export function issuesLongCredentials(provider: Provider): boolean {
  return Math.max(provider.userLength ?? 0, provider.passwordLength ?? 0) > SURE_CREDENTIALS;
}

/** Settings of a mail server as far as advice needs them; of the login only its length is anybody's business. */
export interface ServerSettings extends Pick<SmtpSettings, "host" | "port" | "security"> {
  readonly userBytes: number;
  readonly passwordBytes: number;
}

/** Something that a person should know about settings before a mail is tried. */
export type Advice =
  /** The provider lets no module log in by password, or will soon not. */
  | { readonly kind: "login"; readonly provider: Pick<Provider, "id" | "name" | "remark"> }
  /** User name or password is longer than every firmware is known to take. */
  | { readonly kind: "credentials"; readonly limit: number }
  /** The port usually goes with another security. */
  | { readonly kind: "security"; readonly port: number; readonly usual: "tls" | "starttls" };

/** What is known against these settings; empty when nothing is. */
export function adviceFor(settings: ServerSettings): readonly Advice[] {
  const { host, port, security, userBytes, passwordBytes } = settings;
  const provider = findProvider(host);
  const usual = USUAL_SECURITY.get(port);
  const advice: Advice[] = [];
  if (provider?.login === "none" || provider?.login === "ending") {
    const { id, name, remark } = provider;
    advice.push({ kind: "login", provider: { id, name, remark } });
  }
  if (Math.max(userBytes, passwordBytes) > SURE_CREDENTIALS) {
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
