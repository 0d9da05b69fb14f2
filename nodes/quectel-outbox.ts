/** `outbox`: lists the mails that wait or have failed, and lets a flow pause, resume, retry, discard and adopt them. */
import type { Node, NodeAPI, NodeDef, NodeInitializer } from "node-red";
import { ModemError } from "../lib/errors";
import type { Outbox } from "../lib/outbox/outbox";
import type { ListQuery } from "../lib/outbox/outbox-types";
import { answerMessages } from "./runtime/smtp-send/answering";
import { actionFor, readAction } from "./runtime/settings/chosen-action";
import type { Message } from "./runtime/smtp-send/contents";
import { asModemError, faultOf } from "./runtime/status/failure-report";
import { adoptLeft, leftSpools } from "./runtime/disk/left-spools";
import { guardedSend } from "./runtime/smtp-send/incoming";
import { useModem } from "./runtime/modem/modem-user";
import { deployedModems } from "./runtime/modem/registry";
import { OptionReader, savedOptions, type RawOptions } from "./runtime/settings/options";
import type { UnclaimedResults } from "./runtime/smtp-send/unclaimed";
import { unclaimedMessage } from "./runtime/smtp-send/result-message";

const ACTIONS = ["list", "pause", "resume", "flush", "retry", "discard", "adopt"] as const;
type Action = (typeof ACTIONS)[number];

const registerOutbox: NodeInitializer = (RED: NodeAPI) => {
  function QuectelOutbox(
    this: Node & { -readonly [key in keyof UnclaimedResults]: UnclaimedResults[key] },
    definition: NodeDef & RawOptions,
  ): void {
    RED.nodes.createNode(this, definition);
    const chosen = settingsOf(definition);
    const host = useModem(RED, definition["modem"], { node: this, failure: () => faultOf(chosen) });
    const send = guardedSend(this, (out) => this.send(out));
    this.takeUnclaimed = async (ended) => send([null, await unclaimedMessage(ended, this)]);
    answerMessages(this, async (message) => {
      if (chosen instanceof ModemError) throw chosen;
      const action = await actionFor(RED, this, chosen, ACTIONS, message);
      message["payload"] = await perform(RED, action, host().parts.outbox, message);
    });
  }

  RED.nodes.registerType("quectel-outbox", QuectelOutbox);
};

function settingsOf(definition: RawOptions) {
  try {
    return readAction(savedOptions(definition), ACTIONS, "msg");
  } catch (error) {
    return asModemError(error);
  }
}

/** The answer: the list, or how many mails were touched and how the outbox stands now. */
async function perform(RED: NodeAPI, action: Action, outbox: Outbox, message: Message): Promise<unknown> {
  const id = readName(message, "id");
  switch (action) {
    case "list":
      return { ...(await outbox.list(readQuery(message))), left: await leftSpools(RED, deployedModems) };
    case "pause":
      await outbox.pause();
      return outbox.summary();
    case "resume":
      await outbox.resume();
      return outbox.summary();
    case "flush":
      return { mails: await outbox.flush(id), ...outbox.summary() };
    case "retry":
      return { mails: await outbox.retry(id), ...outbox.summary() };
    case "discard":
      return { mails: await outbox.discard(id), ...outbox.summary() };
    case "adopt":
      return {
        mails: await adoptLeft(RED, deployedModems, outbox, readName(message, "modem")),
        ...outbox.summary(),
      };
  }
}

function readName(message: Message, property: "id" | "modem"): string | undefined {
  const value: unknown = message[property];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  // Whoever meant one must not touch all.
  throw new ModemError("OUTBOX_NOT_FOUND", { detail: `msg.${property} is not text` });
}

function readQuery(message: Message): ListQuery {
  const options = new OptionReader(message);
  const state = options.choice("state", ["", "waiting", "sending", "failed"], "");
  return {
    offset: options.integer("offset", { min: 0, max: Number.MAX_SAFE_INTEGER }, 0),
    limit: options.integer("limit", { min: 1, max: 1000 }, 100),
    ...(state === "" ? {} : { state }),
  };
}

export = registerOutbox;
