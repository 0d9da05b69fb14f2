/** An outbox whose folder is lost while it is open: it says so, touches nothing, and takes it again. */
import assert from "node:assert/strict";
import { delay } from "../../../lib/clock";
import { FaultyFiles } from "../../support/faulty-files";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";
import { attachment, Bench, DIRECTORY, mail } from "./bench";

const RETAKEN = 6_000;

/** A process that stands still with one mail waiting, and another one, of another container, that has taken its folder. */
async function paused(maxAge = 60): Promise<{ readonly first: Bench; readonly second: Bench }> {
  const files = new FaultyFiles();
  const first = await Bench.open({ files, available: false });
  await first.accept(mail("waiting"), { maxAge });
  // Time passes for the second alone.
  const second = new Bench({ files, clock: new VirtualClock(), boot: "boot-2", available: false });
  await second.clock.until(second.outbox.open());
  assert.ok(second.clock.now() >= 12_000);
  return { first, second };
}

/** Time passes for both, in steps short enough for one to answer the claims of the other. */
async function together({ first, second }: Awaited<ReturnType<typeof paused>>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1000) {
    await first.clock.advance(1000);
    await second.clock.advance(1000);
  }
}

describe("An outbox whose process stood still, and whose folder another one has taken", () => {
  it("says so once, refuses new mails, and sends none, whatever it was about to do", async () => {
    const both = await paused();
    const { first, second } = both;
    first.mailer.setAvailable(true);
    await together(both, 60_000);
    assert.deepEqual(first.delivered, []);
    assert.deepEqual(
      first.troubles.map(({ code }) => code),
      ["OUTBOX_LOCKED"],
    );
    assert.equal(first.outbox.error?.code, "OUTBOX_LOCKED");
    await assert.rejects(first.accept(mail("next")), { code: "OUTBOX_LOCKED" });
    await assert.rejects(first.clock.until(first.outbox.retry()), { code: "OUTBOX_LOCKED" });
    assert.equal(second.outbox.summary().depth, 1);
  });

  it("lets no mail of the other expire", async () => {
    const both = await paused(3);
    await together(both, 3 * 60_000);
    assert.deepEqual(both.first.ended, []);
    assert.deepEqual(
      both.second.ended.map(({ failure }) => failure?.code),
      ["OUTBOX_EXPIRED"],
    );
  });

  it("notices it with the first new mail already", async () => {
    const { first } = await paused();
    await assert.rejects(first.accept(mail("next")), { code: "OUTBOX_LOCKED" });
    assert.equal(first.outbox.error?.code, "OUTBOX_LOCKED");
  });

  it("takes it again as soon as it is free, and sends what waits in it", async () => {
    const both = await paused();
    const { first, second } = both;
    await second.accept(mail("of the other"));
    await together(both, 10_000);
    await second.clock.until(second.outbox.close());
    first.mailer.setAvailable(true);
    await first.clock.advance(RETAKEN);
    assert.equal(first.outbox.error, undefined);
    await first.ends(2);
    assert.deepEqual(first.delivered, ["waiting", "of the other"]);
    await first.accept(mail("next"));
    await first.ends(3);
  });

  it("puts no more failed mails back by a retry that was under way, which says why", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false, settings: { maxAge: 1 } });
    for (let number = 0; number < 10; number++) await first.accept(mail(`${number}`));
    await first.ends(10);
    const inQueue = (): number => files.paths().filter((path) => path.includes("/queue/")).length;
    await first.clock.run(() => inQueue() === 0);
    const slow: FaultyFiles["pace"] = ({ name, path }) =>
      name === "rename" && path.includes("/queue/") ? delay(first.clock, 10_000) : undefined;
    files.pace = slow;
    const retried = assert.rejects(first.outbox.retry(), { code: "OUTBOX_LOCKED" });
    await first.clock.advance(15_000);
    assert.equal(inQueue(), 1);
    files.pace = () => undefined;
    const second = new Bench({ files, clock: new VirtualClock(), boot: "boot-2", available: false });
    await second.clock.until(second.outbox.open());
    files.pace = slow;
    await first.clock.until(retried);
    // The one whose rename the disk had been given already.
    assert.equal(inQueue(), 2);
    assert.deepEqual(
      first.troubles.map(({ code }) => code),
      ["OUTBOX_LOCKED"],
    );
  });

  it("can be closed meanwhile, and then leaves the folder alone", async () => {
    const both = await paused();
    const { first, second } = both;
    await together(both, 10_000);
    await first.clock.until(first.outbox.close());
    await second.clock.until(second.outbox.close());
    const { operations } = first.files as FaultyFiles;
    await first.clock.advance(60_000);
    assert.equal((first.files as FaultyFiles).operations, operations);
  });
});

describe("An outbox whose lock was deleted", () => {
  for (const what of ["file", "folder"] as const) {
    it(`writes it again, and goes on as if nothing had been (${what})`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files, available: false });
      await bench.accept(mail("first"));
      const isLock = (path: string): boolean => path.startsWith(`${DIRECTORY}/lock`);
      for (const path of files.paths().filter(isLock)) await files.remove(path);
      if (what === "folder") files.removeFolder(`${DIRECTORY}/lock`);
      await bench.accept(mail("second"));
      assert.equal(files.paths().filter(isLock).length, 1);
      bench.mailer.setAvailable(true);
      await bench.ends(2);
      assert.deepEqual([bench.delivered, bench.troubles], [["first", "second"], []]);
      await assert.rejects(new Bench({ files, clock: bench.clock }).outbox.open(), { code: "OUTBOX_LOCKED" });
    });
  }
});

