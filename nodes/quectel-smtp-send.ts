/** `smtp-send`: one message in, one mail out; its result on output 1, its failure on output 2. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { isModemError, ModemError } from "../lib/errors";
import type { Priority } from "../lib/mail/mail";
import type { FixedFields } from "../lib/mail/message/message";
import type { Message } from "./runtime/smtp-send/contents";
import { readErrorTo } from "./runtime/settings/error-output";
import { asModemError, faultOf } from "./runtime/status/failure-report";
import { attachmentPaths } from "./runtime/disk/folders";
import { MailSender, type SenderOptions } from "./runtime/smtp-send/mail-sender";
import type { ModemUser } from "./runtime/modem/modem-members";
import { type GetHost, useModem } from "./runtime/modem/modem-user";
import { savedOptions, type RawOptions } from "./runtime/settings/options";
import { forgetPendingOf } from "./runtime/smtp-send/pending-mails";
import { evaluate, readTypedValue, type TypedValue } from "./runtime/settings/typed-value";

type Definition = NodeDef & RawOptions;

/** The fields of a mail, and where the message has them when nothing else is chosen. */
const FIELDS = { to: "to", cc: "cc", bcc: "bcc", subject: "topic", body: "payload" } as const;
type Field = keyof typeof FIELDS;
const FIELD_NAMES: readonly Field[] = ["to", "cc", "bcc", "subject", "body"];

interface Settings extends SenderOptions {
  readonly fields: readonly (readonly [Field, TypedValue])[];
  /** Of messages that name none. */
  readonly priority: Priority;
}

const registerSmtpSend: NodeInitializer = (RED: NodeAPI) => {
  function QuectelSmtpSend(this: Node, definition: Definition): void {
    RED.nodes.createNode(this, definition);
    const settings = settingsOf(definition);
    const chosen = (): Settings => {
      if (settings instanceof ModemError) throw settings;
      return settings;
    };
    const sender = new MailSender(this, {
      host: () => host(),
      options: chosen,
      fields: (message) => fixedFields(RED, this, chosen().fields, message),
      policy: () => ({
        allowFrom: host().parts.settings.text.allowFrom,
        attachmentPaths: attachmentPaths(RED),
        priority: chosen().priority,
        letters: host().parts.settings.mailer === "module" ? "ascii" : "any",
      }),
      onEnd: (sentAt) => showEnd(host, user, sentAt),
    });
    const user: ModemUser = {
      node: this,
      receiver: sender,
      failure: () => faultOf(settings) ?? sender.failure,
    };
    const host: GetHost = useModem(RED, definition["modem"], user);
    this.on("input", (message, send, done) => sender.take(message, send, done));
    this.on("close", (removed: boolean, done: () => void) => {
      if (removed) forgetPendingOf(this.id);
      done();
    });
  }

  RED.nodes.registerType("quectel-smtp-send", QuectelSmtpSend);
};

/** Without a modem the status shows that, whatever became of a mail. */
function showEnd(host: GetHost, user: ModemUser, sentAt: number | undefined): void {
  try {
    host().showEnd(user, sentAt);
  } catch (error) {
    if (!isModemError(error, "INVALID_CONFIG")) throw error;
  }
}

function settingsOf(definition: Definition): Settings | ModemError {
  try {
    const options = savedOptions(definition);
    return {
      mail: {
        maxAge: options.integer("maxAge", { min: 1, max: 525_600 }, undefined),
        delivery: options.choice("delivery", ["atLeastOnce", "atMostOnce"], "atLeastOnce"),
      },
      emit: options.choice("emit", ["whenSent", "whenQueued"], "whenSent"),
      errorTo: readErrorTo(options),
      priority: options.choice("priority", ["high", "normal", "low"], "normal"),
      fields: FIELD_NAMES.map((field) => [field, readTypedValue(options, field, FIELDS[field])] as const),
    };
  } catch (error) {
    return asModemError(error);
  }
}

/** A field that stands at its usual place in the message is left to the reader of messages, who knows more places. */
async function fixedFields(
  RED: NodeAPI,
  node: Node,
  fields: Settings["fields"],
  message: Message,
): Promise<FixedFields> {
  const fixed: Partial<Record<Field, unknown>> = {};
  for (const [field, value] of fields) {
    if (value.type === "msg" && value.value === FIELDS[field]) continue;
    fixed[field] = (await evaluate(RED, node, value, message)).value;
  }
  return fixed;
}

export = registerSmtpSend;
