/** The command line of `quectel-modem-simulator`: its options, its help, and what is made of them. Pure. */
import { parseArgs } from "node:util";
import { lineRates } from "../line/line-rate";
import { portNames, type PortName } from "../device/port";
import { lifelike, noDelay, type Timing } from "../device/timing";
import { parseVariant, type VariantChoice } from "../variants/variants";

export const help = `quectel-modem-simulator: a simulated Quectel EC25 with an SMTP client that really delivers mail

Usage: quectel-modem-simulator --pty PATH | --tcp PORT [options]

Ports of the module (at least one; each up to three times: usbat, usbmodem, uart1)
  --pty PATH             pseudo-terminal at PATH; needs the program socat
  --tcp [HOST:]PORT      raw TCP server; default HOST 127.0.0.1
  --telnet               the TCP servers use Telnet, like some serial servers

The module
  --pin PIN              the SIM card requires this PIN
  --variant NAME=VALUE   firmware variant; can be repeated
  --list-variants        shows all variants with their values, [default] in brackets
  --baud RATE            simulated line rate; default 115200
  --fast                 no thinking, sending and boot times, and no line rate unless --baud sets one

The network
  --host NAME=ADDRESS    the module's DNS resolves NAME to ADDRESS; can be repeated
  --loopback-only        no mail leaves this machine

  --faults SEED          three faults in the next 5000 bytes, derived from SEED
  --trace                prints everything received and sent
  --help                 shows this text

Example: quectel-modem-simulator --pty /tmp/ttyModem --host mail.example.com=127.0.0.1
         then, in another terminal: minicom -D /tmp/ttyModem

Stop it with Ctrl-C.
`;

/** A way in for programs outside. */
export type Service =
  | { readonly kind: "pty"; readonly portName: PortName; readonly path: string }
  | {
      readonly kind: "tcp";
      readonly portName: PortName;
      readonly host: string;
      readonly tcpPort: number;
      readonly telnet: boolean;
    };

export type CliOptions =
  | { readonly kind: "help" }
  | { readonly kind: "listVariants" }
  | {
      readonly kind: "run";
      readonly services: readonly Service[];
      readonly variants: VariantChoice;
      readonly timing: Timing;
      readonly pin: string;
      readonly hosts: Readonly<Record<string, string>>;
      readonly loopbackOnly: boolean;
      readonly faultSeed: number | undefined;
      readonly trace: boolean;
    };

/** @throws Error that says what is wrong with the arguments. */
export function parseCommandLine(args: readonly string[]): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pty: { type: "string", multiple: true, default: [] },
      tcp: { type: "string", multiple: true, default: [] },
      telnet: { type: "boolean", default: false },
      pin: { type: "string", default: "" },
      variant: { type: "string", multiple: true, default: [] },
      "list-variants": { type: "boolean", default: false },
      baud: { type: "string" },
      fast: { type: "boolean", default: false },
      host: { type: "string", multiple: true, default: [] },
      "loopback-only": { type: "boolean", default: false },
      faults: { type: "string" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  if (values["list-variants"]) return { kind: "listVariants" };
  if (!/^(\d{4,8})?$/.test(values.pin)) throw new Error("--pin takes four to eight digits");
  return {
    kind: "run",
    services: services(values.pty, values.tcp, values.telnet),
    variants: Object.assign({}, ...values.variant.map(parseVariant)),
    timing: timingOf(values.fast, values.baud),
    pin: values.pin,
    hosts: Object.fromEntries(values.host.map(hostName)),
    loopbackOnly: values["loopback-only"],
    faultSeed: values.faults === undefined ? undefined : wholeNumber("--faults", values.faults),
    trace: values.trace,
  };
}

function services(ptys: readonly string[], tcps: readonly string[], telnet: boolean): readonly Service[] {
  const wanted = [...ptys.map((path) => ({ path })), ...tcps.map((address) => ({ address }))];
  if (wanted.length === 0) throw new Error("give --pty PATH or --tcp PORT; --help shows all options");
  return wanted.map((service, index) => {
    const portName = portNames[index];
    if (portName === undefined) throw new Error(`the module has only ${portNames.length} ports`);
    if ("path" in service) return { kind: "pty", portName, path: service.path };
    return { kind: "tcp", portName, telnet, ...tcpAddress(service.address) };
  });
}

function tcpAddress(text: string): { readonly host: string; readonly tcpPort: number } {
  const [, host = "127.0.0.1", port = ""] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  const tcpPort = Number(port);
  if (port === "" || tcpPort > 65535) throw new Error(`--tcp takes [HOST:]PORT; "${text}" is none`);
  return { host, tcpPort };
}

function timingOf(fast: boolean, baud: string | undefined): Timing {
  const timing = fast ? noDelay : lifelike;
  return baud === undefined ? timing : { ...timing, line: lineOf(baud) };
}

function lineOf(baud: string): number {
  const rate = wholeNumber("--baud", baud);
  if (!lineRates.includes(rate)) throw new Error(`--baud takes one of ${lineRates.join(", ")}`);
  return rate;
}

function hostName(text: string): readonly [name: string, address: string] {
  const [, name, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || address === undefined)
    throw new Error(`--host takes NAME=ADDRESS; "${text}" is none`);
  return [name.toLowerCase(), address];
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option} takes a whole number; "${text}" is none`);
  return Number(text);
}