describe("An outbox whose folder is moved away and comes back", () => {
  it("says so, makes no new one, and goes on with what was in it", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    await bench.accept(mail("waiting"));
    const made = files.count("makeFolder");
    files.fault = ({ path }) => (path.startsWith(DIRECTORY) ? "ENOENT" : undefined);
    await bench.clock.advance(RETAKEN);
    assert.deepEqual(
      bench.troubles.map(({ code, message }) => [code, /folder .* is gone/.test(message)]),
      [["OUTBOX_DISK", true]],
    );
    await assert.rejects(bench.accept(mail("lost")), { code: "OUTBOX_DISK" });
    await bench.clock.advance(60_000);
    assert.equal(files.count("makeFolder"), made);
    files.fault = () => undefined;
    bench.mailer.setAvailable(true);
    await bench.clock.advance(RETAKEN);
    await bench.ends(1);
    assert.deepEqual([bench.delivered, bench.outbox.error], [["waiting"], undefined]);
  });
});

describe("An outbox whose folder was lost", () => {
  /** One with a mail that waits, whose folder is then moved away. */
  async function lost() {
    const files = new FaultyFiles();
    const log = new KeptLog();
    const bench = await Bench.open({ files, log, available: false });
    await bench.accept(mail("waiting"));
    await bench.clock.advance(1000);
    const depths: number[] = [];
    bench.outbox.on("changed", () => depths.push(bench.outbox.summary().depth));
    files.fault = ({ path }) => (path.startsWith(DIRECTORY) ? "ENOENT" : undefined);
    await bench.clock.run(() => bench.outbox.error !== undefined);
    await bench.clock.advance(1000);
    return { bench, files, log, depths };
  }

  it("tells that it counts no mail until it is taken again, and logs both once", async () => {
    const { bench, files, log, depths } = await lost();
    const [trouble] = bench.troubles;
    assert.deepEqual(depths, [0]);
    assert.deepEqual(log.lines, [`error Outbox: ${trouble?.message}`]);
    assert.equal(bench.outbox.error, trouble);
    assert.deepEqual(
      [bench.outbox.summary(), bench.outbox.inDoubt, bench.outbox.reservePlace(), bench.outbox.sendingNode()],
      [{ depth: 0, oldestAgeMs: 0, failed: 0 }, 0, undefined, undefined],
    );
    // Several attempts in vain say no more.
    await bench.clock.advance(60_000);
    assert.deepEqual(log.lines.length, 1);
    files.fault = () => undefined;
    await bench.clock.advance(RETAKEN);
    assert.deepEqual(log.lines.slice(1), ["info Outbox: its folder was taken again"]);
    assert.deepEqual([depths, bench.outbox.error], [[0, 1], undefined]);
  });

  it("may be opened once more meanwhile, which changes nothing", async () => {
    const { bench, files } = await lost();
    await bench.clock.until(bench.outbox.open());
    assert.notEqual(bench.outbox.error, undefined);
    files.fault = () => undefined;
    bench.mailer.setAvailable(true);
    await bench.clock.advance(RETAKEN);
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["waiting"]);
  });

  it("is closed for good by a close, and names no error any more", async () => {
    const { bench, files, log } = await lost();
    await bench.clock.until(bench.outbox.close());
    files.fault = () => undefined;
    await bench.clock.advance(60_000);
    assert.equal(bench.outbox.error, undefined);
    await assert.rejects(bench.accept(mail("late")), { code: "OUTBOX_CLOSED" });
    assert.equal(log.lines.length, 1);
    await bench.clock.until(bench.outbox.open());
    bench.mailer.setAvailable(true);
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["waiting"]);
  });

  it("is closed for good by a close while it is being taken again", async () => {
    const { bench, files, log } = await lost();
    let isTaking = false;
    files.fault = () => {
      isTaking = true;
      return undefined;
    };
    await bench.clock.run(() => isTaking);
    await bench.clock.until(bench.outbox.close());
    await bench.clock.advance(60_000);
    await assert.rejects(bench.accept(mail("late")), { code: "OUTBOX_CLOSED" });
    assert.equal(log.lines.filter((line) => line.startsWith("error")).length, 1);
    await bench.clock.until(bench.outbox.open());
    bench.mailer.setAvailable(true);
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["waiting"]);
  });
});

describe("An outbox whose folder is away for a while, as a share that is not mounted", () => {
  for (const [what, text] of [
    ["an attachment", "Level high"],
    ["a long text", "Level high at pump 7\r\n".repeat(500)],
  ] as const) {
    it(`sends the mail whole when it is back, and tells no damage, where ${what} was to be read meanwhile`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files });
      let isAway = false;
      files.fault = () => (isAway ? "ENOENT" : undefined);
      bench.mailer.setAvailable(false);
      await bench.accept(mail("alarm", { text, attachments: [attachment("a.txt", "content")] }));
      // The text is read before the mailer has the mail, an attachment by the mailer.
      if (what === "a long text") isAway = true;
      else {
        bench.mailer.step = async () => {
          isAway = bench.mailer.tried.length === 1;
        };
      }
      bench.mailer.setAvailable(true);
      await bench.clock.advance(20_000);
      assert.deepEqual([isAway, bench.ended], [true, []]);
      isAway = false;
      const { result } = await bench.ends(1);
      assert.equal(result.status, "sent");
      assert.equal(bench.ended.length, 1);
      assert.deepEqual(
        bench.mailer.delivered.map(({ attachments }) => attachments.map(({ name }) => name)),
        [["a.txt"]],
      );
      await bench.clock.until(bench.outbox.close());
    });
  }
});
