/** What the campaign in real time would find: its account of a flow and a mail server, and its measure of a busy machine. */
import assert from "node:assert/strict";
import { accountOf, type Account, type Interruption } from "../../campaign/real-time/account";
import type { Copy, Line } from "../../campaign/real-time/messages";
import { starvedMs } from "../../campaign/real-time/starvation";
import { waitFor } from "../../support/wait-for";

const copy = (more: Partial<Copy> = {}): Copy => ({
  at: 5_000,
  subject: "Alarm 1",
  recipients: ["duty@example.com"],
  isMarked: false,
  messageId: "<1@example.com>",
  attachments: [20_000],
  ...more,
});
const line = (what: Line["what"], more: Partial<Line> = {}): Line => ({
  what,
  at: 6_000,
  topic: "Alarm 1",
  ...more,
});
const raised = line("raised", { at: 1_000, sender: "send", bytes: 20_000 });
const sent = line("sent", { status: "sent" });
const again = line("sent", { at: 62_000, isRecovered: true });
const kill = { from: 60_000, to: 61_000, isKill: true };

describe("The account of the campaign in real time", () => {
  const wrong = (lines: readonly Line[], copies: readonly Copy[], kills: readonly Interruption[] = []) => {
    const { raised: _all, delivered: _arrived, reported: _told, ...rest } = accountOf(lines, copies, kills);
    return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0));
  };

  it("finds nothing wrong with a mail that arrives once and is reported once", () => {
    assert.deepEqual(wrong([raised, sent], [copy()]), {});
    const { raised: all, delivered, reported } = accountOf([raised, sent], [copy()], []);
    assert.deepEqual([all, delivered, reported], [1, 1, 1]);
  });

  const once = { ...raised, sender: "once" } as const;
  const queue = { ...raised, sender: "queue" } as const;
  const failed = (outcome: string): Line => line("failed", { outcome });
  const cases: readonly (readonly [
    string,
    readonly Line[],
    readonly Copy[],
    readonly Interruption[],
    Partial<Account>,
  ])[] = [
    ["that vanishes", [raised], [], [], { lost: 1 }],
    ["that vanishes long before a kill", [raised], [], [kill], { lost: 1 }],
    ["that vanishes with a kill", [{ ...raised, at: 59_000 }], [], [kill], { interrupted: 1 }],
    ["accepted before a kill", [{ ...queue, at: 59_000 }, line("queued")], [], [kill], { lost: 1 }],
    ["that is not reported", [raised], [copy()], [], { unreported: 1 }],
    ["reported as sent", [raised, sent], [], [], { falselySent: 1, lost: 1 }],
    ["reported as not sent", [raised, failed("notSent")], [copy()], [], { falselyNotSent: 1 }],
    ["given up", [raised, failed("notSent")], [], [], { givenUp: 1 }],
    ["of which nobody knows", [raised, failed("unknown")], [], [], {}],
    ["that arrives twice", [raised, sent], [copy(), copy()], [], { duplicatesUnmarked: 1 }],
    [
      "that arrives again with the mark",
      [raised, sent],
      [copy({ isMarked: true }), copy()],
      [],
      { duplicatesMarked: 1 },
    ],
    [
      "that was to arrive once",
      [once, sent],
      [copy(), copy({ isMarked: true })],
      [],
      { duplicatesMarked: 1, duplicatesRefused: 1 },
    ],
    ["reported twice", [raised, sent, again], [copy()], [], { reportedTwice: 1 }],
    ["reported again after a kill", [raised, sent, again], [copy()], [kill], {}],
    [
      "reported again after a kill as new",
      [raised, sent, { ...sent, at: 62_000 }],
      [copy()],
      [kill],
      { reportedTwice: 1 },
    ],
    [
      "with two Message-IDs",
      [raised, sent],
      [copy(), copy({ isMarked: true, messageId: "<2@example.com>" })],
      [],
      { duplicatesMarked: 1, otherIds: 1 },
    ],
    ["whose attachment is altered", [raised, sent], [copy({ attachments: [-1] })], [], { altered: 1 }],
    ["whose attachment is missing", [raised, sent], [copy({ attachments: [] })], [], { altered: 1 }],
  ];
  for (const [what, lines, copies, kills, expected] of cases)
    it(`finds what is wrong with a mail ${what}`, () => {
      assert.deepEqual(wrong(lines, copies, kills), expected);
    });

  it("takes a mail of a node that tells when it is queued for reported then", () => {
    assert.deepEqual(wrong([queue, line("queued", { status: "queued" })], [copy()]), {});
  });
});

describe("The time for which a process had no processor", () => {
  it("is known of a process that runs, grows only, and is none of one that has ended", () => {
    const before = starvedMs(process.pid);
    assert.ok(before >= 0 && starvedMs(process.pid) >= before);
    assert.equal(starvedMs(2 ** 30), 0);
  });

  it("is not that in which a process waits for something else", () => {
    // One that had to wait for a processor before it began to wait has done both at once; hence more than one try.
    return waitFor("a wait that does not count", () => {
      const before = starvedMs(process.pid);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      return starvedMs(process.pid) - before < 100;
    });
  });
});
