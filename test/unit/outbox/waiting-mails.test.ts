import assert from "node:assert/strict";
import fc from "fast-check";
import { timeLeft, WaitingMails, type Entry } from "../../../lib/outbox/waiting-mails";
import type { OutboxInstant } from "../../../lib/mail/spool/record";

const LIMIT = 1000;
const PRIORITIES = ["high", "normal", "low"] as const;

function instant(time: number, active = time): OutboxInstant {
  return { clock: "c", time, active };
}

function entry(seq: number, more: Partial<Entry> = {}): Entry {
  return {
    id: `mail${seq}`,
    seq,
    priority: "normal",
    nodeId: "n1",
    accepted: instant(0),
    ownLimit: undefined,
    recovered: false,
    bytes: 1,
    place: { folder: "queue" },
    due: 0,
    stage: "waiting",
    unsaved: undefined,
    ...more,
  };
}

/** What is to be done, found by looking at every mail. */
function plainly(
  entries: readonly Entry[],
  now: OutboxInstant,
): { next: string | undefined; expired: string[] } {
  const waiting = entries.filter(({ stage }) => stage === "waiting");
  const expired = waiting.filter((one) => timeLeft(one, now, LIMIT) <= 0).map(({ id }) => id);
  const due = waiting.filter((one) => timeLeft(one, now, LIMIT) > 0 && one.due <= now.time);
  const rank = ({ priority }: Entry): number => PRIORITIES.indexOf(priority);
  const [next] = due.sort((a, b) => rank(a) - rank(b) || a.seq - b.seq);
  return { next: next?.id, expired };
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("add" as const),
    priority: fc.constantFrom(...PRIORITIES),
    ownLimit: fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined }),
    dueIn: fc.integer({ min: 0, max: 500 }),
  }),
  fc.record({
    kind: fc.constant("stage" as const),
    which: fc.nat(50),
    stage: fc.constantFrom("waiting" as const, "running" as const, "asking" as const),
  }),
  fc.record({ kind: fc.constant("delete" as const), which: fc.nat(50) }),
  fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 400 }), held: fc.boolean() }),
);

