/** The catalog of quectel-modem, which has the texts that dialogs and tab share. */

export const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem";

/** All texts below a key of the modem's catalog, with the places of their values as they are. */
export function group(key: string, language?: string): Readonly<Record<string, string>> {
  const texts: unknown = RED._(`${CATALOG}:${key}`, {
    returnObjects: true,
    skipInterpolation: true,
    ...(language === undefined ? {} : { lng: language }),
  });
  if (typeof texts !== "object" || texts === null) return {};
  const entries = Object.entries(texts).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return Object.fromEntries(entries);
}
