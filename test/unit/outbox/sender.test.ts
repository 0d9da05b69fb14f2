/** The loop that sends: what it says that a mail waits for, what it does when it is stopped, discarded or disturbed. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { SHORTEST_WAIT } from "../../../lib/outbox/schedule";
import { Sender, type SenderParts } from "../../../lib/outbox/sender";
import { isInDoubt } from "../../../lib/outbox/transactions";
import type { SendOptions } from "../../../lib/mailer/qsmtp/carrier";
import { DIRECTORY, failure } from "./bench";
import { nextStart, parts, senderParts, transaction, type Parts } from "./parts-bench";
import { record } from "./spool-bench";

const MINUTE = 60_000;
const DISCARDED = new ModemError("OUTBOX_DISCARDED");
const REPORT = { sendMs: 1200, bytes: 300, warnings: [] };

function senderOf(bench: Parts, more: Partial<SenderParts> = {}): Sender {
  return new Sender({ ...senderParts(bench), ...more });
}

/** Lets it work until nothing happens any more without the clock. */
async function runs(bench: Parts, sender: Sender): Promise<void> {
  sender.wake();
  await bench.clock.advance(0);
  await bench.ending.settled();
}

/** What the carrier does with each mail instead of sending it. */
function sends(bench: Parts, send: (options: SendOptions) => Promise<void>): void {
  bench.carrier.send = async ({ subject }, options) => {
    bench.carrier.tried.push({ subject: subject.bytes.toString(), recipients: [] });
    await send(options ?? {});
    return REPORT;
  };
}

function ends({ ended }: Parts) {
  return ended.map(({ id, result, failure: told }) => [id, told?.code ?? result.status]);
}

describe("What the next mail waits for", () => {
  const state = (sender: Sender): unknown => [sender.waitsFor(), sender.nextTry()];

  it("is nothing without a mail, its turn when it is due, and its next try when it is not", async () => {
    const bench = await parts();
    const sender = senderOf(bench);
    assert.deepEqual(state(sender), [undefined, Infinity]);
    const entry = await bench.insert("a");
    assert.deepEqual(state(sender), ["turn", 0]);
    entry.due = 5000;
    assert.deepEqual(state(sender), ["retry", 5000]);
    await bench.insert("b");
    assert.deepEqual(state(sender), ["turn", 0]);
  });

  it("is nothing that can be said while the modem is away or a hold stops all", async () => {
    const bench = await parts();
    const sender = senderOf(bench);
    await bench.insert("a");
    bench.carrier.available = false;
    assert.deepEqual(state(sender), [undefined, Infinity]);
    bench.carrier.available = true;
    await bench.ledger.hold("paused");
    assert.deepEqual(state(sender), [undefined, Infinity]);
    await bench.ledger.release("paused");
    await bench.ledger.meet(new ModemError("SMTP_TLS_FAILED"));
    assert.deepEqual(state(sender), [undefined, 30 * MINUTE]);
  });

  it("is the next hour of the rate, but for a mail that would have to wait anyway", async () => {
    const bench = await parts({ settings: { ratePerHour: 1 } });
    const sender = senderOf(bench);
    const entry = await bench.insert("a");
    assert.deepEqual(state(sender), ["turn", 0]);
    await bench.ledger.countPut();
    assert.deepEqual(state(sender), ["rate", 61 * MINUTE]);
    entry.due = 5000;
    assert.deepEqual(state(sender), ["retry", 61 * MINUTE]);
  });

  it("is the module's word about a lost result, before all", async () => {
    const bench = await parts();
    const sender = senderOf(bench);
    bench.lost.add(await bench.insert("a"));
    await bench.insert("b");
    assert.deepEqual(state(sender), ["result", 0]);
  });

  it("is the next try after the disk took no mark, and nothing while one is sent", async () => {
    const bench = await parts();
    const sender = senderOf(bench);
    await bench.insert("a");
    bench.files.fault = ({ name, path }) =>
      name === "rename" && path.includes("/sending/") ? "EROFS" : undefined;
    await runs(bench, sender);
    assert.deepEqual(state(sender), ["retry", SHORTEST_WAIT]);
    bench.files.fault = () => undefined;
    bench.carrier.fate = () => ({ kind: "hangs" });
    await bench.clock.advance(SHORTEST_WAIT);
    await bench.insert("b");
    assert.deepEqual([sender.sending, sender.waitsFor()], ["a", undefined]);
  });
});

