/**
 * The name service the simulated network offers: names given by the test, then those of the host.
 *
 * With `loopbackOnly` nothing outside the host can be reached or even asked for.
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

export interface HostNameOptions {
  /** Names in lower case and their IP addresses; asked first. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Only 127.0.0.0/8, ::1 and `localhost` exist. Default false. */
  readonly loopbackOnly?: boolean;
  /** Other names than those of `hosts` do not exist; the name service of this computer is not asked. Default false. */
  readonly givenOnly?: boolean;
}

export type Resolution =
  | { readonly kind: "found"; readonly address: string }
  /** The name service does not know it. */
  | { readonly kind: "unknown" }
  /** There may be such a host, but this network does not reach it. */
  | { readonly kind: "unreachable" };

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** The address of a name or of an address given as text. */
export async function resolveHost(name: string, options: HostNameOptions): Promise<Resolution> {
  const asked = name.toLowerCase();
  const given = options.hosts?.[asked];
  if (options.loopbackOnly === true && given === undefined && isIP(asked) === 0 && asked !== "localhost") {
    return { kind: "unreachable" };
  }
  const address = given ?? (isIP(asked) !== 0 ? asked : await lookUp(asked, options));
  if (address === undefined) return { kind: "unknown" };
  if (options.loopbackOnly === true && !isLoopback(address)) return { kind: "unreachable" };
  return { kind: "found", address };
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

async function lookUp(name: string, { givenOnly = false }: HostNameOptions): Promise<string | undefined> {
  if (givenOnly) return undefined;
  try {
    return (await lookup(name, { order: "ipv4first" })).address;
  } catch {
    return undefined;
  }
}
