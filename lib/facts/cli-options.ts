/** The command line of `quectel-modem-facts`: its options, its help, and what is made of them. Reads no file. */
import { parseArgs } from "node:util";
import type { MailSample } from "./asker";

export const help = `quectel-modem-facts: queries a Quectel module for what its manuals leave open

Usage: quectel-modem-facts --port PATH [--baud RATE] | --tcp HOST:PORT [options]

Module
  --port PATH        serial port, such as /dev/ttyUSB2
  --baud RATE        baud rate of a UART; default 115200
  --tcp HOST:PORT    serial-over-IP server in raw mode

Permissions; without them it opens no connection, sends no mail and restarts nothing
  --connect HOST:PORT
                     opens connections to this mail server over PDP context 1, which must be active. The server must
                     greet without encryption (port 25, 587); it is sent up to 90 kB of NOOP, and QUIT
  --send FILE        sends up to 8 mails with the settings in FILE: a short one, two with texts of 3073 and
                     10000 bytes, two with subjects of 99 and 100 bytes, one with STARTTLS if the server does not
                     offer it, one to the server's address instead of its name, one that cannot be sent, and some to
                     facts@facts.invalid or with a login that does not exist, which the server should reject. While
                     the module has the mail that cannot be sent, opens a connection to this server and sends EHLO.
                     Please check the mails: each says in its text what to look for
  --restart          restarts the module: connections end, files in RAM are lost, a SIM PIN must be
                     entered again

Output
  --out FILE         writes the communication, with private values masked
  --json             prints the results as JSON
  --help             shows this text

FILE is JSON: { "host": "mail.example.com", "port": 465, "security": "tls", "user": "pump7@example.com",
  "password": "...", "sender": "pump7@example.com", "recipient": "duty@example.com", "contextId": 1 }
  security is none, tls or starttls. The server's certificate is verified as the module is configured.

No other program may use the port meanwhile. Settings are read first and restored, also after Ctrl-C.
It takes several minutes. Records of real modules help to test this package: please send yours.

Exit status: 0 all queries done, 1 stopped or module lost, 2 nothing queried, 3 not everything restored.
`;

export type FactsService =
  | { readonly kind: "serial"; readonly path: string; readonly baudRate: number }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export type FactsCliOptions =
  | { readonly kind: "help" }
  | {
      readonly kind: "run";
      readonly service: FactsService;
      /** A mail server to connect to. */
      readonly connect: { readonly host: string; readonly port: number } | undefined;
      /** Path of the mail settings. */
      readonly send: string | undefined;
      readonly restart: "allowed" | "forbidden";
      /** Path of the transcript. */
      readonly out: string | undefined;
      readonly form: "text" | "json";
    };

/** @throws Error that says what is wrong with the arguments. */
export function parseCommandLine(args: readonly string[]): FactsCliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string" },
      baud: { type: "string", default: "115200" },
      tcp: { type: "string" },
      connect: { type: "string" },
      send: { type: "string" },
      restart: { type: "boolean", default: false },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  return {
    kind: "run",
    service: serviceOf(values.port, values.baud, values.tcp),
    connect: values.connect === undefined ? undefined : hostAndPort("--connect", values.connect),
    send: values.send,
    restart: values.restart ? "allowed" : "forbidden",
    out: values.out,
    form: values.json ? "json" : "text",
  };
}

/** @throws Error that names the setting that is wrong, without its value. */
export function parseMailSample(text: string): MailSample {
  const fields = new Map(Object.entries(parseJson(text) ?? {}));
  const string = (name: string): string => {
    const field = fields.get(name);
    if (typeof field !== "string") throw new Error(`${name} of the mail settings is a text`);
    return field;
  };
  const integer = (name: string, most: number, usual?: number): number => {
    const field = fields.get(name) ?? usual;
    if (typeof field === "number" && Number.isInteger(field) && field >= 1 && field <= most) return field;
    throw new Error(`${name} of the mail settings is a whole number up to ${most}`);
  };
  return {
    host: string("host"),
    port: integer("port", 65_535),
    security: securityOf(string("security")),
    user: string("user"),
    password: string("password"),
    sender: string("sender"),
    recipient: string("recipient"),
    contextId: integer("contextId", 16, 1),
  };
}

/** The message of JSON.parse would show what stands around the fault. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("the mail settings are not JSON");
  }
}

function securityOf(text: string): MailSample["security"] {
  switch (text) {
    case "none":
    case "tls":
    case "starttls":
      return text;
    default:
      throw new Error("security of the mail settings is none, tls or starttls");
  }
}

function serviceOf(path: string | undefined, baud: string, tcp: string | undefined): FactsService {
  if ((path === undefined) === (tcp === undefined)) {
    throw new Error("give either --port PATH or --tcp HOST:PORT; --help shows all options");
  }
  if (path !== undefined) {
    if (!/^\d{3,7}$/.test(baud)) throw new Error(`--baud takes a whole number; "${baud}" is none`);
    return { kind: "serial", path, baudRate: Number(baud) };
  }
  return { kind: "tcp", ...hostAndPort("--tcp", tcp ?? "") };
}

function hostAndPort(option: string, text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw new Error(`${option} takes HOST:PORT; "${text}" is none`);
  }
  return { host, port: Number(port) };
}