describe("The loop that sends", () => {
  it("tells what changes when a mail begins and when it has ended", async () => {
    const bench = await parts();
    const told: unknown[] = [];
    const sender: Sender = senderOf(bench, {
      changed: () => told.push([sender.sending, bench.store.waiting.depth]),
    });
    await bench.insert("a");
    await runs(bench, sender);
    assert.deepEqual(told[0], ["a", 1]);
    assert.deepEqual(told.at(-1), [undefined, 0]);
  });

  it("goes on after an error that nobody foresaw", async () => {
    const bench = await parts();
    let looks = 0;
    Object.defineProperty(bench.carrier, "available", {
      get: () => {
        if (++looks === 1) throw new TypeError("odd");
        return true;
      },
    });
    await bench.insert("a");
    const sender = senderOf(bench);
    await runs(bench, sender);
    assert.deepEqual([bench.logged.length, bench.ended.length], [1, 0]);
    await bench.clock.advance(SHORTEST_WAIT);
    assert.deepEqual(ends(bench), [["a", "sent"]]);
  });

  it("sends no mail that was ended while another one expired", async () => {
    const bench: Parts = await parts({
      tell: ({ id }) => {
        const other = bench.store.waiting.get("b");
        if (id === "a" && other !== undefined) void bench.ending.giveUp(other, DISCARDED, false);
        return true;
      },
    });
    await bench.insert("a", { maxAge: 1 });
    await bench.insert("b");
    await bench.clock.advance(MINUTE);
    await runs(bench, senderOf(bench));
    assert.deepEqual(
      [bench.carrier.tried, ends(bench)],
      [
        [],
        [
          ["a", "OUTBOX_EXPIRED"],
          ["b", "OUTBOX_DISCARDED"],
        ],
      ],
    );
  });

  it("asks again for a lost result in half a minute, and sends nothing before", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    bench.lost.add(entry);
    await bench.insert("b");
    bench.carrier.setAnswer("fails");
    await runs(bench, senderOf(bench));
    assert.equal(bench.carrier.recoveries, 1);
    await bench.clock.advance(SHORTEST_WAIT - 1);
    assert.deepEqual([bench.carrier.recoveries, bench.carrier.tried], [1, []]);
    bench.carrier.setAnswer({ kind: "sent" });
    await bench.clock.advance(2);
    assert.equal(bench.carrier.recoveries, 2);
    assert.deepEqual(ends(bench), [
      ["a", "sent"],
      ["b", "sent"],
    ]);
  });

  it("keeps the time every ten minutes while mails wait, and not at each look", async () => {
    const bench = await parts();
    bench.carrier.available = false;
    await bench.insert("a");
    const sender = senderOf(bench);
    const state = `${DIRECTORY}/state.json`;
    const before = bench.files.text(state);
    for (let looks = 0; looks < 9; looks++) {
      await runs(bench, sender);
      await bench.clock.advance(MINUTE);
    }
    assert.equal(bench.files.text(state), before);
    await bench.clock.advance(MINUTE);
    const first = bench.files.text(state);
    assert.notEqual(first, before);
    await bench.clock.advance(MINUTE);
    await runs(bench, sender);
    assert.equal(bench.files.text(state), first);
    await bench.clock.advance(9 * MINUTE);
    assert.notEqual(bench.files.text(state), first, "without being woken");
  });

  it("does not look again without end when ten minutes are over but for the rounding of two instants", async () => {
    const bench = await parts();
    bench.carrier.available = false;
    await bench.insert("a");
    await bench.clock.advance(500_000.002);
    let looks = 0;
    const changed = (): void => {
      if (++looks > 10) throw new Error("it looks without end");
    };
    const sender = senderOf(bench, { changed });
    await bench.clock.advance(10 * MINUTE);
    await runs(bench, sender);
    assert.equal(looks, 1);
  });

  it("writes nothing but the mail's own files for one that goes well", async () => {
    const bench = await parts();
    await bench.insert("a");
    const state = bench.files.text(`${DIRECTORY}/state.json`);
    await bench.clock.advance(1000);
    await runs(bench, senderOf(bench));
    assert.deepEqual(ends(bench), [["a", "sent"]]);
    assert.equal(bench.files.text(`${DIRECTORY}/state.json`), state);
  });

  it("looks after failed mails alone once an hour, and has no timer when there are none", async () => {
    const bench = await parts();
    const sender = senderOf(bench, { keepFailedDays: 0.5 });
    await runs(bench, sender);
    assert.equal(bench.clock.timers, 0);
    await bench.ending.giveUp(await bench.insert("a"), DISCARDED);
    await bench.ending.settled();
    await runs(bench, sender);
    assert.equal(bench.clock.timers, 1);
    await bench.clock.advance(11 * 60 * MINUTE);
    assert.deepEqual(bench.store.failed.ids(), ["a"]);
    await bench.clock.advance(61 * MINUTE);
    assert.deepEqual([bench.store.failed.ids(), bench.mails()], [[], []]);
  });
});

