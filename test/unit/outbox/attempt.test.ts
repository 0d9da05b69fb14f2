/** One try of one transaction: the mark that stands before it goes out, and what is made of its end. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { Attempt, type AttemptParts, type Tried } from "../../../lib/outbox/attempt";
import type { Composer } from "../../../lib/outbox/outbox-types";
import type { SpoolRecord } from "../../../lib/mail/spool/record";
import type { SendOptions } from "../../../lib/mailer/qsmtp/carrier";
import { attachment } from "./bench";
import { nextStart, noWrites, parts, senderParts, transaction, type Parts } from "./parts-bench";

const MINUTE = 60_000;
const REPORT = { sendMs: 1200, bytes: 300, warnings: [] };
const BROKEN = new ModemError("MODEM_RESET");

/** What the carrier does instead of its own. */
type Send = (attempt: Attempt, options: SendOptions, bench: Parts) => Promise<void>;

interface Case {
  readonly record?: Partial<SpoolRecord>;
  readonly more?: Partial<AttemptParts>;
  readonly bench?: Parts;
  readonly tried?: Parameters<Composer>[];
  readonly send?: Send;
}

/** Tries the first transaction of a mail that was accepted a minute ago. */
async function attempt({ record: change, more, tried, send, ...given }: Case): Promise<Tried> {
  const bench = given.bench ?? (await parts());
  const entry = await bench.insert("a", { from: { name: "X", address: "x@example.com" }, ...change }, [
    attachment("a.txt", "text"),
  ]);
  await bench.clock.advance(MINUTE);
  const one = new Attempt(entry, { ...senderParts(bench, tried), ...more });
  bench.carrier.send = async (_transaction, options) => {
    await send?.(one, options ?? {}, bench);
    return REPORT;
  };
  const record = await bench.store.load(entry);
  return one.run(record, 0, record.transactions[0] ?? transaction("a@example.com"));
}

const put = async (_one: Attempt, { beforePut }: SendOptions): Promise<void> => beforePut?.();

function outcomeOf(tried: Tried) {
  if (tried.kind !== "outcome") throw new Error(tried.kind);
  return tried.outcome;
}

describe("A try that succeeds", () => {
  it("says when, how long it took, and what composer and module remarked", async () => {
    const bench = await parts();
    const plain = senderParts(bench);
    const compose: Composer = async (...asked) => ({ ...(await plain.compose(...asked)), warnings: ["cut"] });
    const send: typeof bench.carrier.send = async (_transaction, options) => {
      await options?.beforePut?.();
      return { ...REPORT, warnings: ["late"] };
    };
    const carrier = Object.assign(Object.create(bench.carrier) as typeof bench.carrier, { send });
    assert.deepEqual(await attempt({ bench, more: { compose, carrier } }), {
      kind: "outcome",
      outcome: {
        kind: "sent",
        at: new Date(bench.clock.wall()).toISOString(),
        sendMs: 1200,
        bytes: 300,
        warnings: ["cut", "late"],
        isRepeat: false,
      },
      wasPut: true,
    });
  });

  it("was composed from the whole mail, with its age and what has happened to it", async () => {
    const bench = await parts();
    await bench.clock.advance(5 * MINUTE);
    const tried: Parameters<Composer>[] = [];
    const raisedAt = bench.clock.wall();
    const one = transaction("a@example.com", { unknown: 1, shortSubject: true });
    await attempt({ bench, tried, record: { cc: ["c@example.com"], transactions: [one] } });
    const [mail, envelope, history] = tried[0] ?? [];
    assert.deepEqual(history, { ageMs: MINUTE, possibleDuplicate: true, shortSubject: true });
    assert.deepEqual(envelope, one.envelope);
    assert.deepEqual(
      { ...mail, attachments: mail?.attachments.map(({ filename, size }) => [filename, size]) },
      {
        id: "a",
        raisedAt,
        from: { name: "X", address: "x@example.com" },
        to: ["ops@example.com"],
        cc: ["c@example.com"],
        bcc: [],
        subject: "alarm",
        text: "ü",
        attachments: [["a.txt", 4]],
      },
    );
    const fresh: Parameters<Composer>[] = [];
    await attempt({ tried: fresh, record: { from: null } });
    assert.deepEqual(fresh[0]?.[2], { ageMs: MINUTE, possibleDuplicate: false, shortSubject: false });
    assert.equal(fresh[0]?.[0].from, undefined);
  });

  it("tells its progress with the id of the mail", async () => {
    const told: unknown[] = [];
    await attempt({
      more: { progress: (id, { stage }) => told.push([id, stage]) },
      send: async (_one, options) => options.onProgress?.({ stage: "upload", done: 1, total: 2 }),
    });
    assert.deepEqual(told, [["a", "upload"]]);
  });
});

