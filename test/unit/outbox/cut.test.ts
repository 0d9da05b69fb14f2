import assert from "node:assert/strict";
import type { Mail } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { balance, type Accepted, type Told } from "../../support/account";
import { seededRandom } from "../../support/random";
import { FaultyFiles, type Survives } from "../../support/faulty-files";
import { TIME } from "../../support/property";
import { attachment, Bench, failure, mail, OPTIONS } from "./bench";

const MAILS: readonly Mail[] = [
  mail("report", {
    priority: "low",
    bcc: ["b@example.com"],
    attachments: [attachment("a.csv", "a;b".repeat(500)), attachment("b.csv", "1;2")],
  }),
  mail("alarm", { priority: "high" }),
  mail("state", { to: ["a@example.com", "unknown@example.com"] }),
];

/** A server that does not know one address, and a first try that fails. */
const fate: Bench["mailer"]["fate"] = ({ to }, number) => {
  if (number === 1) return failure("SMTP_NETWORK");
  if (to.includes("unknown@example.com")) return failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
  return { kind: "sent" };
};

interface Run {
  readonly accepted: Accepted[];
  readonly told: Told[];
  readonly bench: Bench;
}

function toldOf({ result, origin }: MailEnded): Told {
  const { subject } = origin.message as { subject: string };
  return { subject, accepted: result.accepted, rejected: result.rejected.map(({ address }) => address) };
}

/** Accepts the mails and sends them until the power is cut at operation `at`. */
async function runUntil(at: number): Promise<Run & { operations: number }> {
  const files = new FaultyFiles();
  let isCut = false;
  files.fault = ({ number }) => {
    isCut ||= number === at;
    return number === at ? "cut" : undefined;
  };
  const bench = new Bench({ files });
  const accepted: Accepted[] = [];
  bench.mailer.fate = fate;
  bench.mailer.step = () => files.tick("modem");
  const work = async (): Promise<void> => {
    await bench.outbox.open();
    for (const one of MAILS) {
      await bench.outbox.accept(one, OPTIONS, { nodeId: "n1", message: { subject: one.subject } });
      accepted.push({ subject: one.subject, recipients: [...one.to, ...one.bcc] });
    }
  };
  void work();
  await bench.clock.run(() => isCut || bench.ended.length === MAILS.length);
  await bench.clock.run(() => true);
  return { accepted, told: bench.ended.map(toldOf), bench, operations: files.operations };
}

/** Starts on what the cut has left and waits until nothing waits. */
async function takeUp({ bench, told }: Run, survives: Survives): Promise<void> {
  const next = await bench.killed(survives);
  next.mailer.fate = (transaction) => fate(transaction, 2);
  next.outbox.on("ended", (ended) => told.push(toldOf(ended)));
  told.push(...next.ended.map(toldOf));
  await next.clock.run(() => next.outbox.summary().depth === 0);
  assert.deepEqual(next.troubles, []);
}

describe("A kill or a power cut after any single operation", () => {
  const ways: readonly (readonly [string, (at: number) => Survives])[] = [
    ["the process is killed", () => "all"],
    ["the power is cut and all that was not flushed is lost", () => "nothing"],
    ["the power is cut and some of it is there", (at) => seededRandom(at)],
  ];
  for (const [way, survives] of ways) {
    it(`loses no accepted mail and repeats none unmarked when ${way}`, async () => {
      let last = Infinity;
      for (let at = 1; at <= last; at++) {
        const run = await runUntil(at);
        await takeUp(run, survives(at));
        const totals = balance(run.accepted, run.bench.mailer.delivered, run.told);
        const { lost, duplicatesUnmarked, falselySent, accepted, reported } = totals;
        assert.deepEqual(
          { lost, duplicatesUnmarked, falselySent, reported },
          { lost: 0, duplicatesUnmarked: 0, falselySent: 0, reported: accepted },
          `cut at operation ${at}`,
        );
        if (run.operations < at) last = at;
      }
      assert.ok(last > 80, `${last} operations were cut`);
    }).timeout(TIME);
  }
});
