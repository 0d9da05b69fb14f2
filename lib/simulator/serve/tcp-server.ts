/** Serves one port of the modem as raw TCP, as ser2net does. One client at a time; a second one is turned away. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { PortName } from "../device/port";
import type { ServedModem, ServedPort } from "./served-modem";
import { telnetGreeting, telnetReader, toTelnet } from "./telnet";

export interface TcpOptions {
  /** 0 takes a free one. */
  readonly tcpPort: number;
  /** Default 127.0.0.1: the simulated modem is open to everybody who can connect. */
  readonly host?: string;
  readonly portName?: PortName;
  /** Speaks Telnet (RFC 854) instead of raw bytes, as serial servers do that are set up so. Default false. */
  readonly telnet?: boolean;
}

/** @throws the error of the operating system when the address cannot be used. */
export async function serveTcp(
  modem: ServedModem,
  options: TcpOptions,
): Promise<ServedPort & { readonly tcpPort: number }> {
  const host = options.host ?? "127.0.0.1";
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    connect(modem, options.portName ?? "usbat", socket, options.telnet === true);
  });
  server.listen(options.tcpPort, host);
  await once(server, "listening");
  const tcpPort = boundPort(server);
  return {
    tcpPort,
    address: `tcp://${host}:${tcpPort}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function connect(modem: ServedModem, portName: PortName, socket: Socket, isTelnet: boolean): void {
  // A reset connection is told by "close" as well; without a listener the error would end the process.
  socket.on("error", () => undefined);
  const line = modem.open(portName, {
    received: (bytes) => socket.write(isTelnet ? toTelnet(bytes) : bytes),
    vanished: () => socket.destroy(),
  });
  if (typeof line === "string") {
    socket.destroy();
    return;
  }
  if (isTelnet) socket.write(telnetGreeting);
  const fromTelnet = isTelnet ? telnetReader() : (bytes: Buffer): Buffer => bytes;
  socket.on("data", (bytes: Buffer) => {
    const plain = fromTelnet(bytes);
    if (plain.length > 0) line.write(plain);
  });
  socket.once("close", () => line.close());
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no TCP port");
  return address.port;
}
