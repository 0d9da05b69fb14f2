/** The report of a connection test, for an issue: what was found, without passwords, addresses and names of servers. */
import { MASK, maskSecrets } from "../../../lib/serial/trace";
import { reportText } from "../../../lib/facts/report-text";
import type { FactsReport } from "../../../lib/facts/report";
import type { ModuleIdentity } from "../../../lib/quectel/connection/modem-state";
import type { ModemSettings } from "../settings/modem-settings";
import { credentialsOf, forStrangers } from "../admin/masking";
import type { TestEnd, TestStep } from "./test-view";

export interface ReportParts {
  readonly kind: string;
  readonly settings: ModemSettings;
  /** Of the test mail. */
  readonly recipient: string;
  readonly identity: ModuleIdentity | undefined;
  readonly steps: readonly TestStep[];
  readonly end: TestEnd;
  readonly facts: FactsReport | undefined;
  /** Name and version of this package, and of what it runs in. */
  readonly versions: string;
}

export function testReport(parts: ReportParts): string {
  const { kind, settings, recipient, identity, steps, facts, versions } = parts;
  const { connection, network, mailer, smtp, text } = settings;
  const lines = [
    versions,
    identity === undefined
      ? "module: unknown"
      : `module: ${identity.manufacturer} ${identity.model}, firmware ${identity.firmware}`,
    `connection: ${connection.kind}${connection.kind === "serial" ? `, ${connection.baudRate} bit/s, flow control ${connection.flowControl}` : ""}`,
    `network: context ${network.contextId}, ${network.ipType}, APN ${network.apn === "" ? "as stored" : "set"}, login ${network.apnAuth}, shared ${network.shared}`,
    `mail: by ${mailer}, port ${smtp.port}, security ${smtp.security}, certificate ${smtp.tls.verify ? smtp.tls.root.from : "not checked"}, login ${smtp.user === "" ? "no" : "yes"}`,
    `text: charset ${text.charset}, encoding ${smtp.encoding}`,
    "",
    `${kind}: ${endText(parts.end)}`,
    ...(facts === undefined ? steps.map(stepText) : []),
  ];
  const words = privateWords(settings);
  const found = withoutIpAddresses(forStrangers(`${lines.join("\n")}\n`, [...words, recipient]));
  if (facts === undefined) return found;
  // These hold example addresses only, and have masked what the module holds; a transcript is to be replayed.
  const transcript = facts.transcript === undefined ? "" : `\n${facts.transcript}`;
  return `${found}\n${maskSecrets(`${reportText(facts)}${transcript}`, words)}`;
}

/** A firmware may end in such a number, but behind a letter or an underscore. */
const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)/g;
/** What may be an IPv6 address as a whole. */
const GROUPS = /[\w:]{3,}/g;

/** The address of a server tells its name, and that of the context who its subscriber is. */
function withoutIpAddresses(text: string): string {
  return text.replace(IPV4, MASK).replace(GROUPS, (word) => (isIpv6(word) ? MASK : word));
}

/** Eight groups, or fewer with `::`; a time has neither. */
function isIpv6(word: string): boolean {
  return /^[0-9a-f:]{3,39}$/i.test(word) && (word.includes("::") || /^(?:[0-9a-f]{1,4}:){7}/i.test(word));
}

function stepText({ name, status, code, detail, hint }: TestStep): string {
  const what = [code, detail].filter((part) => part !== undefined && part !== "").join(" ");
  return [
    `  ${status.padEnd(8)} ${name}: ${what}`,
    ...(hint === undefined ? [] : [`           ${hint}`]),
  ].join("\n");
}

function endText(end: TestEnd): string {
  switch (end.kind) {
    case "done":
      return "ended";
    case "failed":
      return `failed, ${end.error.code} ${end.error.message}`;
    case "stopped":
      return `stopped (${end.why})`;
  }
}

/** No one has to publish which server or operator they use. */
function privateWords(settings: ModemSettings): readonly string[] {
  const { network, smtp, connection } = settings;
  const server = connection.kind === "tcp" ? connection.host : "";
  const words = [smtp.host, smtp.senderAddress, smtp.senderName, network.apn, server];
  return [...words, ...credentialsOf(settings)].filter((word) => word.length > 2);
}
