/** A mail and settings for the tests of the delivery. */
import { systemClock } from "../../../lib/clock";
import type { Environment } from "../../../lib/simulator/delivery/smtp-connection";
import { usualHabits, type Delivery } from "../../../lib/simulator/delivery/smtp-delivery";
import type { TlsSettings } from "../../../lib/simulator/delivery/tls-client";
import { certificate, type CertificateName } from "../../support/certificates";

export const uncheckedTls: TlsSettings = {
  version: 4,
  cipherSuite: 0xffff,
  verify: false,
  authorities: [],
  client: undefined,
  time: undefined,
  sni: false,
  checkName: false,
  handshakeMs: 30_000,
};

/** Settings that check the server against one authority. */
export function checkedBy(authority: CertificateName, more: Partial<TlsSettings> = {}): TlsSettings {
  return {
    ...uncheckedTls,
    verify: true,
    authorities: [Buffer.from(certificate(authority).cert)],
    ...more,
  };
}

export function delivery(port: number, more: Partial<Delivery> = {}): Delivery {
  return {
    host: "127.0.0.1",
    port,
    security: "none",
    tls: uncheckedTls,
    user: "",
    password: "",
    clientName: "localhost",
    habits: usualHabits,
    sender: "pump7@example.com",
    recipients: ["duty@example.com"],
    message: [Buffer.from("Subject: alarm\r\n\r\nLevel\r\n")],
    before: async () => undefined,
    ...more,
  };
}

/** Real time, nobody interrupts. */
export function realTime(signal: AbortSignal = new AbortController().signal): Environment {
  return { clock: systemClock, busy: (work) => work, signal };
}
