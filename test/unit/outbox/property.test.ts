import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import type { Mail, Priority } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { balance, type Accepted, type Told } from "../../support/account";
import type { Fate } from "../../support/fake-mailer";
import { FaultyFiles } from "../../support/faulty-files";
import { TIME } from "../../support/property";
import { attachment, Bench, failure, mail, SETTINGS } from "./bench";

/** What may happen, in any order. */
type Step =
  | {
      readonly do: "accept";
      readonly priority: Priority;
      readonly recipients: number;
      readonly bcc: number;
      readonly own: boolean;
    }
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "modem"; readonly available: boolean }
  | { readonly do: "pause" | "resume" | "flush" | "retry" | "discard" | "deactivate" | "activate" }
  /** Each comes before the one before it is done, so many turns of the inner queue of the event loop later. */
  | {
      readonly do: "atOnce";
      readonly asked: readonly { readonly what: (typeof AT_ONCE)[number]; readonly turns: number }[];
    }
  | { readonly do: "jump"; readonly days: number }
  | { readonly do: "disk"; readonly code: string; readonly operations: number }
  | { readonly do: "restart" | "login" }
  | { readonly do: "kill"; readonly power: boolean };

const AT_ONCE = ["accept", "resume", "flush", "retry", "discard"] as const;

const FATES: readonly Fate[] = [
  { kind: "sent" },
  { kind: "sent" },
  { kind: "sent" },
  failure("SMTP_NETWORK"),
  failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }),
  failure("SMTP_MAILBOX_BUSY", { smtpCode: 450 }),
  failure("SMTP_AUTH_FAILED", { smtpCode: 535 }),
  failure("SMTP_TLS_FAILED"),
  failure("LIMIT_BODY"),
  { kind: "lost", delivered: true, answer: { kind: "unknown" } },
  { kind: "lost", delivered: false, answer: { kind: "unknown" } },
  { kind: "lost", delivered: true, answer: { kind: "sent" } },
  { kind: "lost", delivered: true, answer: "fails" },
  { kind: "lost", delivered: false, answer: { kind: "refused", error: new ModemError("SMTP_TIMEOUT") } },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("accept" as const),
      priority: fc.constantFrom("high" as const, "normal" as const, "low" as const),
      recipients: fc.integer({ min: 1, max: 3 }),
      bcc: fc.integer({ min: 0, max: 2 }),
      own: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 0, max: 50 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("modem" as const), available: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "pause" as const,
        "resume" as const,
        "flush" as const,
        "retry" as const,
        "discard" as const,
        "deactivate" as const,
        "activate" as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("atOnce" as const),
      asked: fc.array(
        fc.record({ what: fc.constantFrom(...AT_ONCE), turns: fc.integer({ min: 0, max: 60 }) }),
        { minLength: 2, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("jump" as const), days: fc.integer({ min: -99, max: 99 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("disk" as const),
      code: fc.constantFrom("ENOSPC", "EIO", "EROFS"),
      operations: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("restart" as const, "login" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const), power: fc.boolean() }) },
);

const READS: ReadonlySet<string> = new Set(["read", "list", "size", "tick", "makeFolder"]);

/** A command may be refused by the disk, and by nothing else. */
function isDiskError(error: unknown): void {
  assert.ok(error instanceof ModemError && error.code === "OUTBOX_DISK", String(error));
}

/** One life of an outbox over restarts, and the account of it. */
class Life {
  private bench: Bench | undefined;
  private readonly accepted: Accepted[] = [];
  private readonly told: Told[] = [];
  private count = 0;
  /** Ids of mails whose end was told, since the last start and `retry`. */
  private readonly toldOnce = new Set<string>();
  private readonly toldTwice: string[] = [];
  private mayRepeat = false;
  private fates: readonly Fate[];
  private login = 0;

  constructor(fates: readonly Fate[]) {
    this.fates = fates;
  }

  async start(): Promise<void> {
    this.follow(await Bench.open({ settings: { maxQueued: 12 } }));
  }

  async take(one: Step): Promise<void> {
    const { bench } = this;
    if (bench === undefined) return;
    const { outbox, clock, mailer } = bench;
    switch (one.do) {
      case "accept":
        return this.accept(one);
      case "wait":
        return clock.advance(one.minutes * 60_000);
      case "modem":
        return mailer.setAvailable(one.available);
      case "pause":
        return clock.until(outbox.pause());
      case "resume":
        return clock.until(outbox.resume());
      case "deactivate":
        return clock.until(outbox.holdFor("pdp").then(() => undefined));
      case "activate":
        return clock.until(outbox.releaseFrom("pdp"));
      case "flush":
      case "retry":
      case "discard":
        return clock.until(this.ask(one.do));
      case "atOnce": {
        const works: Promise<void>[] = [];
        for (const { what, turns } of one.asked) {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          works.push(this.ask(what));
        }
        return clock.until(Promise.all(works).then(() => undefined));
      }
      case "jump":
        return clock.jumpWall(one.days * 24 * 3600_000);
      case "disk":
        return this.failDisk(one.code, one.operations);
      case "restart":
        return this.follow(await bench.restart());
      case "login": {
        const login = `user:${++this.login}`;
        return this.follow(
          await bench.restart({ settings: { fingerprint: { ...SETTINGS.fingerprint, login } } }),
        );
      }
      case "kill":
        return this.follow(await bench.killed(one.power ? "nothing" : "all"));
    }
  }

