/** The report of a trial, for an issue: what was found, without passwords, addresses and names of servers. */
import { maskSecrets } from "../../../lib/serial/secrets";
import { reportText } from "../../../lib/quectel/facts/report-text";
import type { FactsReport } from "../../../lib/quectel/facts/report";
import type { ModuleIdentity } from "../../../lib/quectel/connection/modem-state";
import type { ModemSettings } from "../modem-settings";
import type { TrialEnd, TrialStep } from "./trial-view";

export interface ReportParts {
  readonly kind: string;
  readonly settings: ModemSettings;
  readonly identity: ModuleIdentity | undefined;
  readonly steps: readonly TrialStep[];
  readonly end: TrialEnd;
  readonly facts: FactsReport | undefined;
  /** Name and version of this package, and of what it runs in. */
  readonly versions: string;
}

export function trialReport(parts: ReportParts): string {
  const { kind, settings, identity, steps, facts, versions } = parts;
  const { connection, network, smtp, text } = settings;
  const lines = [
    versions,
    identity === undefined
      ? "module: unknown"
      : `module: ${identity.manufacturer} ${identity.model}, firmware ${identity.firmware}`,
    `connection: ${connection.kind}${connection.kind === "serial" ? `, ${connection.baudRate} bit/s, flow control ${connection.flowControl}` : ""}`,
    `network: context ${network.contextId}, ${network.ipType}, APN ${network.apn === "" ? "as stored" : "set"}, login ${network.apnAuth}, shared ${network.shared}`,
    `mail: port ${smtp.port}, security ${smtp.security}, certificate ${smtp.tls.verify ? smtp.tls.root.from : "not checked"}, login ${smtp.user === "" ? "no" : "yes"}`,
    `text: charset ${text.charset}, encoding ${smtp.encoding}`,
    "",
    `${kind}: ${endText(parts.end)}`,
    ...(facts === undefined ? steps.map(stepText) : []),
  ];
  const report = maskSecrets(`${lines.join("\n")}\n`, privateWords(settings));
  if (facts === undefined) return report;
  const transcript = facts.transcript === undefined ? "" : `\n${facts.transcript}`;
  return `${report}\n${reportText(facts)}${transcript}`;
}

function stepText({ name, status, code, detail, hint }: TrialStep): string {
  const what = [code, detail].filter((part) => part !== undefined && part !== "").join(" ");
  return [
    `  ${status.padEnd(8)} ${name}: ${what}`,
    ...(hint === undefined ? [] : [`           ${hint}`]),
  ].join("\n");
}

function endText(end: TrialEnd): string {
  switch (end.kind) {
    case "done":
      return "ended";
    case "failed":
      return `failed, ${end.error.code} ${end.error.message}`;
    case "stopped":
      return `stopped (${end.why})`;
  }
}

/** Nobody has to tell the world which server or operator he uses. */
function privateWords({ network, smtp }: ModemSettings): readonly string[] {
  return [smtp.host, smtp.senderAddress, smtp.user, network.apn].filter((word) => word.length > 2);
}
