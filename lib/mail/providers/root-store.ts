/**
 * RootStore: the root certificates that Node.js brings along, by the name a person knows them by.
 *
 * Parsed once, when first asked: most modems are set up with one certificate, and many with none.
 */
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import type { RootPem } from "../../quectel/smtp/tls";

let store: ReadonlyMap<string, RootPem> | undefined;

/** The certificate of that name (CN, or OU where several share the CN); undefined when the store has none. */
export function rootByName(name: string): RootPem | undefined {
  store ??= readStore();
  return store.get(name.trim());
}

/** All names, sorted. */
export function rootNames(): readonly string[] {
  store ??= readStore();
  return [...store.keys()].sort((a, b) => a.localeCompare(b, "en"));
}

/** What a person calls the certificate's owner, most specific first; at least one name. */
export function namesOf(certificate: X509Certificate): readonly [string, ...string[]] {
  const subject = certificate.subject ?? "";
  const part = (key: string): string[] =>
    subject.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const [first, ...rest] = [...part("CN"), ...part("OU")];
  return first === undefined ? [subject.replaceAll("\n", ", ")] : [first, ...rest];
}

function readStore(): ReadonlyMap<string, RootPem> {
  const certificates = rootCertificates.map((pem) => ({ pem, names: namesOf(new X509Certificate(pem)) }));
  const owners = new Map<string, number>();
  for (const { names } of certificates) owners.set(names[0], (owners.get(names[0]) ?? 0) + 1);
  return new Map(
    certificates.map(({ pem, names }) => {
      const name = owners.get(names[0]) === 1 ? names[0] : names.slice(1).join(", ") || names[0];
      return [name, { name, pem }];
    }),
  );
}
