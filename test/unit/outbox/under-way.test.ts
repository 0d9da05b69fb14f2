/** An outbox that leaves its folder, or loses it, while a mail is still on its way to a slow disk. */
import assert from "node:assert/strict";
import { Deferred } from "../../../lib/async";
import { delay } from "../../../lib/clock";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { attachment, Bench, DIRECTORY, fakeHost, mail, OPTIONS, outboxOn } from "./bench";

const ALARM = mail("alarm", { attachments: [attachment("log.txt", "a log")] });
const ORIGIN = { nodeId: "n1", message: {} };

/** Folders of a spool in which a new mail makes a file. */
const MADE_IN = ["contents", "tmp"] as const;

function isMadeIn(folder: string, { name, path }: { readonly name: string; readonly path: string }): boolean {
  return name === "create" && path.startsWith(`${DIRECTORY}/${folder}/`);
}

describe("An outbox that is closed while a slow disk takes a mail", () => {
  for (const [folder, seconds] of [
    ["contents", 20],
    ["tmp", 20],
    // As long as a file on a slow share may take.
    ["contents", 299],
  ] as const) {
    it(`leaves the mail whole to the next one, which opens behind it (file in ${folder}, ${seconds} s)`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files });
      await bench.clock.advance(1_000);
      let isSlow = true;
      files.pace = (one) => {
        if (!isSlow || !isMadeIn(folder, one)) return undefined;
        isSlow = false;
        return delay(bench.clock, seconds * 1000);
      };
      const accepted = bench.outbox.accept(ALARM, OPTIONS, ORIGIN);
      await bench.clock.run(() => !isSlow);
      await bench.clock.until(bench.outbox.close());
      assert.ok(bench.clock.now() < 20_000);
      const next = outboxOn(DIRECTORY, bench, bench.host);
      const told: string[] = [];
      next.on("ended", ({ id }) => told.push(id));
      await bench.clock.until(next.open());
      const { id } = await bench.clock.until(accepted);
      await bench.clock.run(() => told.length > 0);
      assert.deepEqual(told, [id]);
      assert.deepEqual(
        bench.mailer.delivered.map(({ attachments }) => attachments.map(({ content }) => content.toString())),
        [["a log"]],
      );
      await bench.clock.until(next.close());
      assert.deepEqual(
        files.paths().filter((path) => path.includes(id)),
        [],
      );
    });
  }

  it("keeps the folder for a mail, too, that was only asking for the lock then", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const [isTaken, isSeen, isWritten] = [new Deferred<void>(), new Deferred<void>(), new Deferred<void>()];
    let state: "first" | "asks" | "second" | "closed" = "first";
    files.pace = (one) => {
      if (isMadeIn("contents", one)) return isTaken.promise;
      if (state === "asks" && one.name === "list") {
        state = "second";
        return isSeen.promise;
      }
      return state === "closed" && one.name === "create" && one.path.includes("/tmp/")
        ? isWritten.promise
        : undefined;
    };
    const first = bench.outbox.accept(ALARM, OPTIONS, ORIGIN);
    await bench.clock.advance(100);
    state = "asks";
    const second = bench.outbox.accept(mail("second"), OPTIONS, ORIGIN);
    assert.equal(state, "second");
    await bench.clock.until(bench.outbox.close());
    state = "closed";
    isSeen.resolve();
    await bench.clock.advance(100);
    files.pace = () => undefined;
    isTaken.resolve();
    await bench.clock.until(first);
    await bench.clock.advance(100);
    assert.equal(bench.host.locks.size, 1);
    isWritten.resolve();
    await bench.clock.until(second);
    await bench.clock.run(() => bench.host.locks.size === 0);
  });

  it("keeps the next one waiting no longer than six minutes, and lets itself be waited for again", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const isWell = new Deferred<void>();
    files.pace = (one) => (isMadeIn("contents", one) ? isWell.promise : undefined);
    const accepted = bench.outbox.accept(ALARM, OPTIONS, ORIGIN);
    await bench.clock.until(bench.outbox.close());
    const next = outboxOn(DIRECTORY, bench, bench.host);
    await assert.rejects(bench.clock.until(next.open()), { code: "OUTBOX_LOCKED" });
    assert.ok(bench.clock.now() < 390_000);
    isWell.resolve();
    await bench.clock.until(accepted);
    await bench.clock.until(next.open());
    await bench.clock.run(() => bench.delivered.length > 0);
    await bench.clock.until(next.close());
  });

  it("refuses a mail whose files on a slow share take too long together, and leaves the folder in time", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const names = ["a.txt", "b.txt", "c.txt"];
    for (const name of names) files.put(`/share/${name}`, "x");
    // Each is read well within the five minutes that one file may take.
    files.streamReal = async function* () {
      for (let piece = 0; piece < 25; piece++) {
        await delay(bench.clock, 9_000);
        yield Buffer.from("x");
      }
    };
    const attachments = names.map((filename) => ({
      filename,
      content: { kind: "file" as const, path: `/share/${filename}` },
    }));
    const refused = assert.rejects(bench.outbox.accept(mail("alarm", { attachments }), OPTIONS, ORIGIN), {
      code: "OUTBOX_CLOSED",
    });
    await bench.clock.advance(1_000);
    await bench.clock.until(bench.outbox.close());
    const next = outboxOn(DIRECTORY, bench, bench.host);
    await bench.clock.until(next.open());
    await refused;
    assert.deepEqual(
      files.paths().filter((path) => /\/(tmp|queue|contents)\//.test(path)),
      [],
    );
    await bench.clock.until(next.close());
  });

  it("takes as long for the files of a mail as a slow share needs while nobody closes it", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    files.put("/share/a.txt", "x");
    files.streamReal = async function* () {
      await delay(bench.clock, 290_000);
      yield Buffer.from("x");
    };
    const content = { kind: "file", path: "/share/a.txt" } as const;
    await bench.accept(
      mail("alarm", { attachments: ["a", "b", "c"].map((filename) => ({ filename, content })) }),
    );
    await bench.ends(1);
    assert.deepEqual([bench.delivered, bench.clock.now() >= 870_000], [["alarm"], true]);
  });
});

