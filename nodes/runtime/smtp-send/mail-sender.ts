/**
 * MailSender: what a `quectel-smtp-send` node does with messages and results.
 *
 *   message ── read, checked ── outbox ── result ── output 1, done()
 *                 └─ refused       └───── failure ─ output 2, done(error)
 */
import type { Node } from "node-red";
import { Semaphore } from "../../../lib/async";
import { type ErrorCode, isModemError } from "../../../lib/errors";
import { withoutUnreadableFiles } from "../../../lib/mail/message/missing-attachments";
import { readMessage, type FixedFields, type MessagePolicy } from "../../../lib/mail/message/message";
import type { Mail, MailFailure, MailOptions, SmtpResult } from "../../../lib/mail/mail";
import type { MailEnded, MailOrigin } from "../../../lib/outbox/outbox-types";
import { type Message, releaseContents, releaseText } from "./contents";
import { type ErrorTo, reachesCatch, reachesOutput } from "../settings/error-output";
import { failureOf, flowError, refusedResult } from "../status/failure-report";
import { guardedSend, type Incoming, raise, takeIn, unattended, type Done, type Send } from "./incoming";
import type { GetHost } from "../modem/modem-user";
import { heldBytes, keepPending, takePending } from "./pending-mails";
import {
  failedMessage,
  keptMessage,
  restoreOrName,
  sentMessage,
  withoutFormerResult,
} from "./result-message";
import type { ResultReceiver } from "../modem/routing";

/** As many as keep the disk busy: the runtime has four threads for files. */
const MOST_AT_ONCE = 8;

export interface SenderOptions {
  readonly mail: MailOptions;
  /** When output 1 and `done` speak: at the server's acceptance, or when the mail is in the outbox. */
  readonly emit: "whenSent" | "whenQueued";
  readonly errorTo: ErrorTo;
}

export interface SenderParts {
  readonly host: GetHost;
  /** The node's options. @throws INVALID_CONFIG */
  readonly options: () => SenderOptions;
  /** What the editor fixes for this message. */
  readonly fields: (message: Message) => Promise<FixedFields>;
  /** @throws INVALID_CONFIG */
  readonly policy: () => MessagePolicy;
  /** Called when `failure` may have changed. @param sentAt milliseconds since 1970, for a mail that was sent whole. */
  readonly onEnd: (sentAt: number | undefined) => void;
}

export class MailSender implements ResultReceiver {
  /** Acceptances under way: a mail may end before the node has noted that it was accepted. */
  private readonly accepting = new Set<Promise<void>>();
  /** A burst of messages never holds up the whole runtime: each behind the first has a turn of the event loop of its own. */
  private readonly turnstile = new Semaphore(MOST_AT_ONCE, setImmediate);
  private lastFailure: ErrorCode | undefined;

  constructor(
    private readonly node: Node,
    private readonly parts: SenderParts,
  ) {}

  get id(): string {
    return this.node.id;
  }

  /** Why the last mail was not sent; undefined when it was, or when a person has discarded it. */
  get failure(): ErrorCode | undefined {
    return this.lastFailure;
  }

  /** Takes a message of the flow; `done` is called exactly once, now or when its mail has ended. */
  take(...given: readonly [message: unknown, send: Send, done: Done]): void {
    // The order of mails is that in which their messages came, whichever is read first.
    const place = placeAt(this.parts.host);
    const work = this.turnstile.run(async () => {
      const incoming = await takeIn(this.node, ...given);
      try {
        await this.accept(incoming, place);
      } catch (thrown) {
        const message = withoutFormerResult(incoming.message);
        this.fail(message, incoming, failureOf(thrown), refusedResult(incoming.warnings));
      }
    });
    const settled = work.finally(() => this.accepting.delete(settled));
    this.accepting.add(settled);
    unattended(this.node, settled);
  }

  async receive(ended: MailEnded): Promise<void> {
    await Promise.allSettled(this.accepting);
    const pending = takePending(ended.id);
    const message = pending?.message ?? (await keptMessage(ended, this.node));
    // A node that came with a deploy has its own way to send, and no `done` of the message.
    const way: Way =
      pending?.node === this.node ? pending : { send: guardedSend(this.node, (out) => this.node.send(out)) };
    const { failure, result } = ended;
    if (failure === undefined || result.status === "partial") {
      this.note(failure?.code, result.acceptedAt);
      await this.succeed(sentMessage(message, ended), way, ended);
    } else {
      await restoreOrName(message, ended, this.node);
      this.fail(message, way, failure, result);
    }
  }

