/**
 * Property of hostile messages that meet faults: each accepted one, whatever it holds, is followed from the message of the flow over
 * outages of module, mail server and disk, restarts, deploys, kills and power cuts to its told end, which is true to the server.
 *
 * The way is that of a node: snapshot, mail, outbox with its spool. Messages and faults come together here and nowhere else: the
 * part "faults" sends well-formed messages, the part "hostile" sends through a sound world.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import { readMessage } from "../../../lib/mail/message/message";
import { snapshotOf } from "../../../lib/mail/message/snapshot";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { Fate } from "../../support/fake-mailer";
import { FaultyFiles } from "../../support/faulty-files";
import { ownOfAll } from "../../support/own-of-all";
import { Bench, failure, OPTIONS } from "../../unit/outbox/bench";
import { Dice } from "../fault/dice";
import { anyMessage } from "./messages";

const MINUTE = 60_000;
const POLICY = { allowFrom: true, attachmentPaths: [] };

type Step =
  | { readonly do: "message"; readonly seed: number }
  | { readonly do: "wait"; readonly minutes: number }
  | { readonly do: "module"; readonly available: boolean }
  | { readonly do: "disk"; readonly code: string; readonly operations: number }
  | { readonly do: "deploy" | "kill" | "power cut" };

const FATES: readonly Fate[] = [
  { kind: "sent" },
  { kind: "sent" },
  failure("SMTP_NETWORK"),
  failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }),
  failure("SMTP_MAILBOX_BUSY", { smtpCode: 450 }),
  failure("LIMIT_BODY"),
  { kind: "lost", delivered: true, answer: { kind: "unknown" } },
  { kind: "lost", delivered: false, answer: { kind: "unknown" } },
  { kind: "lost", delivered: true, answer: { kind: "sent" } },
  { kind: "hangs", delivered: true },
  { kind: "hangs", beforePut: true },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("message" as const), seed: fc.nat(2 ** 31 - 1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.integer({ min: 0, max: 50 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("module" as const), available: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("disk" as const),
      code: fc.constantFrom("ENOSPC", "EIO", "EROFS", "ENOENT"),
      operations: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("deploy" as const, "kill" as const, "power cut" as const),
    }),
  },
);

export function joinedProperty(): fc.IAsyncPropertyWithHooks<[Step[], number[]]> {
  return fc.asyncProperty(
    fc.array(step, { minLength: 3, maxLength: 25 }),
    fc.array(fc.nat(FATES.length - 1), { minLength: 1, maxLength: 8 }),
    async (steps, fates) => {
      const before = ownOfAll();
      const life = new Life(fates);
      for (const one of steps) await life.take(one);
      await life.close();
      assert.equal(ownOfAll(), before);
    },
  );
}

class Life {
  private bench: Bench | undefined;
  /** Ids of accepted mails, by the address that each has alone. */
  private readonly accepted = new Map<string, string>();
  private readonly ends: MailEnded[] = [];
  /** Ids told by the process that runs. */
  private told = new Set<string>();
  private count = 0;
  private isWell = false;

  constructor(private readonly fates: readonly number[]) {}

  async take(one: Step): Promise<void> {
    const bench = (this.bench ??= this.follow(await Bench.open()));
    switch (one.do) {
      case "message":
        return this.accept(bench, one.seed);
      case "wait":
        return bench.clock.advance(one.minutes * MINUTE);
      case "module":
        return bench.mailer.setAvailable(one.available);
      case "disk": {
        let left = one.operations;
        const { files } = bench;
        if (files instanceof FaultyFiles)
          files.fault = ({ name }) =>
            /^(create|write|sync|rename|remove)$/.test(name) && left-- > 0 ? one.code : undefined;
        return;
      }
      case "deploy":
        return void this.follow(await bench.restart());
      case "kill":
        return void this.follow(await bench.killed("all"));
      case "power cut":
        return void this.follow(await bench.killed("nothing"));
    }
  }

  /** All goes well from now on, until nothing waits; then the account. */
  async close(): Promise<void> {
    this.isWell = true;
    await this.take({ do: "kill" });
    await this.take({ do: "module", available: true });
    const { bench } = this;
    assert(bench);
    await bench.clock.run(() => bench.outbox.summary().depth === 0);
    await bench.clock.until(bench.outbox.close());
    bench.host.end();
    const { delivered } = bench.mailer;
    for (const [address, id] of this.accepted) {
      const ends = this.ends.filter((end) => end.id === id);
      const copies = delivered.filter(({ recipients }) => recipients.includes(address));
      assert(ends.length > 0, `mail ${id} was told no end`);
      assert(copies.filter(({ isMarked }) => !isMarked).length <= 1, `mail ${id} came twice, unmarked`);
      const isSaidSent = ends.some(({ result }) => result.accepted.includes(address));
      assert(!isSaidSent || copies.length > 0, `mail ${id} was told as sent`);
    }
    const known = new Set(this.accepted.values());
    assert.deepEqual(
      this.ends.map(({ id }) => id).filter((id) => !known.has(id)),
      [],
    );
  }

  private follow(bench: Bench): Bench {
    this.bench = bench;
    this.told = new Set();
    const hear = (end: MailEnded): void => {
      assert(!this.told.has(end.id), `the end of ${end.id} was told twice by one process`);
      this.told.add(end.id);
      this.ends.push(end);
      // A node copies it and sends it on.
      JSON.stringify(end.origin.message);
    };
    bench.ended.forEach(hear);
    bench.outbox.on("ended", hear);
    bench.mailer.fate = (_transaction, number) =>
      (this.isWell ? undefined : FATES[this.fates[number % this.fates.length] ?? 0]) ?? { kind: "sent" };
    return bench;
  }

  private async accept({ clock, outbox }: Bench, seed: number): Promise<void> {
    const address = `n${++this.count}@example.com`;
    const taking = async (): Promise<string> => {
      const { message } = await snapshotOf(anyMessage(new Dice(seed)));
      const mail = await readMessage(message, {}, POLICY);
      const named = { ...mail, to: [address, ...mail.to] };
      return (await outbox.accept(named, OPTIONS, { nodeId: "n1", message })).id;
    };
    try {
      this.accepted.set(address, await clock.until(taking()));
    } catch (error) {
      assert(error instanceof ModemError && /^(INVALID|LIMIT|OUTBOX)_/.test(error.code), String(error));
    }
  }
}
