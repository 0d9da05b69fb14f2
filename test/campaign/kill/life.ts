/**
 * One life of an outbox on the disk of the host, in a process that is to be killed at a random moment.
 *
 * Its time runs 500 times as fast, so that waits of half a minute do not make the campaign long.
 */
import { EventEmitter } from "node:events";
import { ModemError } from "../../../lib/errors";
import type { Clock } from "../../../lib/clock";
import { composerFor } from "../../../lib/mail/compose/composer";
import type { Mail } from "../../../lib/mail/mail";
import { Outbox } from "../../../lib/mail/outbox/outbox";
import type {
  CarrierEvents,
  MailCarrier,
  MailTransaction,
  RecoveredResult,
  SendOptions,
  SendReport,
} from "../../../lib/quectel/smtp/carrier";
import { seededRandom } from "../../support/random";
import type { FromModule, FromOutbox, LifePlan } from "./messages";

const SPEED = 500;

const clock: Clock = {
  now: () => performance.now() * SPEED,
  wall: () => Date.now(),
  after(ms, fire) {
    const handle = setTimeout(fire, ms / SPEED);
    return { clear: () => clearTimeout(handle) };
  },
};

/** Resolves when the counting process is certain to get it. */
function tell(message: FromOutbox): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

async function ask(message: FromOutbox): Promise<FromModule> {
  const answer = new Promise<FromModule>((resolve) => {
    process.once("message", (told: FromModule) => resolve(told));
  });
  await tell(message);
  return answer;
}

class CampaignCarrier extends EventEmitter<CarrierEvents> implements MailCarrier {
  readonly available = true;

  textSupport(): ReturnType<MailCarrier["textSupport"]> {
    return Promise.resolve({ subject: "raw", body: "raw" });
  }

  async send(transaction: MailTransaction, { beforePut }: SendOptions = {}): Promise<SendReport> {
    let bytes = 0;
    for (const attachment of transaction.attachments) {
      for await (const chunk of attachment.open()) bytes += chunk.length;
    }
    await beforePut?.();
    const subject = transaction.subject.bytes.toString();
    const recipients = [...transaction.to, ...transaction.cc, ...transaction.bcc];
    const isMarked = transaction.body.bytes.toString().includes("May be a repeat");
    const result = await ask({ kind: "put", put: { subject, recipients, isMarked } });
    switch (result.kind) {
      case "sent":
        return { sendMs: 1, bytes, warnings: [] };
      case "refused":
        throw refusal(result.smtpCode);
      case "lost":
      case "unknown":
        throw new ModemError("MODEM_RESULT_UNKNOWN");
    }
  }

  async recover(): Promise<RecoveredResult> {
    const result = await ask({ kind: "ask" });
    switch (result.kind) {
      case "sent":
        return { kind: "sent" };
      case "refused":
        return { kind: "refused", error: refusal(result.smtpCode) };
      case "lost":
      case "unknown":
        return { kind: "unknown" };
    }
  }
}

function refusal(smtpCode: number): ModemError {
  return new ModemError(smtpCode === 550 ? "SMTP_MAILBOX_UNAVAILABLE" : "SMTP_LOCAL_ERROR", { smtpCode });
}

/** Mails of all kinds: priorities, several recipients, one of them refused, private copies, attachments. */
function anyMail(subject: string, random: () => number): Mail {
  const some = (list: readonly string[]): string[] => list.filter(() => random() < 0.4);
  const size = Math.floor(random() * 200_000);
  return {
    from: undefined,
    to: ["ops@example.com", ...some(["a@example.com", "unknown@example.com"])],
    cc: some(["c@example.com"]),
    bcc: some(["d@example.com", "e@example.com"]),
    subject,
    text: `${subject} at pump 7`,
    attachments:
      random() < 0.5
        ? [{ filename: "a.bin", content: { kind: "bytes", bytes: Buffer.alloc(size, "x") } }]
        : [],
    priority: random() < 0.3 ? "high" : random() < 0.5 ? "low" : "normal",
    warnings: [],
  };
}

async function live({ directory, life, mails, isLast, seed }: LifePlan): Promise<void> {
  const random = seededRandom(seed);
  const carrier = new CampaignCarrier();
  const text = { senderName: "", senderAddress: "pump7@example.com", charset: "auto", lateNote: 0 } as const;
  const outbox = new Outbox({
    directory,
    clock,
    carrier,
    settings: {
      maxAge: 1e6,
      maxQueued: 10_000,
      maxSpoolMB: 1000,
      keepFailedDays: 1000,
      ratePerHour: 0,
      bccMode: "private",
      simulated: false,
      fingerprint: { port: "", sim: "", apn: "", server: "", login: "", sender: "" },
    },
    compose: composerFor(text, carrier),
    log: { error: console.error, warn: () => undefined, info: () => undefined, debug: () => undefined },
  });
  outbox.on("ended", (ended) => {
    const { subject } = ended.origin.message as { subject: string };
    const rejected = ended.result.rejected.map(({ address }) => address);
    ended.waitUntil(tell({ kind: "ended", told: { subject, accepted: ended.result.accepted, rejected } }));
  });
  // Kills make lost results frequent; a person who looks would resume the outbox.
  outbox.on("hold", (reason) => void (reason !== undefined && outbox.resume()));
  await tell({ kind: "opening" });
  await outbox.open();
  await outbox.resume();
  for (let number = 0; number < mails; number++) {
    const subject = `Mail ${life}-${number}`;
    const made = anyMail(subject, random);
    const options = { maxAge: undefined, delivery: random() < 0.2 ? "atMostOnce" : "atLeastOnce" } as const;
    await outbox.accept(made, options, { nodeId: "n1", message: { subject } });
    await tell({ kind: "accepted", subject, recipients: [...made.to, ...made.cc, ...made.bcc] });
  }
  if (!isLast) return;
  while (outbox.summary().depth > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await outbox.close();
  await tell({ kind: "done" });
  process.disconnect();
}

live(JSON.parse(process.argv[2] ?? "") as LifePlan).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
