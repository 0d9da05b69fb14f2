/** A carrier without a modem: each transaction meets the next fate of a script, and what is delivered is kept. */
import { EventEmitter } from "node:events";
import { ModemError } from "../../lib/errors";
import type {
  CarrierEvents,
  MailCarrier,
  MailTransaction,
  RecoveredResult,
  SendOptions,
  SendReport,
  TextSupport,
} from "../../lib/mailer/qsmtp/carrier";

/** What becomes of one transaction. */
export type Fate =
  /** The server takes it. */
  | { readonly kind: "sent" }
  /** It fails before QSMTPPUT, or with its result. */
  | {
      readonly kind: "failed";
      readonly error: ModemError;
      readonly beforePut?: true;
      readonly delivered?: true;
    }
  /** It arrives, the module says that it failed, and the carrier repeats it at once. */
  | { readonly kind: "repeats" }
  /** The connection is lost after QSMTPPUT; `answer` is what the module says when it is asked. */
  | { readonly kind: "lost"; readonly delivered: boolean; readonly answer: RecoveredResult | "fails" }
  /** Nothing comes any more, until it is aborted. */
  | { readonly kind: "hangs"; readonly beforePut?: true; readonly delivered?: true };

export interface Delivered {
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly content: Buffer }[];
  /** The text says that it may be a repeat. */
  readonly isMarked: boolean;
}

export class FakeCarrier extends EventEmitter<CarrierEvents> implements MailCarrier {
  available = true;
  /** Called before each step that a kill could come after. */
  step: () => Promise<void> = async () => undefined;
  fate: (transaction: MailTransaction, number: number) => Fate = () => ({ kind: "sent" });
  /** Transactions begun, in order. */
  readonly tried: { readonly subject: string; readonly recipients: readonly string[] }[] = [];
  /** Questions for a lost result. */
  recoveries = 0;
  running = 0;
  mostRunning = 0;
  private answer: RecoveredResult | "fails" = { kind: "unknown" };

  /** @param delivered what the server has got, from earlier carriers too. */
  constructor(readonly delivered: Delivered[] = []) {
    super();
  }

  setAvailable(available: boolean): void {
    this.available = available;
    this.emit("available", available);
  }

  textSupport(): Promise<TextSupport> {
    return Promise.resolve({ subject: "raw", body: "raw" });
  }

  async send(transaction: MailTransaction, options: SendOptions = {}): Promise<SendReport> {
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      return await this.transact(transaction, options);
    } finally {
      this.running--;
    }
  }

  async recover(signal?: AbortSignal): Promise<RecoveredResult> {
    this.recoveries++;
    await this.step();
    if (signal?.aborted) throw new ModemError("MODEM_ABORTED");
    const { answer } = this;
    if (answer === "fails") throw new ModemError("MODEM_SILENT");
    this.answer = { kind: "unknown" };
    return answer;
  }

  /** What the module says when it is asked for a result. */
  setAnswer(answer: RecoveredResult | "fails"): void {
    this.answer = answer;
  }

  private async transact(transaction: MailTransaction, options: SendOptions): Promise<SendReport> {
    const { signal, beforePut, onProgress } = options;
    const recipients = [...transaction.to, ...transaction.cc, ...transaction.bcc];
    const subject = transaction.subject.bytes.toString();
    this.tried.push({ subject, recipients });
    const fate = this.fate(transaction, this.tried.length);
    await this.step();
    if (signal?.aborted) throw new ModemError("MODEM_ABORTED");
    onProgress?.({ stage: "connect", done: 0, total: 0 });
    const attachments = await Promise.all(
      transaction.attachments.map(async (attachment) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of attachment.open()) chunks.push(chunk);
        return { name: attachment.name, content: Buffer.concat(chunks) };
      }),
    );
    if (fate.kind === "failed" && fate.beforePut) throw fate.error;
    if (fate.kind === "hangs" && fate.beforePut) await aborted(signal);
    await beforePut?.();
    await this.step();
    const deliver = ({ body }: MailTransaction = transaction): void => {
      const text = body.bytes.toString();
      const isMarked = text.includes("May be a repeat");
      this.delivered.push({ recipients, subject, text, attachments, isMarked });
    };
    switch (fate.kind) {
      case "sent":
        deliver();
        await this.step();
        return { sendMs: 1200, bytes: transaction.body.bytes.length, warnings: [] };
      case "repeats": {
        deliver();
        const repeat = (await options.beforeRepeat?.()) ?? transaction;
        await beforePut?.();
        deliver(repeat);
        return { sendMs: 1200, bytes: repeat.body.bytes.length, warnings: [] };
      }
      case "failed":
        if (fate.delivered) deliver();
        throw fate.error;
      case "lost":
        if (fate.delivered) deliver();
        this.answer = fate.answer;
        throw new ModemError("MODEM_RESULT_UNKNOWN");
      case "hangs":
        if (fate.delivered) deliver();
        return aborted(signal);
    }
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(new ModemError("MODEM_ABORTED")), { once: true });
  });
}