describe("The mark before a mail is put on the air", () => {
  it("is on the disk, and the rate counted there, before the module may write it", async () => {
    const bench = await parts({ settings: { ratePerHour: 5 } });
    let killed: Parts | undefined;
    await attempt({
      bench,
      send: async (_one, { beforePut }) => {
        assert.deepEqual(bench.mails().at(-1), "queue/a.json");
        await beforePut?.();
        killed = await nextStart(bench, "nothing");
      },
    });
    assert.equal(killed?.store.waiting.get("a")?.stage, "asking");
    assert.deepEqual(killed.ledger.rate.store(), [[1, 1]]);
  });

  it("is not set in a folder that another has taken, nor on a disk that refuses it", async () => {
    const bench = await parts();
    const assertHeld = async (): Promise<void> => Promise.reject(new ModemError("OUTBOX_LOCKED"));
    assert.deepEqual(await attempt({ bench, send: put, more: { assertHeld } }), {
      kind: "unmarked",
      isRepeat: false,
    });
    assert.deepEqual(bench.mails(), ["contents/a.0", "queue/a.json"]);
    const send: Send = async (_one, { beforePut }, { files }) => {
      noWrites(files, "EROFS");
      await beforePut?.();
    };
    assert.deepEqual(await attempt({ send }), { kind: "unmarked", isRepeat: false });
  });
});

describe("A try that is put on the air a second time", () => {
  /** The carrier repeats it after a failure that leaves its outcome open. */
  const repeat = async (_one: Attempt, { beforePut, beforeRepeat }: SendOptions): Promise<void> => {
    await beforePut?.();
    await beforeRepeat?.();
    await beforePut?.();
  };

  it("says so in the text and in its outcome", async () => {
    const tried: Parameters<Composer>[] = [];
    const outcome = outcomeOf(await attempt({ tried, send: repeat }));
    assert.equal(outcome.kind === "sent" && outcome.isRepeat, true);
    assert.deepEqual(
      tried.map(([, , history]) => history),
      [false, true].map((possibleDuplicate) => ({ ageMs: MINUTE, possibleDuplicate, shortSubject: false })),
    );
    assert.equal(tried[1]?.[0].id, "a");
    assert.deepEqual(tried[1]?.[1], tried[0]?.[1]);
  });

  it("is not allowed where it must not come twice, and counts as one that may have arrived", async () => {
    const tried: Parameters<Composer>[] = [];
    const former = new ModemError("SMTP_TIMEOUT", { stage: "send" });
    const send: Send = async (_one, { beforePut, beforeRepeat }) => {
      await beforePut?.();
      await assert.rejects(async () => beforeRepeat?.(), { code: "MODEM_RESULT_UNKNOWN" });
      throw former;
    };
    const record = { delivery: "atMostOnce" } as const;
    assert.deepEqual(outcomeOf(await attempt({ record, tried, send })), {
      kind: "failed",
      error: former,
      away: false,
      isRepeat: true,
    });
    assert.equal(tried.length, 1);
  });

  it("is known as a repeat though the disk did not take its mark, or it was interrupted before", async () => {
    const unmarked: Send = async (_one, { beforePut, beforeRepeat }, { files }) => {
      await beforePut?.();
      await beforeRepeat?.();
      noWrites(files);
      await beforePut?.();
    };
    assert.deepEqual(await attempt({ send: unmarked }), { kind: "unmarked", isRepeat: true });
    const interrupted: Send = async (one, { beforePut, beforeRepeat }) => {
      await beforePut?.();
      await beforeRepeat?.();
      const marked = beforePut?.();
      one.interrupt();
      await marked;
    };
    assert.deepEqual(await attempt({ send: interrupted }), { kind: "interrupted", isRepeat: true });
  });
});

