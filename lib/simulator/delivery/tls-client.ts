/**
 * TLS as the module speaks it (fact base 5): version, cipher suite, SNI and the check of the server's certificate.
 *
 * The certificate is checked here and not by the TLS library, because the dates have to be judged by the clock of the
 * module and the only trusted authorities are the files uploaded to it.
 */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { localFailure } from "./smtp-codes";

/** The settings of one SSL context, files already read. */
export interface TlsSettings {
  /** 0 SSL 3.0, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2, 4 all of them. There is no TLS 1.3 on this family. */
  readonly version: number;
  /** IANA number of the one cipher suite, 0xFFFF for all. */
  readonly cipherSuite: number;
  /** Seclevel 1 and 2: the server's certificate must lead to one of `authorities`. */
  readonly verify: boolean;
  /** Contents of the CA files. */
  readonly authorities: readonly Buffer[];
  /** Seclevel 2: shown to the server. */
  readonly client: { readonly cert: Buffer; readonly key: Buffer; readonly password?: string } | undefined;
  /** Time of the module in ms since 1970 against which dates are checked, undefined to ignore them. */
  readonly time: number | undefined;
  /** Sends the server's name in the handshake. */
  readonly sni: boolean;
  /** Compares the certificate's names with the server's. */
  readonly checkName: boolean;
  /** Limit of the handshake in ms. */
  readonly handshakeMs: number;
}

/** Versions offered, lowest and highest; SSL 3.0 is gone from the TLS library and cannot be had. */
const versions = [
  undefined,
  ["TLSv1", "TLSv1"],
  ["TLSv1.1", "TLSv1.1"],
  ["TLSv1.2", "TLSv1.2"],
  ["TLSv1", "TLSv1.2"],
] as const;

export const allCipherSuites = 0xffff;

/** Names of the TLS library for the suites of fact base 5; those without a name cannot be had any more. */
const cipherNames: Readonly<Record<number, string>> = {
  0x002f: "AES128-SHA",
  0x0035: "AES256-SHA",
  0x003d: "AES256-SHA256",
  0xc009: "ECDHE-ECDSA-AES128-SHA",
  0xc00a: "ECDHE-ECDSA-AES256-SHA",
  0xc013: "ECDHE-RSA-AES128-SHA",
  0xc014: "ECDHE-RSA-AES256-SHA",
  0xc023: "ECDHE-ECDSA-AES128-SHA256",
  0xc024: "ECDHE-ECDSA-AES256-SHA384",
  0xc027: "ECDHE-RSA-AES128-SHA256",
  0xc028: "ECDHE-RSA-AES256-SHA384",
  0xc02f: "ECDHE-RSA-AES128-GCM-SHA256",
  0xc030: "ECDHE-RSA-AES256-GCM-SHA384",
};

/** Starts the handshake on a connected socket. @throws DeliveryFailure 665 for settings that cannot be had. */
export function startHandshake(socket: Duplex, serverName: string, settings: TlsSettings): TLSSocket {
  const range = versions[settings.version];
  const cipher = settings.cipherSuite === allCipherSuites ? "DEFAULT" : cipherNames[settings.cipherSuite];
  if (range === undefined || cipher === undefined)
    throw localFailure("tls", "version or cipher not available");
  const options: ConnectionOptions = {
    socket,
    minVersion: range[0],
    maxVersion: range[1],
    ciphers: `${cipher}:@SECLEVEL=0`,
    ca: [],
    rejectUnauthorized: false,
    ...(settings.sni && isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(settings.client === undefined
      ? {}
      : { cert: settings.client.cert, key: settings.client.key, passphrase: settings.client.password }),
  };
  try {
    return connect(options);
  } catch (error) {
    throw localFailure("tls", String(error));
  }
}

/** Checks the certificate of a finished handshake. @throws DeliveryFailure 665. */
export function checkServer(socket: TLSSocket, serverName: string, settings: TlsSettings): void {
  if (!settings.verify) return;
  const [server, ...others] = presentedChain(socket.getPeerCertificate(true));
  if (server === undefined) throw localFailure("tls", "the server showed no certificate");
  const problem =
    chainProblem(server, others, readAuthorities(settings.authorities), settings.time) ??
    (settings.checkName ? nameProblem(server, serverName) : undefined);
  if (problem !== undefined) throw localFailure("tls", problem);
}

/** What is wrong with a chain, or undefined. `time` undefined: dates are ignored. */
function chainProblem(
  server: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  time: number | undefined,
): string | undefined {
  const issuedBy = (one: X509Certificate) => (other: X509Certificate) =>
    other.ca && one.checkIssued(other) && one.verify(other.publicKey);
  let current = server;
  // No chain is longer than the certificates at hand.
  for (let depth = 0; depth <= others.length; depth++) {
    if (!isValidAt(current, time)) return "a certificate is not valid at the time of the module";
    const authority = authorities.find(issuedBy(current));
    if (authority !== undefined) {
      return isValidAt(authority, time) ? undefined : "the authority is not valid at the time of the module";
    }
    const next = others.find(issuedBy(current));
    if (next === undefined) break;
    current = next;
  }
  return "the certificate leads to no known authority";
}

function isValidAt(certificate: X509Certificate, time: number | undefined): boolean {
  if (time === undefined) return true;
  return time >= Date.parse(certificate.validFrom) && time <= Date.parse(certificate.validTo);
}

function nameProblem(server: X509Certificate, name: string): string | undefined {
  const match = isIP(name) === 0 ? server.checkHost(name) : server.checkIP(name);
  return match === undefined ? `the certificate is not for ${name}` : undefined;
}

/** The certificates the server sent, its own first. */
function presentedChain(peer: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<DetailedPeerCertificate>();
  // The last one is its own issuer, or has none.
  let current: DetailedPeerCertificate | undefined = peer;
  while (current?.raw !== undefined && !seen.has(current)) {
    seen.add(current);
    chain.push(new X509Certificate(current.raw));
    current = current.issuerCertificate;
  }
  return chain;
}

/** Reads PEM files, which may hold several certificates, and DER files. @throws DeliveryFailure 665. */
function readAuthorities(files: readonly Buffer[]): readonly X509Certificate[] {
  try {
    return files.flatMap((file) => {
      const blocks = file
        .toString("latin1")
        .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
      return (blocks ?? [file]).map((block) => new X509Certificate(block));
    });
  } catch {
    throw localFailure("tls", "a CA file holds no certificate");
  }
}
