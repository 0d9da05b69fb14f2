import assert from "node:assert/strict";
import fc from "fast-check";
import { timeLeft, WaitingMails, type Entry } from "../../../lib/mail/outbox/waiting-mails";
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
    attachments: 0,
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

  it("are not all looked at for each mail that is sent", () => {
    let looks = 0;
    const waiting = new WaitingMails();
    for (let seq = 0; seq < 1000; seq++) {
      const one = entry(seq);
      Object.defineProperty(one, "due", {
        get: () => {
          looks++;
          return 0;
        },
      });
      waiting.add(one);
    }
    assert.equal(waiting.survey(instant(1), LIMIT, false).next?.id, "mail0");
    assert.equal(looks, 1);
  });
});