describe("An outbox that is closed while a slow disk does what was asked of many mails", () => {
  const GONE = "/spool/gone";
  const MAILS = 24;
  /** Milliseconds for each change of a record: too long for all of them. */
  const SLOW_MS = 20_000;

  for (const what of ["adopt", "discard", "retry"] as const) {
    it(`leaves the folder in time, and every mail in one place (${what})`, async () => {
      const files = new FaultyFiles();
      const first = await Bench.open({ files, available: false, settings: { maxAge: 60 } });
      const owner = what === "adopt" ? outboxOn(GONE, first, fakeHost(first.clock)) : first.outbox;
      if (what === "adopt") await first.clock.until(owner.open());
      for (let count = 0; count < MAILS; count++)
        await first.clock.until(owner.accept(mail(`${count}`), OPTIONS, ORIGIN));
      if (what === "adopt") await first.clock.until(owner.close());
      if (what === "retry") await first.ends(MAILS);
      files.pace = ({ name, path }) =>
        name === "rename" && /(queue|failed)/.test(path) ? delay(first.clock, SLOW_MS) : undefined;
      const { outbox } = first;
      const asked = what === "adopt" ? outbox.adopt(GONE) : outbox[what]();
      const brokenOff = assert.rejects(asked, { code: "OUTBOX_CLOSED" });
      await first.clock.advance(1_000);
      await first.clock.until(outbox.close());
      const next = outboxOn(DIRECTORY, first, first.host);
      await first.clock.until(next.open());
      await brokenOff;
      files.pace = () => undefined;
      // Those of a folder that was being left are told again by whoever has it next.
      await first.clock.advance(1_000);
      const { depth, failed } = next.summary();
      const left = files.paths().filter((path) => path.startsWith(`${GONE}/queue/`)).length;
      const told = what === "discard" ? new Set(first.ended.map(({ id }) => id)).size : 0;
      assert.equal(depth + failed + left + told, MAILS);
      assert.ok(
        [depth + failed, left, told].filter((number) => number > 0).length >= (what === "retry" ? 1 : 2),
      );
      await first.clock.until(next.close());
    });
  }
});

describe("An outbox whose process stands still while it takes a mail, and whose folder another one has taken", () => {
  for (const folder of MADE_IN) {
    it(`refuses the mail, and leaves nothing of it (file in ${folder})`, async () => {
      const files = new FaultyFiles();
      const first = await Bench.open({ files, available: false });
      const goesOn = new Deferred<void>();
      files.pace = (one) => (isMadeIn(folder, one) ? goesOn.promise : undefined);
      const accepted = first.outbox.accept(ALARM, OPTIONS, ORIGIN);
      await first.clock.advance(100);
      files.pace = () => undefined;
      // Time passes for the second alone.
      const second = new Bench({ files, clock: new VirtualClock(), boot: "boot-2" });
      await second.clock.until(second.outbox.open());
      goesOn.resolve();
      await assert.rejects(first.clock.until(accepted), { code: "OUTBOX_LOCKED" });
      const isOfMail = (path: string): boolean => /\/(tmp|queue|contents)\//.test(path);
      assert.deepEqual(files.paths().filter(isOfMail), []);
      await second.clock.advance(60_000);
      assert.deepEqual(second.delivered, []);
    });
  }

  it("leaves a mail that it was adopting where it is, whole", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    const gone = outboxOn("/spool/gone", first, fakeHost(first.clock));
    await first.clock.until(gone.open());
    await first.clock.until(gone.accept(ALARM, OPTIONS, ORIGIN));
    await first.clock.until(gone.close());
    const before = files.paths().filter((path) => /^\/spool\/gone\/(queue|contents)\//.test(path));
    const goesOn = new Deferred<void>();
    const isCopied = (one: { name: string; path: string }): boolean =>
      one.name === "sync" && one.path.startsWith(`${DIRECTORY}/contents/`);
    files.pace = (one) => (isCopied(one) ? goesOn.promise : undefined);
    const adopted = first.outbox.adopt("/spool/gone");
    await first.clock.advance(100);
    files.pace = () => undefined;
    const second = new Bench({ files, clock: new VirtualClock(), boot: "boot-2", available: false });
    await second.clock.until(second.outbox.open());
    goesOn.resolve();
    await assert.rejects(first.clock.until(adopted), { code: "OUTBOX_LOCKED" });
    assert.deepEqual(
      files.paths().filter((path) => /^\/spool\/gone\/(queue|contents)\//.test(path)),
      before,
    );
    assert.equal(before.length, 2);
  });
});
