/** Root certificates with which a mail server may be verified, in the order in which they are tried. */
import { X509Certificate } from "node:crypto";
import { ModemError, SPECIAL_HINTS } from "../../errors";
import type { RootCertificate, SmtpSettings } from "../../quectel/settings";
import type { RootPem } from "../../quectel/files/root-files";
import { findProvider } from "./providers";
import { namesOf, rootByName } from "./root-store";
import { shown } from "../message/text";

/**
 * For servers that the provider table does not know, and for providers that have changed theirs: the roots under which
 * most mail servers stand, by own judgement.
 */
const COMMON_ROOTS = [
  "ISRG Root X1",
  "DigiCert Global Root G2",
  "USERTrust RSA Certification Authority",
  "Sectigo Public Server Authentication Root R46",
  "GlobalSign Root CA - R3",
  "Amazon Root CA 1",
] as const;

/** Enough for a certificate chain; more is a mistake. */
const MOST_PASTED = 8;

/**
 * The candidates for the server of the settings, most probable first; at least one unless the runtime's store lacks
 * all of them. A `RootProvider` of lib/mailer/qsmtp/tls.ts.
 *
 * @throws ModemError INVALID_CONFIG for a name that the store does not have, and for PEM text without certificate
 */
export async function rootsFor(settings: Pick<SmtpSettings, "host" | "tls">): Promise<readonly RootPem[]> {
  return candidates(settings.host, settings.tls.root);
}

function candidates(host: string, root: RootCertificate): readonly RootPem[] {
  switch (root.from) {
    case "auto": {
      const names = new Set([...(findProvider(host)?.roots ?? []), ...COMMON_ROOTS]);
      return [...names].flatMap((name) => rootByName(name) ?? []);
    }
    case "name":
      return [namedRoot(root.name)];
    case "pem":
      return pastedRoots(root.pem);
    default:
      return root satisfies never;
  }
}

/** @throws ModemError INVALID_CONFIG for a name that the store does not have */
export function namedRoot(name: string): RootPem {
  const root = rootByName(name);
  if (root !== undefined) return root;
  throw new ModemError("INVALID_CONFIG", {
    detail: `Node.js knows no root certificate ${shown(name)}`,
    hint: SPECIAL_HINTS.noSuchRoot,
  });
}

/** Roots before what they have signed, because a whole chain is often pasted. Private keys are left out. */
function pastedRoots(pem: string): readonly RootPem[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > MOST_PASTED) {
    throw badPem(`it holds ${blocks.length} certificates`);
  }
  const certificates = blocks.map(parse);
  const isRoot = (certificate: X509Certificate): boolean => certificate.subject === certificate.issuer;
  return [...certificates.filter(isRoot), ...certificates.filter((certificate) => !isRoot(certificate))].map(
    (certificate) => ({ name: namesOf(certificate)[0], pem: certificate.toString() }),
  );
}

function parse(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw badPem("a certificate in it is damaged", cause);
  }
}

function badPem(detail: string, cause?: unknown): ModemError {
  return new ModemError("INVALID_CONFIG", {
    detail: `the root certificate is not valid PEM text: ${detail}`,
    hint: SPECIAL_HINTS.badPem,
    cause,
  });
}