describe("Waiting mails", () => {
  it("name what is next and what has expired as if all of them were looked at each time", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const waiting = new WaitingMails();
        let entries: Entry[] = [];
        let now = instant(0);
        for (const [seq, one] of steps.entries()) {
          const chosen = "which" in one ? entries[one.which % Math.max(1, entries.length)] : undefined;
          switch (one.kind) {
            case "add": {
              const { priority, ownLimit, dueIn } = one;
              const added = entry(seq, { priority, ownLimit, due: now.time + dueIn, accepted: now });
              entries.push(added);
              waiting.add(added);
              break;
            }
            case "stage":
              if (chosen !== undefined) chosen.stage = one.stage;
              break;
            case "delete":
              if (chosen !== undefined) waiting.delete(chosen);
              entries = entries.filter((other) => other !== chosen);
              break;
            case "pass":
              now = instant(now.time + one.ms, now.active + (one.held ? 0 : one.ms));
          }
          const { next, expired, expiresIn, dueIn } = waiting.survey(now, LIMIT, false);
          const found = { next: next?.id, expired: expired.map(({ id }) => id) };
          assert.deepEqual(found, plainly(entries, now));
          assert.ok(expired.length > 0 || (expiresIn > 0 && (next !== undefined || dueIn > 0)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("are not all looked at for each mail that is sent, whatever limits they have", () => {
    for (const ownLimit of [undefined, 500]) {
      const waiting = new WaitingMails();
      let looks = 0;
      for (let seq = 0; seq < 1000; seq++) {
        const one = entry(seq, { ownLimit });
        for (const part of ["due", "accepted"] as const) {
          const value = one[part];
          Object.defineProperty(one, part, { get: () => (looks++, value) });
        }
        waiting.add(one);
      }
      looks = 0;
      const { next, expiresIn } = waiting.survey(instant(1), LIMIT, false);
      assert.deepEqual([next?.id, expiresIn], ["mail0", (ownLimit ?? LIMIT) - 1]);
      assert.equal(looks, 2, "at the first alone: whether it is due, and whether it has expired");
    }
  });

  it("are no longer counted from the moment at which their end begins, however they end", () => {
    const waiting = new WaitingMails();
    const [first, second, third] = [entry(1, { bytes: 10 }), entry(2), entry(3, { stage: "ending" })];
    for (const one of [first, second, third]) waiting.add(one);
    const state = (): unknown => [waiting.depth, waiting.oldest()?.id, waiting.inOrder().map(({ id }) => id)];
    assert.deepEqual(state(), [2, "mail1", ["mail1", "mail2"]]);
    waiting.startEnding(first);
    waiting.startEnding(first);
    assert.deepEqual(state(), [1, "mail2", ["mail2"]]);
    waiting.delete(third);
    waiting.delete(third);
    assert.deepEqual(state(), [1, "mail2", ["mail2"]]);
    waiting.cancelEnding(first);
    assert.equal(waiting.depth, 2);
    waiting.cancelEnding(first);
    assert.deepEqual([first.stage, state()], ["waiting", [2, "mail1", ["mail1", "mail2"]]]);
    waiting.delete(second);
    assert.deepEqual([state(), waiting.bytes], [[1, "mail1", ["mail1"]], 10]);
    waiting.startEnding(first);
    waiting.delete(first);
    assert.deepEqual([state(), waiting.bytes], [[0, undefined, []], 0]);
  });

  it("are in order by priority, then by acceptance", () => {
    const waiting = new WaitingMails();
    for (const [seq, priority] of [
      [1, "low"],
      [2, "normal"],
      [4, "normal"],
      [3, "normal"],
      [5, "high"],
    ] as const) {
      waiting.add(entry(seq, { priority }));
    }
    assert.deepEqual(
      waiting.inOrder().map(({ seq }) => seq),
      [5, 2, 3, 4, 1],
    );
  });

  it("make room for one of high priority by the youngest low one that is not on its way", () => {
    const waiting = new WaitingMails();
    assert.equal(waiting.youngestLow(), undefined);
    waiting.add(entry(1, { priority: "low" }));
    waiting.add(entry(2, { priority: "low" }));
    for (const stage of ["running", "asking", "ending"] as const) {
      waiting.add(entry(waiting.depth + 10, { priority: "low", stage }));
    }
    waiting.add(entry(40));
    assert.equal(waiting.youngestLow()?.id, "mail2");
  });
});

describe("The time until something is to be done", () => {
  const survey = (held: boolean, now: OutboxInstant, ...entries: Entry[]) => {
    const waiting = new WaitingMails();
    for (const one of entries) waiting.add(one);
    return waiting.survey(now, LIMIT, held);
  };

  it("is that of the first mail that waits for its next try, and infinite for one that is due", () => {
    const dueIn = (...entries: Entry[]): number => survey(false, instant(10), ...entries).dueIn;
    assert.equal(dueIn(), Infinity);
    assert.equal(dueIn(entry(1, { due: 50 }), entry(2, { due: 30 }), entry(3, { due: 40 })), 20);
    assert.equal(dueIn(entry(1, { due: 50 }), entry(2, { due: 10 })), Infinity);
    assert.equal(dueIn(entry(1, { due: 50 }), entry(2, { due: 20, stage: "running" })), 40);
    assert.equal(
      dueIn(entry(1, { due: 900 }), entry(2, { due: 0, ownLimit: 10 })),
      890,
      "the second has expired",
    );
  });

  it("is that of the first mail that expires, of which a hold stops those without a limit of their own", () => {
    const both = [entry(1), entry(2, { ownLimit: 1500 }), entry(3, { ownLimit: 1200 })];
    assert.equal(survey(false, instant(10), ...both).expiresIn, LIMIT - 10);
    assert.equal(survey(true, instant(10), ...both).expiresIn, 1190);
    assert.equal(survey(true, instant(10), entry(1)).expiresIn, Infinity);
    assert.equal(survey(false, instant(10)).expiresIn, Infinity);
  });

  it("is told of those that are left when some have expired", () => {
    const left = [
      entry(1, { ownLimit: 20 }),
      entry(2),
      entry(3, { ownLimit: 700 }),
      entry(4, { ownLimit: 600 }),
    ];
    const ids = ({ expired, expiresIn }: ReturnType<typeof survey>): unknown => [
      expired.map(({ id }) => id),
      expiresIn,
    ];
    assert.deepEqual(ids(survey(false, instant(550), ...left)), [["mail1"], 50]);
    assert.deepEqual(ids(survey(false, instant(550), entry(1, { ownLimit: 20 }), entry(2))), [
      ["mail1"],
      450,
    ]);
    assert.deepEqual(ids(survey(true, instant(550), ...left)), [["mail1"], 50]);
    assert.deepEqual(ids(survey(true, instant(550), entry(1, { ownLimit: 20 }), entry(2))), [
      ["mail1"],
      Infinity,
    ]);
    const running = entry(4, { ownLimit: 600, stage: "running" });
    assert.deepEqual(ids(survey(true, instant(550), entry(1, { ownLimit: 20 }), running)), [
      ["mail1"],
      Infinity,
    ]);
  });

  it("has come in the moment in which a mail is as old as its limit", () => {
    assert.equal(survey(false, instant(LIMIT), entry(1)).expired.length, 1);
    assert.equal(survey(false, instant(LIMIT), entry(1)).next, undefined);
    assert.equal(survey(false, instant(LIMIT - 1), entry(1)).next?.id, "mail1");
    assert.equal(survey(false, instant(3 * LIMIT, LIMIT - 1), entry(1)).expired.length, 0, "held meanwhile");
    const own = entry(1, { ownLimit: 300, accepted: instant(200, 0) });
    assert.equal(timeLeft(own, instant(450, 1e9), LIMIT), 50);
  });
});
