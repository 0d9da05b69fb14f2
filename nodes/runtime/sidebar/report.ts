/**
 * The report on a modem that a person pastes into an issue: English, Markdown, fit for strangers.
 *
 * Credentials, addresses, subjects and the numbers of module and card are not in it.
 */
import { arch, platform, release } from "node:os";
import type { ModemError } from "../../../lib/errors";
import { mailSupportOf } from "../../../lib/quectel/connection/models";
import { MASK } from "../../../lib/serial/trace";
import type { Assembly } from "../modem/assembly";
import type { ModemSettings } from "../settings/modem-settings";
import type { EndedMail } from "./ended-mails";
import { credentialsOf, forStrangers } from "../admin/masking";
import type { ModemView } from "./modem-view";
import { shownError, type ShownError } from "./shown-error";

export interface ReportParts {
  readonly versions: { readonly package: string; readonly nodeRed: string };
  /** The settings, or why they cannot be used. */
  readonly settings: ModemSettings | ModemError;
  /** Undefined while the modem is not in use. */
  readonly parts: Assembly | undefined;
  readonly view: ModemView;
  /** What the modem as such has reported, oldest first. */
  readonly troubles: readonly Trouble[];
  readonly trace: readonly string[];
}

export interface Trouble {
  /** ISO 8601. */
  readonly at: string;
  readonly error: ModemError;
}

const MOST_TRACE_LINES = 150;
const MOST_ERRORS = 10;

export async function reportText(report: ReportParts): Promise<string> {
  const { settings } = report;
  const sections = [
    section("Versions", versionLines(report)),
    section("Modem", await modemLines(report)),
    section("Settings", settingLines(settings)),
    section("Outbox", outboxLines(report.view)),
    section("Last errors", errorLines(report)),
    section("AT trace", traceLines(report.trace)),
  ];
  const credentials = "connection" in settings ? credentialsOf(settings) : [];
  return `${forStrangers(sections.join("\n\n"), credentials)}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return [`### ${title}`, "", ...lines].join("\n");
}

function versionLines({ versions }: ReportParts): readonly string[] {
  return [
    `- package: ${versions.package}`,
    `- Node-RED: ${versions.nodeRed}`,
    `- Node.js: ${process.versions.node}, ${platform()} ${release()} ${arch()}`,
  ];
}

async function modemLines({ parts, view }: ReportParts): Promise<readonly string[]> {
  const { status, network } = view;
  const state = `- state: ${status.state} (${status.text})`;
  if (parts === undefined) return [state];
  const { modem, pdp, client } = parts;
  const { identity, line } = modem;
  const support = await client?.knownTextSupport().catch(() => undefined);
  return [
    state,
    ...(identity === undefined
      ? ["- module: has not answered yet"]
      : [
          `- module: ${identity.manufacturer} ${identity.model}, mail commands: ${mailSupportOf(identity.model)}`,
          `- firmware: ${identity.firmware}`,
          `- IMEI: ${identity.imei === undefined ? "not told" : MASK}`,
        ]),
    `- starts of the module seen: ${modem.epoch}`,
    `- line: ${line.bitRate ?? "not paced"}, flow control ${line.flowControlled ? "yes" : "no"}`,
    `- network: ${network === undefined ? "not known" : JSON.stringify(network)}`,
    `- data connection: ${pdp.active === undefined ? "not known" : pdp.active ? "active" : "not active"}`,
    `- text that is not ASCII: ${support === undefined ? "not asked yet" : JSON.stringify(support)}`,
  ];
}

function settingLines(settings: ModemSettings | ModemError): readonly string[] {
  if (!("connection" in settings)) return [`- not usable: ${settings.message}`];
  const { connection, network, mailer, smtp, text, queue } = settings;
  const { simPin, apnUser, apnPassword, ...plainNetwork } = network;
  const { user, password, senderName, senderAddress, tls, ...plainSmtp } = smtp;
  const root = tls.root.from === "pem" ? { from: "pem" } : tls.root;
  const given = { simPin, apnUser, apnPassword, user, password, senderName, senderAddress };
  return [
    `- connection: ${JSON.stringify(connection)}`,
    `- network: ${JSON.stringify(plainNetwork)}`,
    `- mails by: ${mailer}`,
    `- mail server: ${JSON.stringify({ ...plainSmtp, tls: { ...tls, root } })}`,
    `- text: ${JSON.stringify(text)}`,
    `- outbox: ${JSON.stringify(queue)}`,
    `- filled in: ${Object.entries(given)
      .map(([name, value]) => `${name} ${value === "" ? "no" : "yes"}`)
      .join(", ")}`,
  ];
}

function outboxLines({ queue, ended }: ModemView): readonly string[] {
  const { hold, waiting, failed, rows } = queue;
  return [
    `- waiting: ${waiting}, failed: ${failed}`,
    ...(hold === undefined
      ? []
      : [
          `- held (${hold.kind}) since ${hold.since}${hold.error === undefined ? "" : `: ${hold.error.code}`}`,
        ]),
    ...rows
      .filter(({ state }) => state !== "failed")
      .slice(0, MOST_ERRORS)
      .map(
        ({ state, attempts, size, attachments, error }) =>
          `- ${state}: ${attempts} attempts, ${size} bytes, ${attachments} attachments` +
          (error === undefined ? "" : `, ${error.code}`),
      ),
    ...ended.slice(0, MOST_ERRORS).map(endedLine),
  ];
}

function endedLine({ at, status, attempts, bytes, queuedMs, error }: EndedMail): string {
  const numbers = `${attempts} attempts, ${bytes ?? "unknown"} bytes, ${Math.round(queuedMs / 1000)} s in the outbox`;
  return `- ${at} ${status}: ${numbers}${error === undefined ? "" : `, ${error.code}`}`;
}

function errorLines({ view, troubles }: ReportParts): readonly string[] {
  const of = (at: string, error: ShownError | undefined) => (error === undefined ? [] : [{ at, error }]);
  const all: readonly {
    readonly at: string;
    readonly error: ShownError;
    readonly stage?: string | undefined;
  }[] = [
    ...view.ended.flatMap(({ at, error }) => of(at, error)),
    ...view.queue.rows.flatMap(({ raisedAt, error }) => of(raisedAt, error)),
    ...troubles.map(({ at, error }) => ({ at, error: shownError(error), stage: error.stage })),
  ];
  if (all.length === 0) return ["none"];
  return all
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .slice(-MOST_ERRORS)
    .map(({ at, error: { code, message, hint, modemCode, smtpCode }, stage }) => {
      const details = Object.entries({ stage, modemCode, smtpCode })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name} ${value}`);
      return `- ${at} ${[code, ...details].join(", ")}: ${message}. ${hint}`;
    });
}

function traceLines(lines: readonly string[]): readonly string[] {
  if (lines.length === 0)
    return ["Nothing was recorded: start the trace, repeat what fails, then create the report again."];
  return ["```", ...lines.slice(-MOST_TRACE_LINES).map((line) => line.replaceAll("```", "'''")), "```"];
}
