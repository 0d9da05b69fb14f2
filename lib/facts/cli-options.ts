/** The command line of `quectel-modem-facts`: its options, its help, and what is made of them. Reads no file. */
import { parseArgs } from "node:util";
import type { MailSample } from "./asker";

export const help = `quectel-modem-facts: asks a Quectel module what its manuals leave open

Usage: quectel-modem-facts --port PATH [--baud RATE] | --tcp HOST:PORT [options]

The module
  --port PATH        serial port, such as /dev/ttyUSB2
  --baud RATE        line rate of a UART; 115200 if left out
  --tcp HOST:PORT    raw serial-over-IP server

What it may do; without these it opens no connection, sends no mail and restarts nothing
  --connect HOST:PORT
                     opens connections to this mail server over PDP context 1, which has to be active; the server has
                     to greet in clear (port 25, 587) and is told NOOP and QUIT, up to 90 kB of it
  --send FILE        sends up to 8 mails with the settings in FILE: one that is short, two with texts of 3073 and
                     10000 bytes, two with subjects of 99 and 100 bytes, one that asks for STARTTLS where the server
                     does not offer it, one to the address of a server in place of its name; one that cannot go
                     out, and some to facts@facts.invalid or with a login that does not exist, which the server is
                     expected to refuse; opens a connection to this server while the module holds the mail that
                     cannot go out, and says EHLO to it. Please look at the mails: their texts say what is right
  --restart          restarts the module: connections end, files in RAM are lost, a SIM PIN is
                     to be given again

What it gives
  --out FILE         writes the dialogue, private values masked
  --json             prints the answers as JSON
  --help             this text

FILE is JSON: { "host": "mail.example.com", "port": 465, "security": "tls", "user": "pump7@example.com",
  "password": "...", "sender": "pump7@example.com", "recipient": "duty@example.com", "contextId": 1 }
  security is none, tls or starttls. The certificate of the server is checked as the module is set.

No other program may use the port meanwhile. Settings are read first and put back; Ctrl-C puts them back as well.
It takes some minutes. The dialogue of a real module is welcome as a test of this package: please send it to us.

Exit status: 0 all was asked, 1 stopped or the module was lost, 2 nothing was asked, 3 something was not put back.
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
