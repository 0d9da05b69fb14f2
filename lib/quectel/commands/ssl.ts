/**
 * QSSLCFG: the keys of an SSL context that a mail needs.
 *
 * Source: Quectel SSL AT Commands Manual. Errors come without a number; a key that old firmware does not know is a
 * plain ERROR.
 */
import { type Command, fileName, hex, nothing, num, str } from "../../at/command";
import { TIMEOUT_MS } from "./common";

/** Value of a key, by key. */
export interface SslValues {
  /** 0 SSL 3.0, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2, 4 all. */
  readonly sslversion: number;
  /** Id of one cipher suite, 0xFFFF all. */
  readonly ciphersuite: number;
  /** File of the root certificate. */
  readonly cacert: string;
  /** 0 no check, 1 check the server, 2 check both. */
  readonly seclevel: number;
  /** 0 check the validity dates of certificates, 1 do not. */
  readonly ignorelocaltime: number;
  /** Longest handshake in seconds, 10..300. */
  readonly negotiatetime: number;
  /** 1 names the server in the handshake (RFC 6066 section 3). */
  readonly sni: number;
}

export type SslKey = keyof SslValues;

const WRITTEN: { readonly [key in SslKey]: (value: SslValues[key]) => string } = {
  sslversion: (value) => num(value, { min: 0, max: 4 }),
  ciphersuite: (value) => hex(value, { max: 0xffff }),
  cacert: fileName,
  seclevel: (value) => num(value, { min: 0, max: 2 }),
  ignorelocaltime: (value) => num(value, { min: 0, max: 1 }),
  negotiatetime: (value) => num(value, { min: 10, max: 300 }),
  sni: (value) => num(value, { min: 0, max: 1 }),
};

/** A QSSLCFG command; `key` names context and key. */
export interface SslSetting extends Command<void> {
  readonly key: string;
}

/** Sets one key of context 0..5. */
export function setSsl<K extends SslKey>(context: number, key: K, value: SslValues[K]): SslSetting {
  return {
    key: `ssl ${context} ${key}`,
    line: `AT+QSSLCFG=${str(key)},${num(context, { min: 0, max: 5 })},${WRITTEN[key](value)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
}
