/** AT+QSMTPCFG: account, sender, server and context (fact base 2.1). */
import { ERROR, OK, type CommandContext, type CommandTable, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { integerIn, quotedText } from "../device/parameters";
import { smtpClient, smtpSettings, type SmtpSettings } from "../delivery/smtp-state";
import { limitedText, whenIdle, wrongParameter } from "./smtp-guard";

/** One key of QSMTPCFG. */
interface Key {
  /** What the test form shows behind the key. */
  readonly range: string;
  /** Values as the query shows them. */
  readonly show: (settings: SmtpSettings, modem: Device) => string;
  /** Takes the values behind the key; undefined when they are wrong. */
  readonly parse: (context: CommandContext) => Partial<SmtpSettings> | undefined;
}

const keys: Readonly<Record<string, Key>> = {
  account: {
    range: "<username>,<password>",
    show: ({ user, password }, modem) => `"${user}","${shownPassword(password, modem)}"`,
    parse: ({ modem, parameters }) => {
      const user = limitedText(modem, parameters[1]);
      const password = limitedText(modem, parameters[2]);
      return user === undefined || password === undefined || parameters.length !== 3
        ? undefined
        : { user, password };
    },
  },
  sender: {
    range: "<sender_name>,<sender_email>",
    show: ({ senderName, senderAddress }) => `"${senderName}","${senderAddress}"`,
    parse: ({ modem, parameters }) => {
      const senderName = limitedText(modem, parameters[1]);
      const senderAddress = limitedText(modem, parameters[2]);
      return senderName === undefined || senderAddress === undefined || parameters.length !== 3
        ? undefined
        : { senderName, senderAddress };
    },
  },
  smtpserver: {
    range: "<srvaddr>,<srvport>",
    show: ({ host, port }) => `"${host}",${port}`,
    parse: ({ modem, parameters }) => {
      const host = limitedText(modem, parameters[1]);
      const port = integerIn(parameters[2], 1, 65_535);
      return host === undefined || port === undefined || parameters.length !== 3 ? undefined : { host, port };
    },
  },
  contextid: number("contextId", 1, 16, "(1-16)"),
  sslctxid: number("sslContextId", 0, 5, "(0-5)"),
  ssltype: number("sslType", 0, 2, "(0-2)"),
  bodyoriginal: number("bodyOriginal", 0, 1, "(0,1)"),
  addrseparator: number("addressSeparator", 0, 1, "(0,1)"),
};

type NumberSetting = "contextId" | "sslContextId" | "sslType" | "bodyOriginal" | "addressSeparator";

function number(name: NumberSetting, min: number, max: number, range: string): Key {
  return {
    range,
    show: (settings) => `${settings[name]}`,
    parse: ({ parameters }) => {
      const value = integerIn(parameters[1], min, max);
      return value === undefined || parameters.length !== 2 ? undefined : { [name]: value };
    },
  };
}

function shownPassword(password: string, modem: Device): string {
  return modem.variants["password-readback"] === "clear" ? password : "*".repeat(password.length);
}

function isPresent(name: string, modem: Device): boolean {
  if (name === "bodyoriginal") return modem.variants["key-bodyoriginal"] === "present";
  if (name === "addrseparator") return modem.variants["key-addrseparator"] === "present";
  return true;
}

function listKeys({ modem, info }: CommandContext): FinalResult {
  for (const [name, { range }] of Object.entries(keys)) {
    if (isPresent(name, modem)) info(`+QSMTPCFG: "${name}",${range}`);
  }
  return OK;
}

function setOrQuery(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const name = quotedText(parameters[0])?.toLowerCase() ?? "";
  const key = keys[name];
  if (key === undefined || !isPresent(name, modem)) return wrongParameter;
  const settings = smtpSettings(modem);
  if (parameters.length === 1) {
    context.info(`+QSMTPCFG: "${name}",${key.show(settings, modem)}`);
    return OK;
  }
  const change = key.parse(context);
  if (change === undefined) return wrongParameter;
  if (name === "account" && !isAccountTaken(modem)) return ERROR;
  Object.assign(settings, change);
  return OK;
}

/** Some firmware takes the account only after several attempts (fact base 8). */
function isAccountTaken(modem: Device): boolean {
  return ++smtpClient(modem).accountAttempts >= Number(modem.variants["account-attempts"]);
}

export const smtpSettingsCommands: CommandTable = {
  "+QSMTPCFG": { test: listKeys, write: whenIdle(setOrQuery) },
};