describe("A mail whose record is read before it is sent", () => {
  it("is told as damaged, and the next one goes out", async () => {
    const bench = await parts();
    await bench.insert("a");
    await bench.insert("b");
    bench.files.put(`${DIRECTORY}/queue/a.json`, "{");
    await runs(bench, senderOf(bench));
    assert.deepEqual(ends(bench), [
      ["a", "OUTBOX_DAMAGED"],
      ["b", "sent"],
    ]);
  });

  it("waits half a minute when the disk does not give it, and others go out meanwhile", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.insert("b");
    bench.files.fault = ({ name, path }) => (name === "read" && path.includes("/a.") ? "EIO" : undefined);
    await runs(bench, senderOf(bench));
    assert.deepEqual([ends(bench), entry.stage, entry.due], [[["b", "sent"]], "waiting", SHORTEST_WAIT]);
    bench.files.fault = () => undefined;
    await bench.clock.advance(SHORTEST_WAIT);
    assert.equal(bench.ended.length, 2);
  });

  it("is ended, and not kept, when it was discarded while the disk did not give it", async () => {
    const bench = await parts();
    await bench.insert("a");
    const sender = senderOf(bench);
    let isFirst = true;
    bench.files.fault = ({ name, path }) => {
      if (name !== "read" || !path.includes("/a.") || !isFirst) return undefined;
      isFirst = false;
      sender.discardRunning(DISCARDED);
      return "EIO";
    };
    await runs(bench, sender);
    assert.deepEqual([ends(bench), bench.mails()], [[["a", "OUTBOX_DISCARDED"]], []]);
  });

  it("is ended, never sent, and not kept, when it was discarded meanwhile", async () => {
    const bench = await parts();
    await bench.insert("a");
    const sender = senderOf(bench);
    bench.files.fault = ({ name, path }) => {
      if (name === "read" && path.includes("/a.")) sender.discardRunning(DISCARDED);
      return undefined;
    };
    await runs(bench, sender);
    assert.deepEqual(
      [ends(bench), bench.mails(), bench.carrier.tried],
      [[["a", "OUTBOX_DISCARDED"]], [], []],
    );
  });

  it("is not sent before the disk has its last state", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    bench.files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
    await bench.store.save(entry, record({ id: "a", attempts: 1 }), false);
    const sender = senderOf(bench);
    await runs(bench, sender);
    assert.deepEqual([bench.carrier.tried.length, entry.stage, entry.due], [0, "waiting", SHORTEST_WAIT]);
    bench.files.fault = () => undefined;
    await bench.clock.advance(SHORTEST_WAIT);
    assert.deepEqual([ends(bench), bench.ended[0]?.result.attempts], [[["a", "sent"]], 2]);
  });

  it("is told, not sent, when nothing of it waits", async () => {
    const bench = await parts();
    const state = { kind: "sent", at: "2026-01-01T00:00:00.000Z" } as const;
    const entry = await bench.insert("a", { transactions: [transaction("a@example.com", { state })] });
    entry.due = 0;
    await runs(bench, senderOf(bench));
    assert.deepEqual([ends(bench), bench.carrier.tried], [[["a", "sent"]], []]);
  });
});

