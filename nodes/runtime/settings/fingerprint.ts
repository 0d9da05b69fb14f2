/** Which settings an error concerns, so that the outbox notices when a person has changed them. */
import type { Fingerprint } from "../../../lib/outbox/outbox-types";
import type { ModemSettings } from "./modem-settings";

export function fingerprintOf({ connection, network, mailer, smtp }: ModemSettings): Fingerprint {
  const { host, port, security, tls, user, password, tokens, senderAddress } = smtp;
  const { contextId, apn, apnAuth, apnUser, apnPassword, ipType, simPin } = network;
  return {
    port: join(connection),
    sim: join(simPin),
    apn: join(contextId, apn, apnAuth, apnUser, apnPassword, ipType),
    server: join(mailer, host, port, security, tls),
    login: join(mailer, host, user, password, tokens),
    sender: join(host, user, senderAddress),
  };
}

function join(...values: unknown[]): string {
  return JSON.stringify(values);
}
