/**
 * The fields of the dialogs as a person finds them: by label and, in the modem's dialog, by tab.
 *
 * English, as everything that the runtime says; the editor puts its own words in their place (editor/shared/field-name.ts).
 * A test holds them against dialogs and catalogs.
 */
import type { ModemProperty } from "./modem-properties";

type Tab = "Modem" | "Network" | "Mail server" | "Certificate" | "Outbox";
type Place = readonly [label: string, tab: Tab];

/** Fields of the modem's dialog, by property or credential. */
export const MODEM_FIELDS = {
  transport: ["Connection", "Modem"],
  serialPort: ["Serial port", "Modem"],
  baudRate: ["Baud rate", "Modem"],
  flowControl: ["Flow control", "Modem"],
  dtr: ["DTR when opened", "Modem"],
  rts: ["RTS when opened", "Modem"],
  tcpHost: ["Host", "Modem"],
  tcpPort: ["Port", "Modem"],
  simPin: ["SIM PIN", "Network"],
  apn: ["APN", "Network"],
  apnAuth: ["APN authentication", "Network"],
  apnUser: ["APN username", "Network"],
  apnPassword: ["APN password", "Network"],
  ipType: ["IP version", "Network"],
  contextId: ["PDP context", "Network"],
  shared: ["The host uses this data connection too", "Network"],
  idleMinutes: ["Disconnect after", "Network"],
  allowReset: ["Allow a restart of the module if it hangs or finds no network", "Network"],
  mailer: ["Sent by", "Mail server"],
  login: ["Login", "Mail server"],
  tenant: ["Directory (tenant)", "Mail server"],
  tokenUrl: ["Token endpoint", "Mail server"],
  clientId: ["Client ID", "Mail server"],
  clientSecret: ["Client secret", "Mail server"],
  scope: ["Scope", "Mail server"],
  serviceAccount: ["Key file", "Mail server"],
  smtpHost: ["Server", "Mail server"],
  smtpPort: ["Port", "Mail server"],
  smtpSecurity: ["Encryption", "Mail server"],
  smtpUser: ["Username", "Mail server"],
  smtpPassword: ["Password", "Mail server"],
  senderAddress: ["Sender address", "Mail server"],
  senderName: ["Sender name", "Mail server"],
  allowFrom: ["msg.from may replace the sender", "Mail server"],
  tlsVerify: ["Server certificate", "Certificate"],
  tlsRoot: ["Root certificate", "Certificate"],
  tlsCa: ["Certificate text", "Certificate"],
  tlsContextId: ["SSL context", "Certificate"],
  maxAge: ["Give up after", "Outbox"],
  maxQueued: ["Queue limit", "Outbox"],
  maxSpoolMB: ["Disk space", "Outbox"],
  keepFailedDays: ["Keep failed mails", "Outbox"],
  ratePerHour: ["Rate limit", "Outbox"],
  sendTimeout: ["Send timeout", "Outbox"],
  lateNote: ["Mark delayed mails", "Outbox"],
  bccMode: ["Bcc", "Outbox"],
  charset: ["Character set", "Outbox"],
  encoding: ["Encoding", "Outbox"],
} as const satisfies Readonly<Record<ModemProperty, Place> & Record<string, Place>>;

/** Fields of the dialogs of all other nodes, by property. */
export const NODE_FIELDS = {
  modem: "Modem",
  to: "To",
  cc: "Cc",
  bcc: "Bcc",
  subject: "Subject",
  body: "Text",
  priority: "Priority",
  maxAge: "Give up after",
  delivery: "If the result is lost",
  emit: "Output 1",
  errorTo: "Errors",
  source: "Content",
  filename: "File name",
  mode: "Upload",
  action: "Action",
  interval: "Every",
  rssiChange: "Signal change",
  includeIds: "Include the IMEI of the module and the ICCID of the SIM card",
} as const satisfies Readonly<Record<string, string>>;

/** The dialog that is looked at first; `maxAge` is a field of two. */
export type Dialog = "modem" | "node";

/** The field of a property as a sentence names it; a property that no dialog shows keeps its own name. */
export function fieldName(property: string, dialog: Dialog = "modem"): string {
  const ofModem = ownEntry<Place>(MODEM_FIELDS, property);
  const ofNode = ownEntry<string>(NODE_FIELDS, property);
  if (ofNode !== undefined && (dialog === "node" || ofModem === undefined)) return `"${ofNode}"`;
  return ofModem === undefined ? property : `"${ofModem[0]}" on the ${ofModem[1]} tab`;
}

function ownEntry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
