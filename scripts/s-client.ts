/**
 * `npm run s-client -- HOST:PORT`: TLS over a TCP connection of the module, in the manner of `openssl s_client`.
 *
 * What is typed goes to the server line by line, what it says comes to stdout, and what there is to know of the
 * connection to stderr. Without --port it opens the connection through a simulated module, which reaches this computer
 * only.
 */
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { systemClock } from "../lib/clock";
import { isModemError } from "../lib/errors";
import { Modem } from "../lib/quectel/connection/modem";
import type { Line } from "../lib/quectel/connection/line-source";
import { PdpContext } from "../lib/quectel/network/pdp";
import { memoryStore } from "../lib/quectel/key-value-store";
import type { NetworkSettings } from "../lib/quectel/settings";
import { ModuleSockets } from "../lib/quectel/sockets/module-sockets";
import { SerialTransport } from "../lib/serial/serial-transport";
import { TcpTransport } from "../lib/serial/tcp-transport";
import { SimulatedModem, simulatorTransport } from "../lib/simulator";

const HELP = `npm run s-client -- HOST:PORT [options]

--starttls           speak SMTP until STARTTLS, then TLS
--plain              no TLS at all
--port PORT          the module: a serial port, or tcp://host:port; left out: a simulated module
--baud RATE          of the serial port (115200)
--context N          the PDP context, 1..16 (1)
--apn NAME           its access point name; left out: as the module has it
--ca FILE            PEM of the authority to trust; left out: those of Node.js
--servername NAME    the name that the certificate must have; left out: HOST
`;

interface Call {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls" | "none";
  readonly module: Line;
  readonly network: NetworkSettings;
  readonly ca: Buffer | undefined;
  readonly serverName: string;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function callOf(args: readonly string[]): Call | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      starttls: { type: "boolean", default: false },
      plain: { type: "boolean", default: false },
      port: { type: "string" },
      baud: { type: "string", default: "115200" },
      context: { type: "string", default: "1" },
      apn: { type: "string", default: "" },
      ca: { type: "string" },
      servername: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(positionals[0] ?? "") ?? [];
  if (values.help || host === undefined || port === undefined) return undefined;
  return {
    host,
    port: Number(port),
    security: values.plain ? "none" : values.starttls ? "starttls" : "tls",
    module: moduleAt(values.port, Number(values.baud)),
    network: {
      contextId: Number(values.context),
      apn: values.apn,
      apnAuth: "none",
      apnUser: "",
      apnPassword: "",
      ipType: "ipv4",
      simPin: "",
      shared: false,
      idleMinutes: 0,
      allowReset: false,
    },
    ca: values.ca === undefined ? undefined : readFileSync(values.ca),
    serverName: values.servername ?? host,
  };
}

function moduleAt(path: string | undefined, baudRate: number): Line {
  if (path === undefined) return simulatorTransport(new SimulatedModem());
  const [, host, port] = /^tcp:\/\/(.+):(\d{1,5})$/.exec(path) ?? [];
  if (host !== undefined) return () => new TcpTransport({ host, port: Number(port) });
  return () => new SerialTransport({ path, baudRate, flowControl: "none", dtr: "leave", rts: "leave" });
}

/** Says `line` and waits for a reply that begins with `code`; the greeting is waited for without a line. */
async function smtp(lines: AsyncIterator<string>, socket: Duplex, line: string, code: string): Promise<void> {
  if (line !== "") socket.write(`${line}\r\n`);
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the server has closed the connection");
    tell(`< ${value}`);
    if (/^\d{3} /.test(value) && !value.startsWith(code)) throw new Error(`the server refuses ${line}`);
    if (value.startsWith(`${code} `)) return;
  }
}

async function askForTls(socket: Duplex): Promise<void> {
  const reader = createInterface({ input: socket });
  const lines = reader[Symbol.asyncIterator]();
  await smtp(lines, socket, "", "220");
  await smtp(lines, socket, "EHLO [127.0.0.1]", "250");
  await smtp(lines, socket, "STARTTLS", "220");
  reader.close();
  socket.removeAllListeners("data");
}

async function secured(socket: Duplex, { ca, serverName }: Call): Promise<TLSSocket> {
  const stream = connectTls({ socket, servername: serverName, ...(ca === undefined ? {} : { ca }) });
  await once(stream, "secureConnect");
  const { subject, valid_to: until } = stream.getPeerCertificate();
  tell(`${stream.getProtocol() ?? "TLS"}, ${stream.getCipher().name}`);
  tell(`certificate of ${String(subject.CN)}, valid until ${until}, verified`);
  return stream;
}

async function run(call: Call): Promise<void> {
  const quiet = (): void => undefined;
  const modem = new Modem({
    transport: call.module,
    clock: systemClock,
    network: call.network,
    log: { error: tell, warn: tell, info: quiet, debug: quiet },
  });
  const pdp = new PdpContext(modem, call.network);
  modem.acquire();
  try {
    await modem.whenReady();
    tell(`${modem.identity?.manufacturer ?? ""} ${modem.identity?.model ?? "module"} is ready`);
    await pdp.activate();
    const sockets = new ModuleSockets(modem, memoryStore());
    const { host, port, network } = call;
    const socket = await sockets.connect(
      { contextId: network.contextId, host, port },
      new AbortController().signal,
    );
    tell(`connected to ${host} port ${port}`);
    if (call.security === "starttls") await askForTls(socket);
    const stream = call.security === "none" ? socket : await secured(socket, call);
    const ended = once(stream, "close");
    stream.pipe(process.stdout, { end: false });
    const typed = createInterface({ input: process.stdin });
    typed.on("line", (line) => stream.write(`${line}\r\n`));
    typed.on("close", () => stream.end());
    await ended;
    typed.close();
    socket.destroy();
    await sockets.settled();
  } finally {
    pdp.close();
    await modem.close();
  }
}

const call = callOf(process.argv.slice(2));
if (call === undefined) {
  process.stdout.write(HELP);
} else {
  run(call).then(
    () => process.exit(0),
    (error: unknown) => {
      tell(error instanceof Error ? error.message : String(error));
      if (isModemError(error)) tell(error.hint);
      process.exit(1);
    },
  );
}
