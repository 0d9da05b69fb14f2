/** AT+QSSLCFG: the settings of the SSL contexts (fact base 5). Anything wrong gives ERROR, never a number. */
import { ERROR, OK, type CommandContext, type Feature, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import { integerIn, printedRange, quotedText, type Parameter } from "../device/parameters";
import {
  HIGHEST_SSL_CONTEXT,
  numberSetting,
  numberSettings,
  sslContext,
  textSettings,
  type NumberSetting,
  type SslContext,
  type TextSetting,
} from "../delivery/ssl-contexts";
import { allCipherSuites } from "../delivery/tls-client";

/** Cipher suites of the family; newer firmware has dropped the weak ones. */
const cipherSuites = [
  0x0035, 0x002f, 0x0005, 0x0004, 0x000a, 0x003d, 0xc002, 0xc003, 0xc004, 0xc005, 0xc007, 0xc008, 0xc009,
  0xc00a, 0xc00c, 0xc00d, 0xc00e, 0xc00f, 0xc011, 0xc012, 0xc013, 0xc014, 0xc023, 0xc024, 0xc025, 0xc026,
  0xc027, 0xc028, 0xc029, 0xc02a, 0xc02f, 0xc030, 0xffff,
] as const;
const weakSuites: readonly number[] = [0x0004, 0xc002, 0xc007, 0xc00c, 0xc011];

function offeredSuites(modem: Device): readonly number[] {
  return modem.variants["cipher-list"] === "long"
    ? cipherSuites
    : cipherSuites.filter((suite) => !weakSuites.includes(suite));
}

const isNumberSetting = (name: string): name is NumberSetting => Object.hasOwn(numberSettings, name);
const isTextSetting = (name: string): name is TextSetting => textSettings.some((known) => known === name);
function isPresent(name: string, { variants }: Device): boolean {
  switch (name) {
    case "sni":
      return variants["key-sni"] === "present";
    case "ignorecertitem":
      return variants.firmware !== "01.003";
    case "ignoreprivkey":
      return variants.firmware === "A0.301";
    default:
      return true;
  }
}
const printedSuite = (suite: number): string => `0X${suite.toString(16).toUpperCase().padStart(4, "0")}`;

/** The list as EG25-G firmware prints it: its own order, files as paths, suites C011 to C014 before C00C to C00F. */
const dumpedKeys = [
  "sslversion",
  "dtls",
  "dtlsversion",
  "ciphersuite",
  "cacert",
  "cacertex",
  "clientcert",
  "clientkey",
  "seclevel",
  "ignorelocaltime",
  "negotiatetime",
  "sni",
  "psk",
  "closetimemode",
  "session_cache",
  "alpn",
  "renegotiation",
  "ignoremulticertchainverify",
  "ignoreinvalidcertsign",
  "ignorecertitem",
  "ignoreprivkey",
] as const;

const placeholders: Readonly<Record<TextSetting, string>> = {
  cacert: "<cacertpath>",
  cacertex: "<cacertexpath>",
  clientcert: "<client_cert_path>",
  clientkey: "<client_key_path>",
  alpn: "<alpn>",
  psk: "<psk>",
};

function dumpedSuites(modem: Device): string {
  const isLater = (suite: number): boolean => suite >= 0xc00c && suite <= 0xc00f;
  const offered = offeredSuites(modem);
  const at = offered.findIndex((suite) => suite > 0xc014);
  const head = offered.slice(0, at);
  const sorted = [...head.filter((suite) => !isLater(suite)), ...head.filter(isLater), ...offered.slice(at)];
  const blank = modem.variants.firmware === "01.003" ? " " : "";
  return sorted.map(printedSuite).join(",").replace("0XC005,", `0XC005,${blank}`);
}

function dumpKeys({ modem, info }: CommandContext): FinalResult {
  const contexts = `(0-${HIGHEST_SSL_CONTEXT})`;
  for (const key of dumpedKeys) {
    if (!isPresent(key, modem)) continue;
    if (key === "ciphersuite") info(`+QSSLCFG: "${key}",${contexts},(${dumpedSuites(modem)})`);
    else if (key === "dtlsversion") info(`+QSSLCFG: "${key}",${contexts},(0,1)`);
    else if (isTextSetting(key)) info(`+QSSLCFG: "${key}",${contexts},${placeholders[key]}`);
    else info(`+QSSLCFG: "${key}",${contexts},${printedRange(...limitsOf(key))}`);
  }
  return OK;
}

const limitsOf = (key: NumberSetting): readonly [min: number, max: number] => [
  numberSettings[key][0],
  numberSettings[key][1],
];

function listKeys(context: CommandContext): FinalResult {
  const { modem, info } = context;
  if (modem.variants["tls-key-list"] === "paths") return dumpKeys(context);
  const contexts = `(0-${HIGHEST_SSL_CONTEXT})`;
  const suites = offeredSuites(modem).map(printedSuite).join(",");
  info(`+QSSLCFG: "ciphersuite",${contexts},(${suites})`);
  for (const [name, [min, max]] of Object.entries(numberSettings)) {
    if (isPresent(name, modem)) info(`+QSSLCFG: "${name}",${contexts},(${min}-${max})`);
  }
  for (const name of textSettings) info(`+QSSLCFG: "${name}",${contexts},<${name}>`);
  return OK;
}

function setOrQuery(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const name = quotedText(parameters[0])?.toLowerCase() ?? "";
  const id = integerIn(parameters[1], 0, HIGHEST_SSL_CONTEXT);
  const ssl = id === undefined ? undefined : sslContext(modem, id);
  if (ssl === undefined || !isPresent(name, modem)) return ERROR;
  const values = parameters.slice(2);
  if (values.length > 0) return set(modem, ssl, name, values) ? OK : ERROR;
  const shown = show(modem, ssl, name);
  if (shown === undefined) return ERROR;
  context.info(`+QSSLCFG: "${name}",${id},${shown}`);
  return OK;
}

function show(modem: Device, ssl: SslContext, name: string): string | undefined {
  if (name === "ciphersuite") return printedSuite(ssl.cipherSuite);
  if (isNumberSetting(name)) return `${numberSetting(modem, ssl, name)}`;
  return isTextSetting(name) ? `"${ssl.texts.get(name) ?? ""}"` : undefined;
}

/** @returns false when the value is not one of the key. */
function set(modem: Device, ssl: SslContext, name: string, values: readonly Parameter[]): boolean {
  const [value, second] = values;
  if (values.length > (name === "clientkey" ? 2 : 1)) return false;
  if (name === "ciphersuite") return setSuite(modem, ssl, value);
  if (isNumberSetting(name)) {
    const [min, max] = numberSettings[name];
    const number = integerIn(value, min, max);
    if (number !== undefined) ssl.numbers.set(name, number);
    return number !== undefined;
  }
  const text = quotedText(value);
  const password = second === undefined ? "" : quotedText(second);
  if (!isTextSetting(name) || text === undefined || password === undefined) return false;
  ssl.texts.set(name, text);
  if (name === "clientkey") ssl.clientKeyPassword = password;
  return true;
}

function setSuite(modem: Device, ssl: SslContext, value: Parameter | undefined): boolean {
  if (value?.kind !== "hex") return false;
  if (value.value !== allCipherSuites && !offeredSuites(modem).includes(value.value)) return false;
  ssl.cipherSuite = value.value;
  return true;
}

export const sslFeature: Feature = {
  name: "ssl",
  commands: { "+QSSLCFG": { test: listKeys, write: setOrQuery } },
};
