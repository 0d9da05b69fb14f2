/**
 * RootStore: the root certificates that Node.js brings along, by the name a person knows them by.
 *
 * Parsed once, when first asked: most modems are set up with one certificate, and many with none.
 */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import type { RootPem } from "../../quectel/files/root-files";

let store: ReadonlyMap<string, RootPem> | undefined;

/** The certificate of that name (CN, or OU where several share the CN); undefined when the store has none. */
export function rootByName(name: string): RootPem | undefined {
  store ??= rootsByName(rootCertificates);
  return store.get(name.trim());
}

/** All names, sorted. */
export function rootNames(): readonly string[] {
  store ??= rootsByName(rootCertificates);
  return [...store.keys()].sort((a, b) => a.localeCompare(b, "en"));
}

/** What a person calls the certificate's owner, most specific first; at least one name. */
export function namesOf(certificate: {
  readonly subject: string | undefined;
}): readonly [string, ...string[]] {
  // A certificate may have no subject; Node.js then says undefined, although its types do not.
  const subject = certificate.subject ?? "";
  const part = (key: string): string[] =>
    subject.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const [first, ...rest] = [...part("CN"), ...part("OU")];
  return first === undefined ? [subject.replaceAll("\n", ", ")] : [first, ...rest];
}

/** Certificates in PEM form by a name that none of the others has. */
export function rootsByName(pems: readonly string[]): ReadonlyMap<string, RootPem> {
  const certificates = pems.map((pem) => ({ pem, names: namesOf(new X509Certificate(pem)) }));
  const owners = new Map<string, number>();
  for (const { names } of certificates) owners.set(names[0], (owners.get(names[0]) ?? 0) + 1);
  return new Map(
    certificates.map(({ pem, names }) => {
      const name = owners.get(names[0]) === 1 ? names[0] : names.slice(1).join(", ") || names[0];
      return [name, { name, pem }];
    }),
  );
}
