/** The end of a mail: durable before it is told, told until it is heard, and only then forgotten. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { attachment, DIRECTORY } from "./bench";
import { entryOf, nextStart, noWrites, parts, transaction, type Parts } from "./parts-bench";
import { record } from "./spool-bench";

const SENT = transaction("ops@example.com", { state: { kind: "sent", at: "2026-01-01T00:00:00.000Z" } });
const EXPIRED = new ModemError("OUTBOX_EXPIRED");
const FILE = [attachment("a.txt", "text")];

/** A mail in the folder `sending` or `queue`. */
async function inserted(bench: Parts, folder: "queue" | "sending", contents = FILE) {
  const entry = await bench.insert("a", { origin: { nodeId: "n7", message: { topic: "t" } } }, contents);
  if (folder === "sending") await bench.store.putOnAir(entry, 0);
  return entry;
}

function unreadable({ files }: Parts): void {
  files.fault = ({ name, path }) => (name === "read" && path.includes("/a.") ? "EIO" : undefined);
}

describe("The end of a mail", () => {
  it("is on the disk before it is told, for a kill after that to tell it again", async () => {
    const seen: string[] = [];
    const bench: Parts = await parts({
      tell: () => {
        seen.push(...bench.mails());
        return true;
      },
    });
    await bench.clock.advance(1000);
    const entry = await inserted(bench, "queue", []);
    await bench.clock.advance(500);
    await bench.ending.end(entry, { ...(await bench.store.load(entry)), transactions: [SENT] });
    assert.deepEqual(seen, ["queue/a.json"]);
    assert.deepEqual([bench.written("queue/a.json").end, entry.stage], [{ time: 1500 }, "ending"]);
    const killed = await nextStart(bench, "nothing");
    assert.deepEqual(
      killed.untold.map(({ id }) => id),
      ["a"],
    );
    await killed.ending.tellAgain(entryOf(killed.store, "a"));
    const [told] = killed.ended;
    assert.deepEqual([told?.result.status, told?.recovered, told?.result.recovered], ["sent", true, true]);
  });

  it("tells who sent it, its age, and its attachments, which can be read while somebody works with them", async () => {
    let read: Promise<string> | undefined;
    let bytes = 0;
    const bench = await parts({
      simulated: true,
      tell: (one) => {
        const [file] = one.attachments;
        const work = async (): Promise<string> => {
          for await (const chunk of file?.open() ?? []) bytes += chunk.length;
          return (await file?.readBack())?.toString() ?? "";
        };
        read = work();
        one.waitUntil(read);
        return true;
      },
    });
    const entry = await inserted(bench, "queue");
    await bench.clock.advance(1500);
    await bench.ending.end(entry, { ...(await bench.store.load(entry)), transactions: [SENT] });
    await bench.ending.settled();
    assert.deepEqual([await read, bytes], ["text", 4]);
    const { id, origin, subject, result, recovered, attachments } = bench.ended[0] ?? ({} as MailEnded);
    assert.deepEqual(
      [id, origin, subject, recovered],
      ["a", { nodeId: "n7", message: { topic: "t" } }, "alarm", false],
    );
    assert.deepEqual([result.queuedMs, result.simulated, result.recovered], [1500, true, undefined]);
    assert.deepEqual(
      attachments.map(({ filename, size }) => [filename, size]),
      [["a.txt", 4]],
    );
    assert.deepEqual(bench.mails(), [], "and nothing is left of a sent mail");
  });

  it("keeps a failed mail for a retry, unless it is not to be kept", async () => {
    for (const [keep, kept] of [
      [undefined, ["a"]],
      [true, ["a"]],
      [false, []],
    ] as const) {
      const bench = await parts();
      await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED, keep);
      await bench.ending.settled();
      assert.deepEqual([bench.ended[0]?.failure?.code, bench.store.failed.ids()], ["OUTBOX_EXPIRED", kept]);
      const whole = await parts();
      const entry = await inserted(whole, "queue");
      const end = { ...(await whole.store.load(entry)), transactions: [{ ...SENT, state: refused() }] };
      await whole.ending.end(entry, end, keep);
      await whole.ending.settled();
      assert.deepEqual(whole.store.failed.ids(), kept);
    }
  });

  it("that nobody hears stays on the disk for the next start", async () => {
    const bench = await parts({ tell: () => false });
    await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED);
    await bench.ending.settled();
    assert.equal(bench.store.waiting.get("a"), undefined);
    const next = await nextStart(bench, "nothing");
    assert.equal(next.untold.length, 1);
  });

  it("stays on the disk when the work of a listener fails, however the others end", async () => {
    const bench = await parts({
      tell: (one) => {
        one.waitUntil(Promise.resolve());
        one.waitUntil(Promise.reject(new Error("the flow is stopped")));
        return true;
      },
    });
    await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED);
    await bench.ending.settled();
    assert.deepEqual(bench.mails(), ["contents/a.0", "queue/a.json"]);
  });

  it("is forgotten when a listener throws at once: another start would only throw again", async () => {
    const bench = await parts({
      tell: () => {
        throw new Error("no output");
      },
    });
    await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED);
    await bench.ending.settled();
    assert.deepEqual(bench.store.failed.ids(), ["a"]);
    assert.deepEqual([bench.logged.length, bench.logged[0]?.includes("mail a")], [1, true]);
  });

  it("is awaited until the work of all listeners is done and the files are gone", async () => {
    let done = (): void => undefined;
    const work = new Promise<void>((resolve) => (done = resolve));
    const bench = await parts({ tell: (one) => (one.waitUntil(work), true) });
    await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED, false);
    let isSettled = false;
    const settled = bench.ending.settled().then(() => (isSettled = true));
    await bench.clock.advance(1000);
    assert.deepEqual([isSettled, bench.mails().length], [false, 2]);
    done();
    await settled;
    assert.deepEqual(bench.mails(), []);
  });

  it("touches no file once the folder was given back", async () => {
    let done = (): void => undefined;
    const work = new Promise<void>((resolve) => (done = resolve));
    const bench = await parts({ tell: (one) => (one.waitUntil(work), true) });
    await bench.ending.giveUp(await inserted(bench, "queue"), EXPIRED, false);
    bench.ending.stop();
    done();
    await bench.ending.settled();
    assert.deepEqual(bench.mails(), ["contents/a.0", "queue/a.json"]);
  });
});