  /** Lets all go well from now on until nothing waits, and balances the account. */
  async close(): Promise<void> {
    this.fates = [{ kind: "sent" }];
    await this.take({ do: "login" });
    await this.take({ do: "activate" });
    await this.take({ do: "resume" });
    await this.take({ do: "modem", available: true });
    const { bench } = this;
    assert.ok(bench);
    await bench.clock.run(() => bench.outbox.summary().depth === 0);
    await bench.clock.until(bench.outbox.close());
    const accepted = this.accepted.map((one) => (this.mayRepeat ? { ...one, isOnce: false } : one));
    const totals = balance(accepted, bench.mailer.delivered, this.told);
    assert.deepEqual(
      { ...totals, delivered: 0, duplicatesMarked: 0 },
      {
        accepted: this.accepted.length,
        reported: this.accepted.length,
        delivered: 0,
        duplicatesMarked: 0,
        duplicatesUnmarked: 0,
        duplicatesRefused: 0,
        lost: 0,
        falselySent: 0,
      },
    );
    assert.ok(bench.mailer.mostRunning <= 1);
    assert.deepEqual(this.toldTwice, []);
  }

  private async ask(what: (typeof AT_ONCE)[number]): Promise<void> {
    if (what === "accept") {
      return this.accept({ do: "accept", priority: "high", recipients: 1, bcc: 1, own: false });
    }
    if (what === "retry") {
      this.toldOnce.clear();
      // A person who asks for it gets also a mail again that is not repeated by itself.
      this.mayRepeat = true;
    }
    await this.bench?.outbox[what]().then(() => undefined, isDiskError);
  }

  private follow(bench: Bench): void {
    this.bench = bench;
    this.toldOnce.clear();
    const hear = ({ id, result, origin }: MailEnded): void => {
      if (this.toldOnce.has(id)) this.toldTwice.push(id);
      this.toldOnce.add(id);
      const { subject } = origin.message as { subject: string };
      const rejected = result.rejected.map(({ address }) => address);
      this.told.push({ subject, accepted: result.accepted, rejected });
    };
    bench.ended.forEach(hear);
    bench.outbox.on("ended", hear);
    bench.mailer.fate = (_transaction, number) => this.fates[number % this.fates.length] ?? { kind: "sent" };
  }

  private async accept(one: Extract<Step, { do: "accept" }>): Promise<void> {
    const { bench } = this;
    if (bench === undefined) return;
    const subject = `Mail ${++this.count}`;
    const to = ["a@example.com", "b@example.com", "c@example.com"].slice(0, one.recipients);
    const bcc = ["d@example.com", "e@example.com"].slice(0, one.bcc);
    const attachments: Mail["attachments"] = one.bcc > 0 ? [attachment("a.txt", subject)] : [];
    const made = mail(subject, { to, bcc, attachments, priority: one.priority });
    const isOnce = this.count % 4 === 0;
    const options = {
      maxAge: one.own ? 45 : undefined,
      delivery: isOnce ? "atMostOnce" : "atLeastOnce",
    } as const;
    const accepting = bench.outbox.accept(made, options, { nodeId: "n1", message: { subject } });
    try {
      await bench.clock.until(accepting);
      this.accepted.push({ subject, recipients: [...to, ...bcc], isOnce });
    } catch (error) {
      assert.ok(error instanceof ModemError);
      assert.match(error.code, /^OUTBOX_(FULL|DISK)$/);
    }
  }

  private failDisk(code: string, operations: number): void {
    const { bench } = this;
    if (!(bench?.files instanceof FaultyFiles)) return;
    let left = operations;
    bench.files.fault = ({ name }) => (!READS.has(name) && left-- > 0 ? code : undefined);
  }
}

describe("Any sequence of mails, fates, commands, restarts and kills", () => {
  it("ends with every accepted mail told, nothing lost and nothing repeated unmarked", async function () {
    this.timeout(TIME);
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 3, maxLength: 30 }),
        fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 8 }),
        async (steps, fates) => {
          const life = new Life(fates);
          await life.start();
          for (const one of steps) await life.take(one);
          await life.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});