describe("A mail that is discarded while it is tried", () => {
  /** Discards the mail at a moment of its try, which then goes on. */
  async function discarded(bench: Parts, send: (options: SendOptions, discard: () => void) => Promise<void>) {
    const sender = senderOf(bench);
    sends(bench, async (options) => send(options, () => sender.discardRunning(DISCARDED)));
    await bench.insert("a");
    await runs(bench, sender);
    return bench;
  }

  it("ends without being kept when it was not on the air", async () => {
    const bench = await discarded(await parts(), async ({ signal }, discard) => {
      discard();
      signal?.throwIfAborted();
    });
    assert.deepEqual([ends(bench), bench.mails()], [[["a", "OUTBOX_DISCARDED"]], []]);
    assert.equal(bench.ended[0]?.failure?.outcome, "notSent");
  });

  it("ends without being kept when its try fails, or the disk took no mark", async () => {
    const failed = await discarded(await parts(), async ({ beforePut }, discard) => {
      await beforePut?.();
      discard();
      throw new ModemError("SMTP_NETWORK");
    });
    assert.deepEqual([ends(failed), failed.mails()], [[["a", "OUTBOX_DISCARDED"]], []]);
    const bench = await parts();
    await discarded(bench, async ({ beforePut }, discard) => {
      bench.files.fault = ({ name, path }) =>
        name === "rename" && path.includes("/sending/") ? "EROFS" : undefined;
      await beforePut?.().finally(discard);
    });
    assert.deepEqual([ends(bench), bench.mails()], [[["a", "OUTBOX_DISCARDED"]], []]);
  });

  it("is told as sent when it went out", async () => {
    const bench = await discarded(await parts(), async ({ beforePut }, discard) => {
      await beforePut?.();
      discard();
    });
    assert.deepEqual(ends(bench), [["a", "sent"]]);
  });

  it("may have gone out when its result is lost, for which the module is not asked any more", async () => {
    const bench = await discarded(await parts(), async ({ beforePut }, discard) => {
      await beforePut?.();
      discard();
      throw new ModemError("MODEM_RESULT_UNKNOWN");
    });
    assert.deepEqual([ends(bench), bench.carrier.recoveries], [[["a", "OUTBOX_DISCARDED"]], 0]);
    assert.equal(bench.ended[0]?.failure?.outcome, "unknown");
  });

  it("takes no other mail with it", async () => {
    const bench = await parts();
    await bench.insert("b", { priority: "low" });
    await discarded(bench, async ({ beforePut }, discard) => {
      await beforePut?.();
      if (bench.ended.length > 0) return;
      discard();
      throw new ModemError("SMTP_NETWORK");
    });
    assert.deepEqual(ends(bench), [
      ["a", "OUTBOX_DISCARDED"],
      ["b", "sent"],
    ]);
  });
});

