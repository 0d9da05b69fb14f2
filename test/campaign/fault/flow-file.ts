/** Flows of an episode as Node-RED saves them: a config node, nodes that send, and one for results that belong to none of these. */
import type { NetworkSettings, SmtpSettings } from "../../../lib/quectel/settings";
import type {
  ModemCredentials,
  QueueSettings,
  TextSettings,
} from "../../../nodes/runtime/settings/modem-settings";
import { certificate } from "../../support/certificates";
import type { Dice } from "./dice";
import type { MailerKind } from "./gateway-mailer";
import type { Letter } from "./letters";

/** A node with its properties. */
export interface Definition {
  readonly id: string;
  readonly type: string;
  readonly credentials?: ModemCredentials;
  /** The config node that it uses. */
  readonly modem?: string;
  readonly delivery?: unknown;
  readonly maxAge?: unknown;
  readonly [property: string]: unknown;
}

/** By id; the config node comes first. */
export type Flows = ReadonlyMap<string, Definition>;

export const MODEM = "quectel-modem";
export const SEND = "quectel-smtp-send";
export const OUTBOX = "quectel-outbox";

export const EMITS = ["whenSent", "whenSent", "whenQueued"] as const;
export const ERRORS_TO = ["both", "both", "output", "catch"] as const;

export interface FlowFile {
  readonly port: string;
  readonly mailer: MailerKind;
  readonly network: NetworkSettings;
  readonly smtp: SmtpSettings;
  readonly queue: QueueSettings;
  readonly text: Pick<TextSettings, "bccMode" | "charset">;
  readonly letters: readonly Letter[];
  readonly dice: Dice;
}

export function flowsOf({ port, mailer, network, smtp, queue, text, letters, dice }: FlowFile): Flows {
  const modem = `${port}-modem`;
  const { apn, apnAuth, apnUser, apnPassword, allowReset, simPin } = network;
  const { host, security, user, password, senderName, senderAddress, sendTimeout } = smtp;
  const config: Definition = {
    id: modem,
    type: MODEM,
    transport: "serial",
    serialPort: `/dev/${port}`,
    apn,
    apnAuth,
    allowReset,
    mailer,
    senderName,
    senderAddress,
    sendTimeout,
    ...text,
    smtpHost: host,
    smtpPort: smtp.port,
    smtpSecurity: security,
    tlsRoot: "pem",
    tlsCa: certificate("ca").cert,
    maxAge: queue.maxAge,
    maxQueued: queue.maxQueued,
    credentials: { simPin, apnUser, apnPassword, smtpUser: user, smtpPassword: password },
  };
  const wires = [["sent"], ["failed"]];
  // How long and how often a mail is tried is a property of its node.
  const kinds = [...new Map(letters.map((letter) => [kindOf(letter), letter])).values()];
  const sends = kinds.map(({ delivery, maxAge }, index): Definition => {
    const ways = { emit: dice.pick(EMITS), errorTo: dice.pick(ERRORS_TO) };
    return { id: `${port}-send-${index}`, type: SEND, modem, wires, delivery, maxAge: maxAge ?? "", ...ways };
  });
  const outbox: Definition = { id: `${port}-outbox`, type: OUTBOX, modem, wires };
  return new Map([config, ...sends, outbox].map((node) => [node.id, node]));
}

/** The node that a letter comes to. */
export function nodeFor(letter: Letter, flows: Flows): Definition | undefined {
  return [...flows.values()].find((node) => node.type === SEND && kindOf(node) === kindOf(letter));
}

function kindOf({ delivery, maxAge }: Pick<Definition, "delivery" | "maxAge">): string {
  return JSON.stringify([delivery, maxAge === "" ? undefined : maxAge]);
}
