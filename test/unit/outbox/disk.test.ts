import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { FaultyFiles, type Operation } from "../../support/faulty-files";
import { TIME } from "../../support/property";
import { attachment, Bench, DIRECTORY, failure, mail } from "./bench";

const CHANGES: ReadonlySet<Operation["name"]> = new Set<Operation["name"]>([
  "create",
  "write",
  "sync",
  "rename",
  "remove",
  "syncFolder",
]);

const report = mail("report", { attachments: [attachment("a.txt", "text")], bcc: ["b@example.com"] });

/** Lets the n-th change from now on fail, counting from 1, or all from there on. */
function failAt(files: FaultyFiles, n: number, code: string, last = n): void {
  let changes = 0;
  files.fault = ({ name }) => {
    if (!CHANGES.has(name)) return undefined;
    changes++;
    return changes >= n && changes <= last ? code : undefined;
  };
}

describe("A disk that fails", function () {
  // Up to sixty outboxes one after another.
  this.timeout(TIME);

  for (const code of ["ENOSPC", "EROFS", "EIO"]) {
    it(`refuses a mail with a clear error at whichever write ${code} comes, and keeps nothing of it`, async () => {
      for (let n = 1; ; n++) {
        const files = new FaultyFiles();
        const bench = await Bench.open({ files });
        bench.mailer.available = false;
        failAt(files, n, code);
        const outcome = await bench.accept(report).then(
          () => "accepted",
          (error: unknown) => error,
        );
        files.fault = () => undefined;
        if (outcome === "accepted") {
          assert.ok(n > 7, "every write was met");
          return;
        }
        assert.equal((outcome as { code?: string }).code, "OUTBOX_DISK");
        const next = await bench.killed("all");
        await next.clock.advance(1000);
        assert.deepEqual(next.tried, [], `refused at write ${n}, yet sent later`);
      }
    });

    it(`loses nothing and repeats nothing unmarked at whichever write ${code} comes while it sends`, async () => {
      for (let n = 1; n < 60; n++) {
        const files = new FaultyFiles();
        const bench = await Bench.open({ files });
        bench.mailer.available = false;
        await bench.accept(report);
        await bench.accept(mail("alarm", { priority: "high" }));
        failAt(files, n, code);
        bench.mailer.setAvailable(true);
        await bench.ends(2);
        for (const { result } of bench.ended) assert.equal(result.status, "sent", `write ${n}`);
        assert.equal(bench.delivered.length, 3, `write ${n}`);
      }
    });
  }

  it("sends what was accepted before though the disk is full, for a change of folder needs no room", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    files.fault = ({ name }) => (name === "create" || name === "write" ? "ENOSPC" : undefined);
    await assert.rejects(bench.accept(mail("3")), { code: "OUTBOX_DISK", message: /no space left/ });
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["1", "2"]);
    files.fault = () => undefined;
    await bench.clock.until(bench.outbox.close());
    assert.deepEqual(await files.list(`${DIRECTORY}/sending`), []);
    assert.deepEqual(await files.list(`${DIRECTORY}/queue`), []);
  });

  it("sends nothing while the disk cannot take the mark that must stand before QSMTPPUT", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    await bench.accept(mail("1"));
    files.fault = ({ name }) => (CHANGES.has(name) ? "EROFS" : undefined);
    bench.mailer.setAvailable(true);
    await bench.clock.advance(120_000);
    assert.equal(bench.delivered.length, 0);
    assert.ok(bench.tried.length <= 5, "and does not try without end");
    files.fault = () => undefined;
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.attempts, 1);
    assert.ok(bench.troubles.length > 0 || bench.tried.length > 1);
  });

  it("says in the repeat of a mail that may have arrived that it is one, though the disk was full in between", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    let moves = 0;
    // The mark before the first QSMTPPUT is taken, the one before the repeat is not, nor anything behind it.
    files.fault = ({ name, path }) => {
      if (name === "rename" && path.includes("/sending/")) moves++;
      return moves > 1 && CHANGES.has(name) ? "ENOSPC" : undefined;
    };
    const once = { kind: "failed", error: new ModemError("SMTP_UNKNOWN"), delivered: true } as const;
    bench.mailer.fate = (_transaction, number) => (number === 1 ? once : { kind: "sent" });
    await bench.accept(mail("1"));
    await bench.clock.advance(10_000);
    assert.equal(bench.delivered.length, 1);
    files.fault = () => undefined;
    const { result } = await bench.ends(1);
    assert.equal(result.possibleDuplicate, true);
    assert.deepEqual(
      bench.mailer.delivered.map(({ isMarked }) => isMarked),
      [false, true],
    );
  });

  it("is reported once while it stays full, however many mails meet it, and again an hour after it did", async () => {
    const files = new FaultyFiles();
    const said: string[] = [];
    const log = { error: (text: string) => void said.push(text), info: () => undefined };
    const bench = await Bench.open({ files, log });
    bench.mailer.fate = () => failure("SMTP_NETWORK");
    for (let count = 1; count <= 6; count++) await bench.accept(mail(`${count}`), { maxAge: 180 });
    const full = ({ name }: Operation): string | undefined => (name === "create" ? "ENOSPC" : undefined);
    files.fault = full;
    await bench.clock.advance(100 * 60_000);
    assert.ok(bench.tried.length > 20);
    const told = bench.troubles.map(({ message }) => message);
    assert.deepEqual(told, [
      "The outbox could not read or write a file on disk: no space left on device (ENOSPC)",
    ]);
    assert.equal(said.length, 1);
    files.fault = () => undefined;
    await bench.clock.advance(90 * 60_000);
    files.fault = full;
    bench.mailer.available = false;
    await assert.rejects(bench.clock.until(bench.outbox.retry()), { code: "OUTBOX_DISK" });
    await bench.clock.until(bench.outbox.pause());
    assert.equal(bench.troubles.length, 2);
  });

  it("is reported once in each way in which it fails", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    for (const code of ["ENOSPC", "EROFS", "ENOSPC", "EROFS"]) {
      files.fault = ({ name }) => (name === "create" ? code : undefined);
      await bench.clock.until(bench.outbox.pause());
    }
    assert.deepEqual(
      bench.troubles.map(({ message }) => /\((\w+)\)$/.exec(message)?.[1]),
      ["ENOSPC", "EROFS"],
    );
  });

  it("is reported for each mail that is not found at a start because of it, in the log too", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    const ids: string[] = [];
    for (const subject of ["1", "2", "3"]) ids.push(await first.accept(mail(subject)));
    await first.clock.until(first.outbox.close());
    const said: string[] = [];
    const log = { error: (text: string) => void said.push(text), info: () => undefined };
    const second = new Bench({ files, clock: first.clock, log });
    files.fault = ({ name, path }) => (name === "read" && path.includes("/queue/") ? "EIO" : undefined);
    await second.clock.until(second.outbox.open());
    const named = (texts: readonly string[]): string[] =>
      texts.map((text) => /mail (\w+) cannot be read/.exec(text)?.[1] ?? text).sort();
    assert.deepEqual(named(second.troubles.map(({ message }) => message)), [...ids].sort());
    assert.deepEqual(named(said), [...ids].sort());
  });

  it("serves no second recipient before it is on the disk that the first is served", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    await bench.accept(report);
    files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
    bench.mailer.setAvailable(true);
    await bench.clock.advance(120_000);
    assert.equal(bench.delivered.length, 1);
    const next = await bench.killed("all");
    await next.ends(1);
    assert.deepEqual(
      next.mailer.delivered.map(({ recipients, isMarked }) => [recipients[0], isMarked]),
      [
        ["ops@example.com", false],
        ["b@example.com", false],
        ["ops@example.com", true],
      ],
    );
  });

  it("tells the end of a mail although the disk takes nothing any more", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, settings: { maxAge: 5 } });
    bench.mailer.available = false;
    await bench.accept(mail("1"));
    files.fault = ({ name }) => (CHANGES.has(name) ? "EIO" : undefined);
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_EXPIRED");
    assert.ok(bench.troubles.every(({ code }) => code === "OUTBOX_DISK"));
    assert.ok(bench.troubles.length > 0);
  });

  it("does not say that a mail was not written which cannot be read", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const id = await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    files.fault = ({ name, path }) => (name === "read" && path.includes(id) ? "EIO" : undefined);
    await bench.clock.until(bench.outbox.discard(id));
    const { message = "", hint = "" } = bench.ended[0]?.failure ?? {};
    assert.match(message, /could not read or write/);
    assert.match(hint, /read and write/);
  });

  it("tells the sender when a record can no longer be read, and goes on with the others", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    const id = await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    files.put(`${DIRECTORY}/queue/${id}.json`, "{ not a record");
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    const damaged = bench.ended.find((ended) => ended.id === id);
    assert.equal(damaged?.failure?.code, "OUTBOX_DAMAGED");
    assert.equal(damaged?.origin.nodeId, "n1");
    assert.deepEqual(bench.delivered, ["2"]);
    assert.deepEqual(await files.list(`${DIRECTORY}/damaged`), [`${id}.json`]);
  });

  it("never sends a mail that it has told as failed because its record could not be read", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    const id = await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    files.fault = ({ name, path }) => (name === "read" && path.includes(id) ? "EIO" : undefined);
    await bench.clock.until(bench.outbox.discard(id));
    assert.equal(bench.ended[0]?.failure?.code, "OUTBOX_DISK");
    const next = await bench.restart({ available: true });
    await next.clock.advance(3600_000);
    assert.deepEqual(next.tried, ["2"]);
  });

  it("leaves an end that it could not read to the next start, instead of telling another one", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.outbox.on("ended", (ended) => ended.waitUntil(Promise.reject(new Error("the flow is stopped"))));
    const id = await bench.accept(mail("1"));
    await bench.ends(1);
    await bench.clock.until(bench.outbox.close());
    bench.host.end();
    let reads = 0;
    // Found at the start, and no longer readable when it is to be told.
    files.fault = ({ name, path }) =>
      name === "read" && path.includes(id) && ++reads === 2 ? "EIO" : undefined;
    const second = await Bench.open({ files, clock: bench.clock, mailer: bench.mailer });
    assert.deepEqual(second.ended, []);
    const third = await second.restart();
    assert.equal((await third.ends(1)).result.status, "sent");
  });

  it("removes what is left of a refused mail as soon as the disk lets it", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    let isBad = false;
    files.fault = ({ name, path }) => {
      isBad ||= name === "syncFolder" && path.endsWith("/queue");
      return isBad ? "EIO" : undefined;
    };
    await assert.rejects(bench.accept(mail("refused")), { code: "OUTBOX_DISK" });
    isBad = false;
    files.fault = () => undefined;
    await bench.accept(mail("taken"));
    await bench.clock.advance(11 * 60_000);
    const next = await bench.killed("all");
    await next.ends(1);
    assert.deepEqual(next.tried, ["taken"]);
  });

  it("waits with a mail whose record cannot be read just now", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    let fails = 2;
    files.fault = ({ name, path }) =>
      name === "read" && path.includes("queue") && fails-- > 0 ? "EIO" : undefined;
    bench.mailer.available = false;
    const id = await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.ok(fails <= 0);
    assert.deepEqual(bench.delivered, ["2", "1"]);
    const ended = bench.ended.find((one) => one.id === id);
    assert.deepEqual([ended?.result.status, ended?.result.attempts], ["sent", 1]);
  });

  it("sends the mail that came last though its record cannot be read: it is known", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    files.fault = ({ name, path }) => (name === "read" && path.includes("queue") ? "EIO" : undefined);
    await bench.accept(mail("1"));
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.equal(bench.clock.now() < 1000, true);
  });

  it("counts a mail once that is discarded while its record cannot be read", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const id = await bench.accept(mail("1"));
    // Of the mail that came last the record is known without a look at the disk.
    await bench.accept(mail("2"));
    let reads = 0;
    let fail = (): void => undefined;
    const held = new Promise<void>((resolve) => (fail = resolve));
    const read = files.read.bind(files);
    files.read = async (path) => {
      if (!path.includes("/queue/")) return read(path);
      const isFirst = ++reads === 1;
      await held;
      if (!isFirst) return read(path);
      throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => reads === 1);
    const discarding = bench.outbox.discard(id);
    await bench.clock.run(() => reads === 2);
    fail();
    assert.equal(await bench.clock.until(discarding), 1);
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_DISCARDED");
    await bench.clock.advance(60_000);
    assert.deepEqual([bench.outbox.summary().depth, bench.delivered], [0, ["2"]]);
  });

  it("takes no mail for doubtful that was refused, because the disk did not take the refusal", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.fate = () => {
      files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
      return failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
    };
    const id = await bench.accept(mail("alarm", { to: ["ops@example.com", "boss@example.com"] }));
    await bench.clock.run(() => bench.tried.length === 1 && bench.outbox.summary().waitsFor === "retry");
    await bench.clock.until(bench.outbox.discard(id));
    const { failure: told, result } = await bench.ends(1);
    assert.deepEqual([told?.code, told?.outcome, result.attempts], ["OUTBOX_DISCARDED", "notSent", 1]);
  });

  it("tries again when an attachment only cannot be read now", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    let fails = 1;
    files.fault = ({ name, path }) =>
      name === "read" && path.includes("contents") && fails-- > 0 ? "EIO" : undefined;
    await bench.accept(mail("1", { attachments: [attachment("a.txt", "text")] }));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.attempts, result.warnings], [2, []]);
    assert.equal(bench.mailer.delivered[0]?.attachments.length, 1);
  });

  it("lets a mail go without what the disk has lost of it, and says so to reader and flow", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const attachments = [
      attachment("a.txt", "one"),
      attachment("gate.jpg", "two"),
      attachment("gate.jpg", "three"),
    ];
    const lose: readonly ((id: string) => Promise<void> | void)[] = [
      (id) => files.remove(`${DIRECTORY}/contents/${id}.1`),
      // What a file system leaves of a file after a power cut.
      (id) => files.put(`${DIRECTORY}/contents/${id}.1`, ""),
      (id) => files.remove(`${DIRECTORY}/contents/${id}.text`),
      async (id) => {
        for (const name of ["0", "1", "2", "text"]) await files.remove(`${DIRECTORY}/contents/${id}.${name}`);
      },
    ];
    const text = "Level ".repeat(400);
    for (const way of lose) await way(await bench.accept(mail("Pump 7", { text, attachments })));
    bench.mailer.setAvailable(true);
    await bench.ends(lose.length);
    const jpg = 'The attachment "gate.jpg" was lost on the disk of the gateway.';
    const whole = "The text of this mail was lost on the disk of the gateway.";
    assert.deepEqual(
      bench.ended.map(({ result, failure }) => [result.status, result.warnings, failure]),
      [
        ["sent", [jpg], undefined],
        ["sent", [jpg], undefined],
        ["sent", [whole], undefined],
        ["sent", [whole, 'The attachment "a.txt" was lost on the disk of the gateway.', jpg], undefined],
      ],
    );
    assert.deepEqual(
      bench.mailer.delivered.map((one) => one.attachments.map(({ content }) => content.toString())),
      [["one", "three"], ["one", "three"], ["one", "two", "three"], []],
    );
    assert.deepEqual(
      bench.mailer.delivered.map((one) => one.text.trim().split("\r\n").at(0)),
      [jpg, jpg, whole, whole],
    );
    assert.ok(bench.mailer.delivered[0]?.text.endsWith(text));
  });

  it("lets a mail go after some minutes without what it never gives though it is there, and says so", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const text = "Level ".repeat(400);
    const attachments = [attachment("a.txt", "one"), attachment("gate.jpg", "two")];
    const ids = [
      await bench.accept(mail("Pump 7", { attachments })),
      await bench.accept(mail("Pump 8", { text })),
    ];
    files.fault = ({ name, path }) =>
      name === "read" && (path.endsWith(`${ids[0]}.1`) || path.endsWith(".text")) ? "EIO" : undefined;
    bench.mailer.setAvailable(true);
    await bench.ends(2, 10 * 60_000);
    assert.deepEqual(
      ids.map((id) => bench.ended.find((one) => one.id === id)?.result.warnings),
      [
        ['The attachment "gate.jpg" was lost on the disk of the gateway.'],
        ["The text of this mail was lost on the disk of the gateway."],
      ],
    );
    const sent = (subject: string) => bench.mailer.delivered.find((one) => one.subject === subject);
    assert.deepEqual(
      sent("Pump 7")?.attachments.map(({ content }) => content.toString()),
      ["one"],
    );
    assert.match(
      sent("Pump 7")?.text ?? "",
      /^The attachment "gate\.jpg" was lost .*\r\n\r\nPump 7 at pump 7/s,
    );
    assert.match(sent("Pump 8")?.text ?? "", /^The text of this mail was lost on the disk of the gateway\.$/);
    assert.deepEqual(
      bench.ended.map(({ result }) => [result.status, result.attempts]),
      [
        ["sent", 4],
        ["sent", 4],
      ],
    );
  });

  const away: readonly [string, (operation: Operation) => string | undefined][] = [
    ["and is away with its folder", ({ path }) => (path.includes("/contents") ? "ENOENT" : undefined)],
    [
      "and does so as a whole, but for what the system still has in memory,",
      ({ name, path }) =>
        CHANGES.has(name) || (name === "read" && path.includes("/contents/")) ? "EIO" : undefined,
    ],
  ];
  for (const [title, fault] of away) {
    it(`${title} for hours loses nothing of a mail`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files, available: false });
      const text = "Level ".repeat(400);
      await bench.accept(mail("1", { attachments: [attachment("a.txt", "one")] }));
      await bench.accept(mail("2", { text, attachments: [attachment("a.txt", "one")] }));
      files.fault = fault;
      bench.mailer.setAvailable(true);
      await bench.clock.advance(3 * 3600_000);
      assert.deepEqual(bench.delivered, []);
      assert.ok(bench.tried.length > 4);
      files.fault = () => undefined;
      await bench.ends(2);
      assert.deepEqual(
        bench.ended.map(({ result }) => [result.status, result.warnings]),
        [
          ["sent", []],
          ["sent", []],
        ],
      );
      assert.deepEqual(
        bench.mailer.delivered.map(({ attachments }) => attachments.map(({ content }) => content.toString())),
        [["one"], ["one"]],
      );
    });
  }

  it("lets a mail go whole whose attachment it gives now and then", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    let reads = 0;
    files.fault = ({ name, path }) =>
      name === "read" && path.endsWith(".0") && ++reads % 3 !== 0 ? "EIO" : undefined;
    bench.mailer.fate = (_transaction, number) => (number <= 6 ? failure("SMTP_NETWORK") : { kind: "sent" });
    await bench.accept(mail("1", { attachments: [attachment("a.txt", "one")] }));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.attempts, result.warnings], ["sent", 9, []]);
  });

  it("keeps a mark where an older one of the same mail could not be removed", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? failure("SMTP_NETWORK", { smtpCode: 421 }) : { kind: "hangs" };
    files.fault = ({ name, path }) => (name === "remove" && path.includes("/sending/") ? "EIO" : undefined);
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 1 && bench.outbox.summary().waitsFor === "retry");
    assert.deepEqual(await files.list(`${DIRECTORY}/sending`), [`${id}.0.json`]);
    files.fault = () => undefined;
    bench.mailer.setAvailable(false);
    const other = await bench.accept(mail("report"));
    await bench.clock.until(bench.outbox.flush(id));
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => bench.tried.length === 2);
    // What is left over is removed with the next mail that ends.
    await bench.clock.until(bench.outbox.discard(other));
    await bench.clock.advance(1000);
    assert.deepEqual(await files.list(`${DIRECTORY}/sending`), [`${id}.0.json`]);
    assert.deepEqual(await files.list(`${DIRECTORY}/queue`), []);
  });

  it("offers no mail for retry whose record does not say who has it already", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files });
    first.mailer.fate = () => {
      files.fault = ({ name }) => (name === "create" ? "EIO" : undefined);
      return { kind: "sent" };
    };
    await first.accept(mail("alarm", { bcc: ["boss@example.com"] }), { maxAge: 5 });
    const { result } = await first.ends(1);
    assert.deepEqual([result.status, result.accepted], ["partial", ["ops@example.com"]]);
    assert.equal((await first.outbox.list({ state: "failed" })).total, 0);
    const second = await first.restart();
    await second.clock.advance(60_000);
    assert.equal(second.delivered.length, 1);
  });

  it("sets a damaged record aside at the start, reports it, and sends the rest", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files });
    first.mailer.available = false;
    const damaged = await first.accept(mail("1", { attachments: [attachment("a.txt", "text")] }));
    await first.accept(mail("2"));
    files.put(
      `${DIRECTORY}/queue/${damaged}.json`,
      files.text(`${DIRECTORY}/queue/${damaged}.json`).slice(0, 99),
    );
    files.put(`${DIRECTORY}/queue/foreign file.txt`, "left alone");
    const second = await first.restart();
    second.mailer.setAvailable(true);
    await second.ends(1);
    assert.deepEqual(second.delivered, ["2"]);
    assert.equal(second.troubles[0]?.code, "OUTBOX_DAMAGED");
    assert.match(second.troubles[0]?.message ?? "", new RegExp(`damaged/${damaged}.json`));
    const third = await second.restart();
    assert.deepEqual(await files.list(`${DIRECTORY}/contents`), [`${damaged}.0`]);
    assert.deepEqual(third.troubles, []);
  });

  it("starts with fresh ages and the same mails when its state is damaged", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files });
    first.mailer.available = false;
    await first.accept(mail("1"));
    await first.clock.advance(3600_000);
    await first.clock.until(first.outbox.close());
    for (const text of ["", "{}", '{"format":1,"holds":{"setup":{}}}']) {
      files.put(`${DIRECTORY}/state.json`, text);
      const next = new Bench({ files, clock: first.clock, mailer: first.mailer });
      await next.clock.until(next.outbox.open());
      assert.equal(next.troubles[0]?.code, "OUTBOX_DAMAGED");
      assert.equal(next.outbox.summary().depth, 1);
      assert.ok(next.outbox.summary().oldestAgeMs < 1000);
      await next.clock.until(next.outbox.close());
    }
  });

  it("says at open that the disk takes nothing, and opens when it does again", async () => {
    const files = new FaultyFiles();
    const bench = new Bench({ files });
    files.fault = ({ name }) => (CHANGES.has(name) ? "EROFS" : undefined);
    await assert.rejects(bench.clock.until(bench.outbox.open()), { code: "OUTBOX_DISK" });
    await assert.rejects(bench.accept(mail("1")), { code: "OUTBOX_DISK" });
    files.fault = () => undefined;
    await bench.clock.until(bench.outbox.open());
    await bench.accept(mail("1"));
    await bench.ends(1);
  });

  it("opens after any single failed operation of an earlier open", async () => {
    for (let n = 1; n < 40; n++) {
      const files = new FaultyFiles();
      const first = await Bench.open({ files });
      first.mailer.available = false;
      await first.accept(report);
      await first.clock.until(first.outbox.close());
      const bench = new Bench({ files, clock: first.clock });
      bench.mailer.available = false;
      const from = files.operations;
      files.fault = ({ number }) => (number === from + n ? "EIO" : undefined);
      await bench.clock.until(bench.outbox.open()).catch(() => bench.clock.until(bench.outbox.open()));
      files.fault = () => undefined;
      const isRead = bench.outbox.summary().depth === 1;
      const last = isRead ? bench : await bench.restart();
      last.mailer.setAvailable(true);
      await last.ends(1);
      assert.equal(last.mailer.delivered.length, 2, `operation ${n}`);
    }
  });

  it("frees the disk of a sent mail later when it could not be removed at once", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    files.fault = ({ name }) => (name === "remove" ? "EIO" : undefined);
    await bench.accept(mail("1", { attachments: [attachment("a.txt", "text")] }));
    await bench.ends(1);
    files.fault = () => undefined;
    await bench.accept(mail("2"));
    await bench.ends(2);
    await bench.clock.until(bench.outbox.close());
    assert.deepEqual(await files.list(`${DIRECTORY}/queue`), []);
    assert.deepEqual(await files.list(`${DIRECTORY}/contents`), []);
  });

  it("refuses an attachment that cannot be read as an error of the message", async () => {
    const bench = await Bench.open();
    const content = { kind: "file", path: "/cam/none.jpg" } as const;
    const broken = mail("1", { attachments: [{ filename: "none.jpg", content }] });
    await assert.rejects(bench.accept(broken), { code: "INVALID_ATTACHMENT", message: /none\.jpg/ });
    bench.mailer.fate = () => failure("SMTP_NETWORK");
    await bench.accept(mail("2"));
    assert.equal(bench.outbox.summary().depth, 1);
  });
});
