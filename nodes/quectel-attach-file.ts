/** `attach-file`: turns a property of the message or a file into an attachment of the mail that follows. */
import { createHash } from "node:crypto";
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { ModemError } from "../lib/errors";
import { safeFileName } from "../lib/mailer/qsmtp/compose/compose";
import { primitiveText, thrownText } from "../lib/mail/message/foreign";
import { fromFile, fromValue, type NewAttachment } from "./runtime/smtp-send/attachment-source";
import type { Message } from "./runtime/smtp-send/contents";
import { type ErrorTo, reachesCatch, reachesOutput, readErrorTo } from "./runtime/settings/error-output";
import { asModemError, failureOf, flowError, messageError } from "./runtime/status/failure-report";
import { takeIn, unattended, type Done, type Incoming, type Send } from "./runtime/smtp-send/incoming";
import { type GetHost, useModem } from "./runtime/modem/modem-user";
import { savedOptions, type RawOptions } from "./runtime/settings/options";
import { STATE_WORDS } from "./runtime/status/status-words";
import { evaluate, readTypedValue, type TypedValue } from "./runtime/settings/typed-value";

interface Settings {
  readonly source:
    | { readonly kind: "path"; readonly path: string }
    | { readonly kind: "value"; readonly value: TypedValue };
  readonly filename: TypedValue;
  /** Upload to the modem already now. */
  readonly preload: boolean;
  readonly errorTo: ErrorTo;
}

const registerAttachFile: NodeInitializer = (RED: NodeAPI) => {
  function QuectelAttachFile(this: Node, definition: NodeDef & RawOptions): void {
    RED.nodes.createNode(this, definition);
    const settings = settingsOf(definition);
    const isPreloading = !(settings instanceof ModemError) && settings.preload;
    // Without preload the modem is not used, and must not be opened for this node.
    const host = isPreloading ? useModem(RED, definition["modem"], { node: this }) : undefined;
    if (settings instanceof ModemError) {
      this.status({ fill: "red", shape: "ring", text: STATE_WORDS.notSetUp });
    }
    const attach = async (message: Message): Promise<Message> => {
      if (settings instanceof ModemError) throw settings;
      const attachment = await makeAttachment(RED, this, settings, message);
      if (host !== undefined) {
        // The copy in the modem only saves time: a mail must not wait for it, nor fail of it.
        preload(host, attachment).catch((error: unknown) =>
          this.warn(`${attachment.filename} is uploaded with its mail only: ${thrownText(error)}`),
        );
      }
      return { ...message, attachments: [...listOf(message["attachments"]), attachment] };
    };
    const pass = async ({ message, warnings, send, done }: Incoming): Promise<void> => {
      for (const warning of warnings) this.warn(warning);
      try {
        const { error: _former, ...attached } = await attach(message);
        send([attached, null]);
        done();
      } catch (thrown) {
        const failure = failureOf(thrown);
        const errorTo = settings instanceof ModemError ? "both" : settings.errorTo;
        if (reachesOutput(errorTo)) send([null, { ...message, error: messageError(failure, this) }]);
        done(reachesCatch(errorTo) ? flowError(failure) : undefined);
      }
    };
    /** Messages leave in the order in which they came, however long it takes to make a file of one. */
    let former: Promise<unknown> = Promise.resolve();
    const take = (...given: readonly [message: unknown, send: Send, done: Done]): Promise<void> => {
      const taken = Promise.all([takeIn(this, ...given), former]);
      const passed = taken.then(([incoming]) => pass(incoming));
      former = passed.catch(() => undefined);
      return passed;
    };
    this.on("input", (message, send, done) => unattended(this, take(message, send, done)));
  }

  RED.nodes.registerType("quectel-attach-file", QuectelAttachFile);
};

function settingsOf(definition: RawOptions): Settings | ModemError {
  try {
    const options = savedOptions(definition);
    return {
      source:
        options.text("sourceType", "msg") === "path"
          ? { kind: "path", path: options.requiredText("source") }
          : { kind: "value", value: readTypedValue(options, "source", "payload") },
      filename: readTypedValue(options, "filename", "filename"),
      preload: options.choice("mode", ["mail", "preload"], "mail") === "preload",
      errorTo: readErrorTo(options),
    };
  } catch (error) {
    return asModemError(error);
  }
}

async function makeAttachment(
  RED: NodeAPI,
  node: Node,
  { source, filename }: Settings,
  message: Message,
): Promise<NewAttachment> {
  const name = primitiveText((await evaluate(RED, node, filename, message)).value) ?? "";
  switch (source.kind) {
    case "path":
      return fromFile(source.path, name);
    case "value":
      return fromValue((await evaluate(RED, node, source.value, message)).value, name);
  }
}

async function preload(host: GetHost, { filename, content }: NewAttachment): Promise<void> {
  // An empty one is left out of its mail.
  if (content.length === 0) return;
  const name = safeFileName(filename);
  // Over a socket nothing can lie in the module beforehand.
  await host().parts.client?.preload({
    name,
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
    open: async function* () {
      yield content;
    },
  });
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

export = registerAttachFile;
