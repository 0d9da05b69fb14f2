/** Opens the real connection of a socket of the module: name, address, stream, and the error number of each failure. */
import { createConnection, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { resolveHost } from "../delivery/host-names";
import { internet } from "../delivery/internet";
import type { Device } from "../device/device";
import { broken } from "../module/world";
import type { TcpipError } from "../device/tcpip-errors";
import type { SocketParameters } from "./tcp-socket";

/** How long a peer may take to answer, ms: a filtered port says nothing. */
const CONNECT_MS = 75_000;

export type Connected =
  | { readonly kind: "connected"; readonly stream: Duplex; readonly address: string }
  | { readonly kind: "failed"; readonly error: TcpipError };

/** Connects to the peer; never rejects but for an aborted signal. */
export async function connectTo(
  modem: Device,
  { host, port, localPort }: SocketParameters,
): Promise<Connected> {
  if (modem.state(broken).dataStack !== undefined) return { kind: "failed", error: 566 };
  const network = modem.state(internet);
  const inside = network.tcpServer?.(host, port);
  if (inside !== undefined) return { kind: "connected", stream: inside, address: "127.0.0.1" };
  const found = await modem.busy(resolveHost(host, network));
  if (found.kind === "unknown") return { kind: "failed", error: 565 };
  if (found.kind === "unreachable") return { kind: "failed", error: 566 };
  return modem.busy(openStream(modem, found.address, port, localPort));
}

function openStream(modem: Device, address: string, port: number, localPort: number): Promise<Connected> {
  return new Promise((resolve) => {
    const stream: Socket = createConnection({
      host: address,
      port,
      allowHalfOpen: true,
      noDelay: true,
      ...(localPort === 0 ? {} : { localPort }),
    });
    const end = (connected: Connected): void => {
      limit.clear();
      if (connected.kind === "failed") stream.destroy();
      resolve(connected);
    };
    const limit = modem.clock.after(CONNECT_MS, () => end({ kind: "failed", error: 566 }));
    stream.once("connect", () => end({ kind: "connected", stream, address }));
    stream.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", error: isBindError(error) ? 556 : 566 }),
    );
  });
}

const isBindError = ({ code }: NodeJS.ErrnoException): boolean =>
  code === "EADDRINUSE" || code === "EACCES" || code === "EADDRNOTAVAIL";
