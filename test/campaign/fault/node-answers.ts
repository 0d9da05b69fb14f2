/**
 * What the nodes of a process answer, held against what was asked: `done` once for each message, each end once and by the
 * output that was chosen, and the message as it came in.
 */
import type { Node } from "node-red";
import type { SmtpResult } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { MessageError } from "../../../nodes/runtime/status/failure-report";
import type { End } from "./audit";
import type { EMITS, ERRORS_TO } from "./flow-file";
import type { Letter } from "./letters";

/** How a node speaks. */
export interface Ways {
  readonly emit: (typeof EMITS)[number];
  readonly errorTo: (typeof ERRORS_TO)[number];
}

/** A message in a flow. */
export interface FlowMessage {
  readonly kept?: { readonly number: number };
  readonly payload?: unknown;
  readonly attachments?: unknown;
  readonly smtp?: SmtpResult;
  readonly error?: MessageError;
}

/** A message that a node has taken, and how often what was heard of it. */
interface Taken {
  readonly node: Node;
  readonly ways: Ways;
  readonly accept: (id: string) => void;
  readonly refuse: (why: Error) => void;
  state: "asked" | "accepted" | "refused" | "ended";
  dones: number;
  caught: number;
  /** On an output, before its end. */
  answers: number;
}

export interface AnswersOptions {
  readonly letters: () => readonly Letter[];
  readonly ended: (end: End) => void;
  readonly complain: (what: string) => void;
  readonly published: (what: string, text: string) => void;
  /** The node was closed. */
  readonly isClosed: (node: Node) => boolean;
}

export class NodeAnswers {
  private readonly taken = new Map<number, Taken>();
  /** How often an end was told on an output, by id. */
  private readonly ends = new Map<string, number>();

  constructor(private readonly options: AnswersOptions) {}

  /** A message comes to a node. Resolves when it is accepted, rejects when it is refused. */
  took({ number }: Letter, node: Node, ways: Ways): Promise<{ readonly id: string }> {
    return new Promise((resolve, refuse) => {
      const accept = (id: string): void => resolve({ id });
      const none = { dones: 0, caught: 0, answers: 0 };
      this.taken.set(number, { node, ways, accept, refuse, state: "asked", ...none });
    });
  }

  accepted(message: unknown, id: string): void {
    const one = this.takenOf(message as FlowMessage);
    if (one?.state !== "asked") this.complain(`accepted ${id}, which nothing had asked for`);
    if (one === undefined) return;
    one.state = "accepted";
    one.accept(id);
  }

  /** A message leaves a node by an output. */
  sent(node: Node, message: FlowMessage): void {
    const { smtp, error, kept } = message;
    const number = kept?.number;
    this.options.published("message", JSON.stringify(message));
    const named = `letter ${number} (${smtp?.status} ${error?.code ?? ""})`;
    if (smtp === undefined) return this.complain(`told ${named} without a result`);
    // Whose mail was accepted at the last moment hears of its end from the next node.
    if (this.options.isClosed(node) && smtp.status !== "queued")
      this.complain(`told ${named} after its close, where no one hears it`);
    this.compare(message, error !== undefined && error.outcome !== "partial");
    const one = this.takenOf(message);
    if (smtp.status === "queued" || smtp.id === "") {
      if (one !== undefined) one.answers++;
      if (smtp.id === "") this.refused(one, error?.code);
      return;
    }
    this.ends.set(smtp.id, (this.ends.get(smtp.id) ?? 0) + 1);
    if (one !== undefined) one.state = "ended";
    const { id, recovered = false } = smtp;
    const origin = { nodeId: node.id, message: { number } };
    this.options.ended({
      id,
      origin,
      result: smtp,
      recovered,
      ...(error !== undefined && { failure: error }),
    });
  }

  /** Catch nodes get an error. */
  caught(error: unknown, message: FlowMessage): void {
    const one = this.takenOf(message);
    if (one === undefined) return;
    one.caught++;
    if (one.state === "asked") this.refused(one, String(error));
  }

  completed(message: FlowMessage): void {
    const one = this.takenOf(message);
    if (one !== undefined) one.dones++;
  }

  /** A node has got the end of a mail, and has told what it tells. @param caught errors that came meanwhile */
  received(ended: MailEnded, { emit, errorTo }: Ways): void {
    const { id, failure, result } = ended;
    const isGood = failure === undefined || result.status === "partial";
    const isShown = (isGood && emit === "whenSent") || (failure !== undefined && errorTo !== "catch");
    const one = this.takenOf(ended.origin.message as FlowMessage);
    const shown = this.ends.get(id) ?? 0;
    if (shown !== (isShown ? 1 : 0))
      this.complain(`told the end of ${id} (${result.status}) on ${shown} outputs`);
    const isCaught = failure !== undefined && errorTo !== "output";
    if (one !== undefined && isCaught !== one.caught > 0)
      this.complain(`told Catch nodes of ${id} (${result.status}) ${one.caught} times`);
    if (one !== undefined) one.state = "ended";
    if (!isShown) this.options.ended(ended);
  }

  /** What cannot be right any more, or is still missing when all is over. */
  debts(isOver: boolean): readonly string[] {
    return [...this.taken].flatMap(([number, { node, ways, state, dones, caught, answers }]) => {
      const isQueued = ways.emit === "whenQueued" && state !== "refused";
      const all = isQueued ? dones : dones + caught;
      // A node that came later has no `done` of the message.
      const isSettled = isOver && (isQueued || state === "refused" || !this.options.isClosed(node));
      const isRight = isSettled ? all === 1 : all <= 1;
      const expected = isQueued || (state === "refused" && ways.errorTo !== "catch") ? 1 : 0;
      const isAnswered = isOver ? answers === expected : answers <= expected;
      return [
        ...(isRight ? [] : [`a node: called done of letter ${number} (${state}) ${all} times`]),
        ...(isAnswered ? [] : [`a node: answered letter ${number} (${state}) on ${answers} outputs`]),
        ...(isOver && state === "asked" ? [`a node: never answered letter ${number}`] : []),
      ];
    });
  }

  private refused(one: Taken | undefined, why: string | undefined): void {
    if (one?.state !== "asked") return this.complain(`refused a message that was ${one?.state}: ${why}`);
    one.state = "refused";
    one.refuse(new Error(why));
  }

  private takenOf(message: FlowMessage): Taken | undefined {
    return this.taken.get(message.kept?.number ?? -1);
  }

  /** A message that went out must be the one that came in. @param isWhole its contents are there again */
  private compare({ kept, payload, attachments }: FlowMessage, isWhole: boolean): void {
    // A record that could not be read holds nothing of it.
    const letter = this.options.letters().find(({ number }) => number === kept?.number);
    if (letter === undefined) return;
    if (payload !== letter.text) this.complain(`told letter ${letter.number} with another payload`);
    const list = (attachments ?? []) as readonly { readonly filename?: string; readonly content?: Buffer }[];
    const isSame = letter.attachments.every(({ filename, content }, index) => {
      const got = list[index];
      return (
        got?.filename === filename && (!isWhole || got.content === undefined || content.equals(got.content))
      );
    });
    if (!isSame) this.complain(`told letter ${letter.number} with other attachments`);
  }

  private complain(what: string): void {
    this.options.complain(`a node: ${what}`);
  }
}
