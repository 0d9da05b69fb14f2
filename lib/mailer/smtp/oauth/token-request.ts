/**
 * The request for a token by each kind of login (RFC 6749 section 4.4, RFC 7523 section 2.1). Pure: nothing is sent here.
 */
import { createSign } from "node:crypto";
import { ModemError } from "../../../errors";
import type { TokenLogin } from "../../../quectel/settings";

/** A form to be posted (RFC 6749 section 4.4.2). */
export interface TokenRequest {
  readonly url: URL;
  readonly form: URLSearchParams;
}

const GOOGLE_TOKENS = "https://oauth2.googleapis.com/token";
/** What a Gmail mailbox wants for SMTP. */
const GOOGLE_SCOPE = "https://mail.google.com/";
const MICROSOFT_SCOPE = "https://outlook.office365.com/.default";
/** The longest that Google accepts. */
const ASSERTION_SECONDS = 3600;

/** @param user the mailbox. @param now milliseconds since 1970. @throws INVALID_CONFIG for a key that cannot sign */
export function tokenRequest(login: TokenLogin, user: string, now: number): TokenRequest {
  switch (login.kind) {
    case "microsoft":
      return {
        url: new URL(
          `https://login.microsoftonline.com/${encodeURIComponent(login.tenant)}/oauth2/v2.0/token`,
        ),
        form: clientCredentials({ ...login, scope: MICROSOFT_SCOPE }),
      };
    case "oauth2":
      return { url: new URL(login.tokenUrl), form: clientCredentials(login) };
    case "google": {
      const url = new URL(GOOGLE_TOKENS);
      return {
        url,
        form: new URLSearchParams({
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: assertionOf(login, user, url.href, now),
        }),
      };
    }
  }
}

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string;
}

function clientCredentials({ clientId, clientSecret, scope }: Client): URLSearchParams {
  return new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope !== "" && { scope }),
  });
}

/** A JSON Web Token signed with RS256 (RFC 7519, RFC 7518 section 3.3), by which the service account acts for the mailbox. */
function assertionOf(
  { email, privateKey }: Extract<TokenLogin, { kind: "google" }>,
  user: string,
  audience: string,
  now: number,
): string {
  const issuedAt = Math.floor(now / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: email, sub: user, scope: GOOGLE_SCOPE, aud: audience, iat: issuedAt };
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ ...claims, exp: issuedAt + ASSERTION_SECONDS })}`;
  try {
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
  } catch {
    // The cause may repeat the key.
    throw new ModemError("INVALID_CONFIG", {
      class: "setup",
      stage: "token",
      detail: "the private key of the service account cannot sign",
    });
  }
}
