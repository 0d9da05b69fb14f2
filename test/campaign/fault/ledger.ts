/** The ledger of an episode: each letter with its answer and its ends, and the copies that the mail server has. */
import { createHash } from "node:crypto";
import { simpleParser } from "mailparser";
import { accountOf, add, emptyAccount, type Account, type Case, type End } from "./audit";
import { linesOf } from "./difference";
import type { Letter } from "./letters";
import { numberOf } from "./letters";
import type { Arrival } from "./post-office";
import type { TestMailEnd } from "./test-mail";

export class Ledger {
  /** What must not be and stands in no account, in words. */
  readonly complaints: string[] = [];
  private readonly senders = new Set<string>();
  private readonly cases = new Map<number, Case>();
  private readonly byId = new Map<string, Case>();
  /** By their recipient. */
  private readonly tests = new Map<string, TestMailEnd | undefined>();
  private readonly foreignRecipients = new Set<string>();
  private readonly contradictedTests = new Set<string>();
  /** Message-IDs of a letter by socket. */
  private readonly ids = new Map<number, Set<string>>();

  /** @param isNoisy the line has no checksums */
  constructor(private readonly isNoisy: boolean) {}

  /** A message has come to a node. @param sender of the config node that gets it */
  raise(letter: Letter, recipients: readonly string[], sender: string): Case {
    this.senders.add(sender);
    const one: Case = {
      letter,
      recipients,
      sender,
      answer: undefined,
      id: undefined,
      ends: [],
      overdue: undefined,
      isContradicted: false,
      copies: [],
    };
    this.cases.set(letter.number, one);
    return one;
  }

  accepted(one: Case, id: string): void {
    one.answer = "accepted";
    one.id = id;
    this.byId.set(id, one);
  }

  /** Whose end was told; undefined: of none that is known. */
  caseOf({ id, origin }: Pick<End, "id" | "origin">): Case | undefined {
    const { number } = origin.message as { number?: number };
    return this.cases.get(number ?? -1) ?? this.byId.get(id);
  }

  /** Nothing can tell what the module says of these mails from the truth. */
  contradicted({ recipients }: Arrival): void {
    for (const recipient of recipients) {
      this.contradictedTests.add(recipient);
      const one = this.cases.get(numberOf(recipient) ?? -1);
      if (one !== undefined) one.isContradicted = true;
    }
  }

  /** A test mail begins, or has ended. */
  tested(recipient: string, end?: TestMailEnd): void {
    this.tests.set(recipient, end);
  }

  /** Another host sends a mail to this recipient. */
  foreign(recipient: string): void {
    this.foreignRecipients.add(recipient);
  }

  /** Accepted mails whose end was not told. */
  get open(): number {
    return [...this.cases.values()].filter(({ answer, ends }) => answer === "accepted" && ends.length === 0)
      .length;
  }

  /** The account when all is over. @param story takes each copy */
  async settle(arrivals: readonly Arrival[], story: string[]): Promise<Account> {
    for (const arrival of arrivals) await this.file(arrival);
    for (const [recipient, end] of this.tests) {
      const copies = arrivals.filter(({ recipients }) => recipients.includes(recipient)).length;
      if (end === "sent" && copies === 0)
        this.complaints.push(`test mail to ${recipient}: falsely reported as sent`);
      if (end === "not sent" && copies > 0 && !this.contradictedTests.has(recipient))
        this.complaints.push(`test mail to ${recipient}: falsely reported as not sent`);
      if (copies > 1) this.complaints.push(`test mail to ${recipient}: sent ${copies} times`);
    }
    const account = emptyAccount();
    for (const one of this.cases.values()) {
      add(account, accountOf(one));
      const ids = this.ids.get(one.letter.number)?.size ?? 0;
      if (ids > 1) this.complaints.push(`letter ${one.letter.number} came with ${ids} Message-IDs`);
      for (const { recipient, isMarked } of one.copies)
        story.push(`copy ${recipient}${isMarked ? " marked" : ""}`);
    }
    return account;
  }

  /** Sorts an arrival to the letters of its recipients. */
  private async file(arrival: Arrival): Promise<void> {
    const parsed = await simpleParser(arrival.raw);
    const text = lines(parsed.text ?? "");
    for (const recipient of arrival.recipients) {
      if (this.tests.has(recipient)) {
        if (arrival.recipients.length > 1)
          this.complaints.push(`a test mail went to others than ${recipient}`);
        continue;
      }
      if (this.foreignRecipients.has(recipient)) {
        if (/#\d+#/.test(text)) this.complaints.push(`a mail of ours went to ${recipient} of another host`);
        continue;
      }
      const one = this.cases.get(numberOf(recipient) ?? -1);
      if (one === undefined || !one.recipients.includes(recipient)) {
        this.complaints.push(`a mail went to ${recipient}`);
        continue;
      }
      // On a line without checksums an address may be spoilt; it is not that of another config node.
      if (arrival.sender !== one.sender && (this.senders.has(arrival.sender) || !this.isNoisy))
        this.complaints.push(`${recipient} got mail from ${arrival.sender}`);
      if (arrival.counter === "socket") this.hasId(one.letter.number, parsed.messageId);
      const contents = parsed.attachments.map(({ content }) => content);
      const { letter } = one;
      one.copies.push({
        recipient,
        // Whole in message.txt too, where the body's coding is a guess.
        isMarked: [text, ...contents.map(String)].some((part) => part.includes("Possible duplicate")),
        hasAttachments: letter.attachments.every(({ content }) =>
          contents.some((got) => got.equals(content)),
        ),
        hasText: [text, ...contents.map(String)].some((other) => lines(other).includes(letter.text)),
      });
    }
  }

  private hasId(letter: number, messageId: string | undefined): void {
    if (messageId === undefined) this.complaints.push(`letter ${letter} came without a Message-ID`);
    else this.ids.set(letter, (this.ids.get(letter) ?? new Set()).add(messageId));
  }
}

/** The same for two runs of one episode, in whichever process. */
export function hashOf(story: readonly string[]): string {
  return createHash("sha256").update(linesOf(story).join("\n")).digest("hex").slice(0, 16);
}

function lines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
