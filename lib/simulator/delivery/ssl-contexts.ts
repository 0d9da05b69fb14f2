/** The six SSL contexts of the module and what they mean for a handshake (fact base 5). */
import { findFile } from "../module/file-store";
import { moduleTime } from "../module/module-clock";
import { localFailure } from "./smtp-codes";
import { stateKey, type Device } from "../device/device";
import { allCipherSuites, type TlsSettings } from "./tls-client";

export const HIGHEST_SSL_CONTEXT = 5;

/** Settings that are numbers, with range and default; a few have their default from a switch instead. */
export const numberSettings = {
  sslversion: [0, 4, 4],
  seclevel: [0, 2, 0],
  ignorelocaltime: [0, 1, 1],
  negotiatetime: [10, 300, 300],
  sni: [0, 1, 0],
  closetimemode: [0, 1, 0],
  session_cache: [0, 1, 0],
  renegotiation: [0, 1, 0],
  dtls: [0, 1, 0],
  dtlsversion: [0, 2, 2],
  ignoremulticertchainverify: [0, 1, 0],
  ignoreinvalidcertsign: [0, 1, 0],
  ignorecertitem: [0, 1_048_575, 0],
  ignoreprivkey: [0, 1, 0],
} as const;

/** Settings that are texts, empty by default. */
export const textSettings = ["cacert", "cacertex", "clientcert", "clientkey", "alpn", "psk"] as const;

export type NumberSetting = keyof typeof numberSettings;
export type TextSetting = (typeof textSettings)[number];

/** What was set in one context; what was not has its default. */
export interface SslContext {
  cipherSuite: number;
  readonly numbers: Map<NumberSetting, number>;
  readonly texts: Map<TextSetting, string>;
  clientKeyPassword: string;
}

const factoryContexts = (): readonly SslContext[] =>
  Array.from({ length: HIGHEST_SSL_CONTEXT + 1 }, () => ({
    cipherSuite: allCipherSuites,
    numbers: new Map(),
    texts: new Map(),
    clientKeyPassword: "",
  }));
const volatileContexts = stateKey("start", "SSL contexts", factoryContexts);
const storedContexts = stateKey("flash", "stored SSL contexts", factoryContexts);

/** @param id 0..5; undefined for any other. */
export function sslContext(modem: Device, id: number): SslContext | undefined {
  const kept = modem.variants["ssl-after-restart"] === "kept";
  return modem.state(kept ? storedContexts : volatileContexts)[id];
}

export function numberSetting(modem: Device, context: SslContext, name: NumberSetting): number {
  return context.numbers.get(name) ?? usualNumber(modem, name);
}

function usualNumber(modem: Device, name: NumberSetting): number {
  if (name !== "sslversion" && name !== "seclevel" && name !== "ignorelocaltime")
    return numberSettings[name][2];
  return Number(modem.variants[`${name}-default`]);
}

/**
 * The settings of a context with the files they name, as they are now.
 *
 * @throws DeliveryFailure 665 when a file is missing.
 */
export function tlsSettings(modem: Device, id: number): TlsSettings {
  const context = sslContext(modem, id);
  if (context === undefined) throw localFailure("tls", `no SSL context ${id}`);
  const number = (name: NumberSetting): number => numberSetting(modem, context, name);
  const level = number("seclevel");
  const authorities = [context.texts.get("cacert"), context.texts.get("cacertex")];
  return {
    version: number("sslversion"),
    cipherSuite: context.cipherSuite,
    verify: level > 0,
    authorities: level > 0 ? authorities.flatMap((path) => (path ? [readFile(modem, path)] : [])) : [],
    client: level === 2 ? clientCertificate(modem, context) : undefined,
    time: number("ignorelocaltime") === 1 ? undefined : moduleTime(modem),
    sni: number("sni") === 1,
    checkName: modem.variants["tls-server-name"] === "checked",
    handshakeMs: number("negotiatetime") * 1000,
  };
}

function clientCertificate(modem: Device, context: SslContext): TlsSettings["client"] {
  return {
    cert: readFile(modem, context.texts.get("clientcert") ?? ""),
    key: readFile(modem, context.texts.get("clientkey") ?? ""),
    ...(context.clientKeyPassword === "" ? {} : { password: context.clientKeyPassword }),
  };
}

function readFile(modem: Device, path: string): Buffer {
  const file = findFile(modem, path);
  if (file === undefined) throw localFailure("tls", `no file ${path}`);
  return file.content;
}