describe("A mail whose record cannot be read", () => {
  for (const [folder, outcome, file] of [
    ["queue", "notSent", "damaged/a.json"],
    ["sending", "unknown", "damaged/a.0.json"],
  ] as const) {
    it(`is told as failed with all that is known, and set aside: ${outcome} out of ${folder}`, async () => {
      const bench = await parts();
      const entry = await inserted(bench, folder);
      await bench.clock.advance(700);
      unreadable(bench);
      await bench.ending.giveUp(entry, EXPIRED);
      const [told] = bench.ended;
      await assert.rejects(told?.readText() ?? Promise.resolve(), { code: "OUTBOX_DISK" });
      const { message, code, hint } = new ModemError("OUTBOX_DISK", { detail: "mail a" });
      assert.deepEqual(
        {
          ...told,
          error: told?.error?.code,
          readText: undefined,
          waitUntil: told?.waitUntil(Promise.resolve()),
        },
        {
          id: "a",
          origin: { nodeId: "n7", message: {} },
          subject: "",
          result: {
            status: "failed",
            id: "a",
            accepted: [],
            rejected: [],
            attempts: 0,
            queuedMs: 700,
            bytes: 0,
            warnings: [],
          },
          failure: { message, code, hint, class: told?.error?.class, outcome, attempts: 0 },
          error: "OUTBOX_DISK",
          recovered: false,
          attachments: [],
          readText: undefined,
          waitUntil: undefined,
        },
      );
      assert.deepEqual(bench.troubles, [told?.error]);
      assert.deepEqual(bench.mails(), ["contents/a.0", file]);
      assert.equal(bench.store.waiting.depth, 0);
    });
  }

  it("is told with the damage when it is damaged", async () => {
    const bench = await parts();
    const entry = await inserted(bench, "queue");
    bench.files.put(`${DIRECTORY}/queue/a.json`, "{");
    await bench.ending.giveUp(entry, EXPIRED);
    assert.equal(bench.ended[0]?.failure?.code, "OUTBOX_DAMAGED");
  });
});

describe("An end that the last run decided", () => {
  /** The next start, with a mail in it that has failed and was not told. */
  async function untold(): Promise<Parts> {
    const bench = await parts({ tell: () => false });
    await bench.ending.giveUp(await inserted(bench, "queue", []), EXPIRED);
    const { options: _deaf, files, clock } = bench;
    return parts({ files: files.after("nothing"), clock });
  }

  it("is told, and its mail kept for a retry", async () => {
    const bench = await untold();
    await bench.ending.tellAgain(entryOf(bench.store, "a"));
    await bench.ending.settled();
    assert.deepEqual([bench.ended[0]?.failure?.code, bench.store.failed.ids()], ["OUTBOX_EXPIRED", ["a"]]);
  });

  it("is told as damaged when its record is", async () => {
    const bench = await untold();
    bench.files.put(`${DIRECTORY}/queue/a.json`, "{");
    await bench.ending.tellAgain(entryOf(bench.store, "a"));
    assert.deepEqual([bench.ended[0]?.failure?.code, bench.mails()], ["OUTBOX_DAMAGED", ["damaged/a.json"]]);
  });

  it("is left to the next start, which may be able to read it, when the disk does not give it now", async () => {
    const bench = await untold();
    unreadable(bench);
    await bench.ending.tellAgain(entryOf(bench.store, "a"));
    assert.deepEqual([bench.ended.length, bench.mails()], [0, ["queue/a.json"]]);
    assert.deepEqual(
      bench.troubles.map(({ code, message }) => [code, message.includes("mail a")]),
      [["OUTBOX_DISK", true]],
    );
    assert.equal(bench.store.waiting.get("a"), undefined);
    assert.equal((await nextStart(bench, "nothing")).untold.length, 1);
  });
});

describe("An end on a disk that takes nothing", () => {
  it("is told all the same", async () => {
    const bench = await parts();
    const entry = await inserted(bench, "queue");
    noWrites(bench.files);
    await bench.ending.end(entry, record({ id: "a", transactions: [SENT] }));
    await bench.ending.settled();
    assert.equal(bench.ended[0]?.result.status, "sent");
  });
});

function refused() {
  const { code, message, hint } = EXPIRED;
  return { kind: "refused", error: { code, message, hint, class: EXPIRED.class } } as const;
}
