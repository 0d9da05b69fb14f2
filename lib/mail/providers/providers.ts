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

/** What a person should know about these settings, one sentence each; empty when nothing is known against them. */
export function adviceFor(
  settings: Pick<SmtpSettings, "host" | "port" | "security" | "user" | "password">,
): readonly string[] {
  const { host, port, security, user, password } = settings;
  const provider = findProvider(host);
  const advice: string[] = [];
  if (provider?.login === "none" || provider?.login === "ending") {
    advice.push(`${provider.name}: ${provider.remark}`);
  }
  if (Buffer.byteLength(user) > SURE_CREDENTIALS || Buffer.byteLength(password) > SURE_CREDENTIALS) {
    advice.push(`User name or password is longer than ${SURE_CREDENTIALS} bytes; the module may refuse it.`);
  }
  if ((port === 465 && security !== "tls") || (port === 587 && security !== "starttls")) {
    advice.push("Port and security hardly fit: port 465 speaks TLS from the first byte, port 587 STARTTLS.");
  }
  return advice;
}

function labelsOf(host: string): readonly string[] {
  return host.trim().toLowerCase().replace(/\.$/, "").split(".");
}

function isMatch(pattern: readonly string[], labels: readonly string[]): boolean {
  return (
    pattern.length === labels.length &&
    pattern.every((label, index) => label === "*" || label === labels[index])
  );
}
