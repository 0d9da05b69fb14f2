/** Texts that the dialogs share: they stand in the catalog of quectel-modem. */

const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem:";

/** A text of the modem's catalog. */
export function text(key: string, values?: object): string {
  return RED._(CATALOG + key, values);
}

/** A text of the catalog, or `fallback` where this language has none. */
export function translated(key: string, fallback: string): string {
  const found = text(key);
  return found.endsWith(key) ? fallback : found;
}
