/**
 * Trust: whom a connection believes to be the mail server. Node.js checks certificates against its own store and the
 * host's clock; a certificate that a person has pasted is trusted besides. Never less than what the settings say.
 */
import tls, {
  createSecureContext,
  rootCertificates,
  type ConnectionOptions,
  type SecureContext,
} from "node:tls";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { ModemError, SPECIAL_HINTS } from "../../errors";
import { namedRoot } from "../../mail/providers/roots";
import type { RootCertificate, SmtpSettings } from "../../quectel/settings";

/** The first group is the one whose key goes along with the greeting: a larger one costs a packet more. */
const GROUPS = "X25519:prime256v1:secp384r1:secp521r1";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The options of a TLS connection to the server of the settings. @throws ModemError `INVALID_CONFIG` for a bad PEM */
export function trustOf({
  host,
  tls: { verify, root },
}: Pick<SmtpSettings, "host" | "tls">): ConnectionOptions {
  return {
    secureContext: contextOf(root),
    rejectUnauthorized: verify,
    ...(isIP(host) === 0 && { servername: host }),
  };
}

/** By what they were made of; they hold nothing but whom to believe, so that all modems share them. */
const contexts = new Map<string, SecureContext>();
/** More than modems have different roots; of more, the oldest is made anew. */
const MOST_CONTEXTS = 8;

/** Reading all authorities takes 40 ms of processor time on a server, and several times that on a gateway: once is enough. */
function contextOf(root: RootCertificate): SecureContext {
  const key = JSON.stringify(root);
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const authorities = authoritiesOf(root);
  const made = createSecureContext({
    minVersion: "TLSv1.2",
    ecdhCurve: GROUPS,
    ...(authorities !== undefined && { ca: [...authorities] }),
  });
  const [oldest] = contexts.keys();
  if (contexts.size >= MOST_CONTEXTS && oldest !== undefined) contexts.delete(oldest);
  contexts.set(key, made);
  return made;
}

/** Whom to believe; undefined: whom Node.js believes. A root that was chosen by its name is the only one. */
function authoritiesOf(root: RootCertificate): readonly string[] | undefined {
  switch (root.from) {
    case "auto":
      return undefined;
    case "pem":
      return [...defaultRoots(), ...certificatesOf(root.pem)];
    case "name":
      return [namedRoot(root.name).pem];
  }
}

/** Those of Node.js, with what an administrator has added to them (NODE_EXTRA_CA_CERTS), where it can tell. */
function defaultRoots(): readonly string[] {
  // Node.js 22.15 and later.
  const own: unknown = "getCACertificates" in tls ? tls.getCACertificates : undefined;
  const list: unknown = typeof own === "function" ? own("default") : undefined;
  return Array.isArray(list) ? list.filter((one) => typeof one === "string") : rootCertificates;
}

function certificatesOf(pem: string): readonly string[] {
  const blocks = pem.match(CERTIFICATE) ?? [];
  try {
    if (blocks.length === 0) throw new Error("there is none");
    return blocks.map((block) => new X509Certificate(block).toString());
  } catch (cause) {
    throw new ModemError("INVALID_CONFIG", {
      cause,
      detail: "the certificate in the settings cannot be read",
      hint: SPECIAL_HINTS.badPem,
      class: "setup",
    });
  }
}
