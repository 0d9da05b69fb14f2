/**
 * TypedSettings: what was typed in a dialog, in the form that the library takes.
 *
 * A password that was left untouched is the stored one, which the browser never had. It is used only where it would go
 * the way for which it was stored: who may edit flows must not be able to have it sent to a server of his own.
 */
import { isDeepStrictEqual } from "node:util";
import { isModemError } from "../../../lib/errors";
import { primitiveText } from "../../../lib/mail/message/foreign";
import { readConnection } from "../settings/connection-options";
import { type ModemCredentials, type ModemSettings, readModemSettings } from "../settings/modem-settings";
import { ModemOptions } from "../settings/modem-options";
import { invalid, savedOptions, PropertyError, type RawOptions } from "../settings/options";
import { CREDENTIALS, type TestRequest } from "./request";

/** A modem as it was deployed, `${ENV}` not yet replaced. */
export interface DeployedModem {
  readonly properties: RawOptions;
  readonly credentials: ModemCredentials;
  /** Variables as the deployed modem sees them; undefined inside a subflow, where each instance has its own. */
  readonly environment: Environment | undefined;
}

/** The value of an environment variable as the runtime knows it, of any type; undefined when it is not set. */
export type Environment = (name: string) => unknown;

type CredentialName = (typeof CREDENTIALS)[number];

/** What a credential travels over; it is never used where one of these has changed. */
const WAYS: Readonly<Record<CredentialName, readonly Way[]>> = {
  simPin: ["connection"],
  apnUser: ["connection", "network"],
  apnPassword: ["connection", "network"],
  smtpUser: ["connection", "server"],
  smtpPassword: ["connection", "server"],
  // A token goes to the mail server, and what it is issued for to the endpoint.
  clientSecret: ["connection", "server", "tokens"],
  serviceAccount: ["connection", "server", "tokens"],
};

type Way = "connection" | "network" | "server" | "tokens";

/**
 * The settings; a modem can be tried before a mail server was chosen, and then its host is empty.
 *
 * @throws INVALID_CONFIG for a property that cannot be used, INVALID_CREDENTIAL for one that has to be typed again.
 */
export function typedSettings(
  { kind, properties, credentials }: Pick<TestRequest, "kind" | "properties" | "credentials">,
  deployed: DeployedModem | undefined,
  environment: Environment,
): ModemSettings {
  const typed = expanded(properties, environment);
  const merged: Partial<Record<CredentialName, string>> = {};
  for (const name of CREDENTIALS) {
    const value = credentials[name] ?? stored(name, typed, deployed);
    // A stored variable is the one of the deployed modem's flow, whichever flow the dialog names.
    const source = credentials[name] === undefined ? (deployed?.environment ?? environment) : environment;
    if (value !== "") merged[name] = primitiveText(expandedValue(name, value, source)) ?? "";
  }
  try {
    return kind === "mail" ? readModemSettings(typed, merged) : settingsWithoutMail(typed, merged);
  } catch (error) {
    throw withoutValue(error, { ...properties, ...credentials });
  }
}

/** The value of a variable is never told, not even where it cannot be used. */
function withoutValue(error: unknown, typed: RawOptions): unknown {
  if (!(error instanceof PropertyError)) return error;
  const variable = typed[error.property];
  if (typeof variable !== "string" || !VARIABLE.test(variable)) return error;
  return invalid(error.property, `is ${variable}, but what this variable holds cannot be used here`);
}

function settingsWithoutMail(typed: RawOptions, credentials: ModemCredentials): ModemSettings {
  const given = Object.entries(typed).filter(([, value]) => value !== "");
  const settings = readModemSettings({ ...NO_SERVER, ...Object.fromEntries(given) }, credentials);
  const { smtp } = settings;
  return smtp.host === NO_SERVER.smtpHost ? { ...settings, smtp: { ...smtp, host: "" } } : settings;
}

/** RFC 2606 section 2: reserved names. */
const NO_SERVER = { smtpHost: "none.invalid", smtpPort: 465, senderAddress: "nobody@none.invalid" } as const;

/** The stored credential for what was typed; empty when none is stored. */
function stored(name: CredentialName, typed: RawOptions, deployed: DeployedModem | undefined): string {
  const value = deployed?.credentials[name] ?? "";
  if (value === "" || deployed === undefined) return "";
  const before = waysBefore(deployed);
  const now = waysOf(typed);
  if (before === undefined || now === undefined) throw new PropertyError("INVALID_CREDENTIAL", name);
  for (const way of WAYS[name]) {
    if (!isDeepStrictEqual(before[way], now[way])) throw new PropertyError("INVALID_CREDENTIAL", name);
  }
  return value;
}

/** Where the stored credentials go; undefined where it is unknown. */
function waysBefore({ properties, environment }: DeployedModem): Record<Way, unknown> | undefined {
  if (environment === undefined) return undefined;
  try {
    return waysOf(expanded(properties, environment));
  } catch (error) {
    if (isModemError(error, "INVALID_CONFIG")) return undefined;
    throw error;
  }
}

/** Where credentials go with these properties, `${ENV}` replaced; undefined where the properties cannot be read. */
function waysOf(properties: RawOptions): Record<Way, unknown> | undefined {
  try {
    const options = savedOptions(properties);
    const root = options.text("tlsRoot", "auto");
    return {
      connection: addressOf(new ModemOptions(properties)),
      network: lowerCase(options.text("apn")),
      server: {
        host: lowerCase(options.text("smtpHost")),
        port: options.text("smtpPort"),
        security: options.text("smtpSecurity", "tls"),
        verify: options.flag("tlsVerify", true),
        root,
        ca: root === "pem" ? options.text("tlsCa") : "",
      },
      tokens: {
        login: options.text("login", "password"),
        tenant: lowerCase(options.text("tenant")),
        tokenUrl: options.text("tokenUrl"),
      },
    };
  } catch (error) {
    if (isModemError(error, "INVALID_CONFIG")) return undefined;
    throw error;
  }
}

/** Names of hosts and access points know no case in ASCII; other letters are other names. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The connection without how the line is set, which leads nowhere else. */
function addressOf(options: ModemOptions): object {
  const connection = readConnection(options);
  return connection.kind === "serial" ? { kind: connection.kind, path: connection.path } : connection;
}

function expanded(properties: RawOptions, environment: Environment): RawOptions {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === "string" ? expandedValue(name, value, environment) : value,
    ]),
  );
}

const VARIABLE = /^\$\{(\S+)\}$/;

/** As Node-RED does it for a deployed node: only a value that is nothing but one variable is replaced. */
function expandedValue(name: string, value: string, environment: Environment): unknown {
  const [, variable] = VARIABLE.exec(value) ?? [];
  if (variable === undefined) return value;
  const found = environment(variable);
  if (found === undefined) throw invalid(name, `is ${value}, but this variable is not set`);
  return found;
}