  private async accept(
    { message, warnings, send, done }: Incoming,
    place: number | undefined,
  ): Promise<void> {
    const { parts } = this;
    const { mail: limits, emit } = parts.options();
    const host = parts.host();
    const read = await readMessage(message, await parts.fields(message), parts.policy());
    const { id, light, mail } = await this.keep(
      { ...read, warnings: [...read.warnings, ...warnings] },
      message,
      (kept, origin) => host.accept(kept, limits, { ...origin, ...(place !== undefined && { place }) }),
    );
    // A message that waits for its `done` is kept by Node-RED, contents included.
    const held = contentSize(mail);
    const isDone = emit === "whenQueued" || heldBytes() + held > MOST_HELD;
    if (!isDone) keepPending(id, { node: this.node, message: light, send, done, held });
    if (emit === "whenQueued") send([{ ...light, smtp: queuedResult(id, mail) }, null]);
    // What the end needs is in the outbox; nothing of it stays in memory.
    if (isDone) done();
  }

  /** Keeps a mail, without the files that cannot be read where that is what fails. `light`: its message from now on. */
  private async keep(
    mail: Mail,
    message: Message,
    accept: (mail: Mail, origin: MailOrigin) => Promise<{ readonly id: string }>,
  ): Promise<{ readonly id: string; readonly light: Message; readonly mail: Mail }> {
    const light = withoutFormerResult(message);
    releaseContents(light, mail);
    const kept = { ...light };
    await releaseText(kept, mail);
    try {
      return { ...(await accept(mail, { nodeId: this.node.id, message: kept })), light, mail };
    } catch (error) {
      const rest = isModemError(error, "INVALID_ATTACHMENT") ? await withoutUnreadableFiles(mail) : undefined;
      if (rest === undefined) throw error;
      return this.keep(rest, message, accept);
    }
  }

  private async succeed(message: Message, { send, done }: Way, ended: MailEnded): Promise<void> {
    const { emit, errorTo } = this.ways;
    // Why some recipients will never have the mail.
    const { failure: partly, result } = ended;
    if (emit === "whenSent") send([message, null]);
    else if (partly !== undefined) {
      // Output 1 has spoken when the mail was queued: this is told like any other failure.
      await restoreOrName(message, ended, this.node);
      if (reachesOutput(errorTo)) send([null, failedMessage(message, partly, result, this.node)]);
    }
    if (partly === undefined || !reachesCatch(errorTo)) done?.();
    else this.raise(message, done, partly);
  }

  private fail(message: Message, { send, done }: Way, failure: MailFailure, result: SmtpResult): void {
    this.note(failure.code === "OUTBOX_DISCARDED" ? undefined : failure.code);
    const { errorTo } = this.ways;
    if (reachesOutput(errorTo)) send([null, failedMessage(message, failure, result, this.node)]);
    if (reachesCatch(errorTo)) this.raise(message, done, failure);
    else done?.();
  }

  /** @param acceptedAt as `msg.smtp` has it. */
  private note(code: ErrorCode | undefined, acceptedAt?: string): void {
    this.lastFailure = code;
    this.parts.onEnd(code === undefined && acceptedAt !== undefined ? Date.parse(acceptedAt) : undefined);
  }

  /** Without a `done`, as after a restart, the error goes the way that Node-RED has beside it. */
  private raise(message: Message, done: Done | undefined, failure: MailFailure): void {
    const error = flowError(failure);
    if (done === undefined) raise(this.node, error, message);
    else done(error);
  }

  /** Also known while the options cannot be used: that is reported then, and mails of before a deploy still end. */
  private get ways(): Pick<SenderOptions, "emit" | "errorTo"> {
    try {
      return this.parts.options();
    } catch {
      return { emit: "whenSent", errorTo: "both" };
    }
  }
}

type Way = Pick<Incoming, "send"> & { readonly done?: Done | undefined };

/** Without one where the node has no modem, which is told where the mail would be kept. */
function placeAt(host: GetHost): number | undefined {
  try {
    return host().reservePlace();
  } catch {
    return undefined;
  }
}

/** Bytes of contents that may wait with their messages; beyond, Node-RED is told that a message is done at acceptance. */
const MOST_HELD = 32 * 1024 * 1024;

/** Bytes of text and contents; files that are still to be read do not count. */
function contentSize({ attachments, text }: Mail): number {
  const contents = attachments.map(({ content }) => (content.kind === "bytes" ? content.bytes.length : 0));
  return contents.reduce((sum, size) => sum + size, Buffer.byteLength(text));
}

function queuedResult(id: string, mail: Mail): SmtpResult {
  return {
    status: "queued",
    id,
    accepted: [],
    rejected: mail.unreadable ?? [],
    attempts: 0,
    queuedMs: 0,
    bytes: contentSize(mail),
    warnings: mail.warnings,
  };
}