describe("A try that is taken back on a full disk", () => {
  it("leaves no doubt of a mail that was marked and not put on the air", async () => {
    const bench = await parts();
    const sender = senderOf(bench);
    sends(bench, async ({ beforePut }) => {
      const marked = beforePut?.();
      bench.files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
      sender.wake();
      void sender.stop();
      await marked;
    });
    const entry = await bench.insert("a");
    await runs(bench, sender);
    assert.deepEqual([bench.mails(), entry.unsaved, entry.stage], [["queue/a.json"], undefined, "waiting"]);
    const { store } = await nextStart(bench, "all");
    assert.equal(store.waiting.get("a")?.stage, "waiting");
  });

  it("forgets no doubt of one that may have arrived", async () => {
    const bench = await parts();
    let marks = 0;
    sends(bench, async ({ beforePut, beforeRepeat }) => {
      await beforePut?.();
      await beforeRepeat?.();
      bench.files.fault = ({ name, path }) => {
        if (name === "rename" && path.includes("/sending/")) return ++marks < 9 ? "EIO" : undefined;
        return name === "create" ? "ENOSPC" : undefined;
      };
      await beforePut?.();
    });
    const entry = await bench.insert("a");
    await runs(bench, senderOf(bench));
    assert.deepEqual((await bench.store.load(entry)).transactions.map(isInDoubt), [true]);
    assert.deepEqual(bench.mails(), ["sending/a.0.json"], "a kill asks for its result");
  });
});

describe("Stopping", () => {
  it("tries nothing whose record is just being read, and changes nothing of it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    const sender = senderOf(bench);
    let stopped: Promise<void> | undefined;
    bench.files.fault = ({ name }) => {
      if (name === "read") stopped ??= sender.stop();
      return undefined;
    };
    await runs(bench, sender);
    await stopped;
    assert.deepEqual([bench.carrier.tried, entry.stage, bench.mails()], [[], "waiting", ["queue/a.json"]]);
    assert.equal(bench.written("queue/a.json").revision, 1);
    sender.wake();
    await bench.clock.advance(MINUTE);
    assert.deepEqual(bench.carrier.tried, []);
  });

  it("leaves no timer behind, in the middle of a step or between two", async () => {
    const bench = await parts();
    (await bench.insert("a")).due = MINUTE;
    const sender = senderOf(bench);
    sender.wake();
    await sender.stop();
    assert.equal(bench.clock.timers, 0);
    const other = senderOf(bench);
    await runs(bench, other);
    assert.equal(bench.clock.timers, 1);
    await other.stop();
    assert.equal(bench.clock.timers, 0);
  });

  it("leaves a result that comes after the folder was given back to the next start", async () => {
    const bench = await parts();
    let arrive = (): void => undefined;
    sends(bench, async ({ beforePut }) => {
      await beforePut?.();
      await new Promise<void>((resolve) => (arrive = resolve));
    });
    await bench.insert("a");
    const sender = senderOf(bench);
    await runs(bench, sender);
    sender.abandon();
    const before = bench.files.operations;
    arrive();
    await bench.clock.advance(MINUTE);
    assert.deepEqual([bench.ended, bench.mails()], [[], ["sending/a.0.json"]]);
    assert.equal(bench.files.operations, before);
    assert.equal((await nextStart(bench, "nothing")).store.waiting.get("a")?.stage, "asking");
  });
});

describe("A hold for a setup error", () => {
  it("lets one mail go each half hour, whose time is on the disk before it is tried", async () => {
    const bench = await parts();
    await bench.ledger.meet(new ModemError("SMTP_TLS_FAILED"));
    await bench.insert("a");
    await bench.insert("b");
    bench.carrier.fate = () => failure("SMTP_TLS_FAILED");
    const sender = senderOf(bench);
    await runs(bench, sender);
    await bench.clock.advance(30 * MINUTE - 1);
    assert.equal(bench.carrier.tried.length, 0);
    bench.carrier.step = async () => {
      const { ledger } = await nextStart(bench, "nothing");
      assert.equal(ledger.holds.wait(ledger.time.now().time), 30 * MINUTE);
    };
    await bench.clock.advance(2);
    assert.equal(bench.carrier.tried.length, 1);
  });
});
