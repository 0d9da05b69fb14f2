/** How a modem's mails log in by a token (OAuth 2): the properties and credentials of the node, checked. */
import { isRecord } from "../../../lib/mail/message/foreign";
import type { TokenLogin } from "../../../lib/quectel/settings";
import type { ModemOptions } from "./modem-options";
import { invalid } from "./options";

/** As Node-RED hands them over. */
interface TokenCredentials {
  readonly smtpUser?: string;
  readonly clientSecret?: string;
  readonly serviceAccount?: string;
}

/** Undefined for a login by password, and for none. @throws INVALID_CONFIG for the first property that cannot be used. */
export function readTokenLogin(options: ModemOptions, credentials: TokenCredentials): TokenLogin | undefined {
  const login = options.choice("login");
  if (login === "password" || login === "none") return undefined;
  if (options.choice("mailer") === "module") {
    throw invalid(
      "login",
      "requires that this package sends the mails; the module's own client supports passwords only",
    );
  }
  if (options.choice("smtpSecurity") === "none") {
    throw invalid(
      "smtpSecurity",
      "must be SSL/TLS or STARTTLS, because a token must not be sent unencrypted",
    );
  }
  if ((credentials.smtpUser ?? "") === "") throw invalid("smtpUser", "is empty, but must be the mailbox");
  switch (login) {
    case "microsoft":
      return { kind: login, tenant: readTenant(options), ...readClient(options, credentials) };
    case "oauth2":
      return {
        kind: login,
        tokenUrl: readTokenUrl(options),
        ...readClient(options, credentials),
        scope: options.text("scope"),
      };
    case "google":
      return { kind: login, ...readServiceAccount(credentials.serviceAccount ?? "") };
  }
}

function readClient(
  options: ModemOptions,
  { clientSecret = "" }: TokenCredentials,
): { readonly clientId: string; readonly clientSecret: string } {
  const clientId = options.text("clientId");
  if (clientId === "") throw invalid("clientId", "is empty");
  if (clientSecret === "") throw invalid("clientSecret", "is empty");
  return { clientId, clientSecret };
}

/** An id, or the name of a domain. */
function readTenant(options: ModemOptions): string {
  const tenant = options.text("tenant");
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(tenant)) {
    throw invalid("tenant", "must be the ID or the domain of the directory");
  }
  return tenant;
}

function readTokenUrl(options: ModemOptions): string {
  const text = options.text("tokenUrl");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") {
    throw invalid("tokenUrl", "must be an address that begins with https://");
  }
  return url.href;
}

/** Never repeats what it could not read: it may be a key. */
function readServiceAccount(text: string): { readonly email: string; readonly privateKey: string } {
  const wrong = invalid("serviceAccount", "must be the key file of a service account, in JSON");
  let account: unknown;
  try {
    account = JSON.parse(text);
  } catch {
    throw wrong;
  }
  if (!isRecord(account)) throw wrong;
  const { client_email: email, private_key: privateKey } = account;
  if (typeof email !== "string" || !/^[^\s@]+@[^\s@]+$/.test(email)) throw wrong;
  if (typeof privateKey !== "string" || !privateKey.includes("PRIVATE KEY-----")) throw wrong;
  return { email, privateKey };
}
