/** What must not be readable in a trace, a report or a list of mails: addresses, identities, credentials. */
import { MASK, maskSecrets } from "../../../lib/serial/trace";
import type { ModemSettings } from "../settings/modem-settings";

/** A shorter credential is masked by the trace where it is sent; in running text it would hide half of every line. */
const SHORTEST_CREDENTIAL = 4;

/** What may be an address as a whole: searched for `@` from each character, a long line of noise would take its time. */
const WORD = /[^\s"'<>,;:=()[\]]+/g;
/** IMEI and IMSI have 14 to 16 digits, an ICCID up to 20, the last of which may be a hex digit (ITU-T E.118). */
const IDENTITY = /(?<![0-9A-Za-z])\d{14,22}[0-9A-F]{0,2}(?![0-9A-Za-z])/g;
/** The subject of a mail, and the name of its sender. */
const SUBJECT = /(\+QSMTPSUB[=:][^"+\r\n]*)".*/g;
const SENDER = /("sender",)"[^"]*"/g;

/** `d•••@example.com`: enough to tell mails apart, not enough to write to somebody. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf("@");
  const [first = ""] = address;
  return at < 1 ? MASK : `${first}${MASK}${address.slice(at)}`;
}

/** `text` with each address as `d•••@example.com`. */
export function withMaskedAddresses(text: string): string {
  return replacedAddresses(text, maskedAddress);
}

function replacedAddresses(text: string, by: (address: string) => string): string {
  return text.replace(WORD, (word) => (/.@./.test(word) ? by(word) : word));
}

/** `text` fit for strangers: no address, no number of module or card, no subject, none of the `credentials`. */
export function forStrangers(text: string, credentials: readonly string[]): string {
  const hidden = maskSecrets(text, credentials)
    .replace(SUBJECT, `$1"${MASK}"`)
    .replace(SENDER, `$1"${MASK}"`);
  return replacedAddresses(hidden, () => MASK).replace(IDENTITY, MASK);
}

/** Everything in the settings that is a credential, user names included. */
export function credentialsOf({ network, smtp }: ModemSettings): readonly string[] {
  const { simPin, apnUser, apnPassword } = network;
  return [simPin, apnUser, apnPassword, smtp.user, smtp.password, ...tokenSecretsOf(smtp)].filter(
    (credential) => credential.length >= SHORTEST_CREDENTIAL,
  );
}

/** What tokens are issued for. A key is searched for whole and line by line, as a message may hold a part of it. */
export function tokenSecretsOf({ tokens }: ModemSettings["smtp"]): readonly string[] {
  switch (tokens?.kind) {
    case undefined:
      return [];
    case "microsoft":
    case "oauth2":
      return [tokens.clientSecret];
    case "google":
      return [tokens.privateKey, ...tokens.privateKey.split("\n").filter((line) => !/^-----|^$/.test(line))];
  }
}