describe("A try that is interrupted", () => {
  const wait = async (signal: AbortSignal | undefined): Promise<never> =>
    new Promise((_resolve, reject) => {
      if (signal?.aborted) reject(BROKEN);
      signal?.addEventListener("abort", () => reject(BROKEN));
    });

  it("is as if it had not been before the mark stands", async () => {
    const send: Send = async (one, { signal }) => {
      one.interrupt();
      await wait(signal);
    };
    assert.deepEqual(await attempt({ send }), { kind: "interrupted", isRepeat: false });
  });

  it("while the mark is being set is not put on the air any more", async () => {
    let wasAllowed = false;
    const send: Send = async (one, { beforePut }) => {
      const marked = beforePut?.();
      one.interrupt();
      await marked;
      wasAllowed = true;
    };
    assert.deepEqual(
      [await attempt({ send }), wasAllowed],
      [{ kind: "interrupted", isRepeat: false }, false],
    );
  });

  it("does not hear of it once it may be on the air, but of being left alone it does", async () => {
    let isAborted: boolean | undefined;
    const send: Send = async (one, { signal, beforePut }) => {
      await beforePut?.();
      one.interrupt();
      isAborted = signal?.aborted;
      one.abandon();
      await wait(signal);
    };
    assert.deepEqual([await attempt({ send }), isAborted], [{ kind: "lost" }, false]);
  });
});

describe("A try that fails", () => {
  const failing =
    (error: unknown, isPut: boolean): Send =>
    async (_one, { beforePut }) => {
      if (isPut) await beforePut?.();
      throw error;
    };

  it("before it was on the air has failed, whatever the error", async () => {
    for (const error of [BROKEN, new ModemError("MODEM_RESULT_UNKNOWN"), new ModemError("SMTP_NETWORK")]) {
      assert.deepEqual(await attempt({ send: failing(error, false) }), {
        kind: "outcome",
        outcome: { kind: "failed", error, away: false, isRepeat: false },
        wasPut: false,
      });
    }
    const odd = outcomeOf(await attempt({ send: failing(new TypeError("odd"), false) }));
    assert.ok(odd.kind === "failed" && odd.error.code === "MODEM_ERROR");
    assert.match(odd.error.message, /TypeError: odd/);
  });

  it("with the module's word after that has failed, and without one its result is lost", async () => {
    const refused = new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
    assert.deepEqual(await attempt({ send: failing(refused, true) }), {
      kind: "outcome",
      outcome: { kind: "failed", error: refused, away: false, isRepeat: false },
      wasPut: true,
    });
    for (const error of [new ModemError("MODEM_RESULT_UNKNOWN"), new TypeError("odd"), "odd"]) {
      assert.deepEqual(await attempt({ send: failing(error, true) }), { kind: "lost" });
    }
  });

  it("because the modem went away is no fault of the mail", async () => {
    const bench = await parts();
    const send: Send = async () => {
      bench.carrier.available = false;
      throw new ModemError("MODEM_SILENT");
    };
    const outcome = outcomeOf(await attempt({ bench, send }));
    assert.equal(outcome.kind === "failed" && outcome.away, true);
  });

  it("in the composer has failed before it was on the air", async () => {
    const error = new ModemError("LIMIT_ADDRESS");
    const tried = await attempt({ more: { compose: async () => Promise.reject(error) } });
    assert.deepEqual(
      [tried.kind, outcomeOf(tried)],
      ["outcome", { kind: "failed", error, away: false, isRepeat: false }],
    );
  });
});
