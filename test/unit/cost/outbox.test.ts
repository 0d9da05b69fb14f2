import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { FaultyFiles, type Operation } from "../../support/faulty-files";
import { FakeMailer } from "../../support/fake-mailer";
import { attachment, Bench, failure, mail } from "../outbox/bench";

const NAMES: readonly Operation["name"][] = [
  "makeFolder",
  "list",
  "read",
  "size",
  "length",
  "create",
  "write",
  "sync",
  "rename",
  "remove",
  "syncFolder",
];

async function idleBench(): Promise<{ readonly bench: Bench; readonly files: FaultyFiles }> {
  const files = new FaultyFiles();
  const mailer = new FakeMailer();
  mailer.available = false;
  return { bench: await Bench.open({ files, mailer }), files };
}

function syncs(files: FaultyFiles): number {
  return files.count("sync") + files.count("syncFolder");
}

function operations(files: FaultyFiles): number {
  return NAMES.reduce((sum, name) => sum + files.count(name), 0);
}

describe("what the outbox asks of the disk", () => {
  it("is two fsync for a mail without attachments", async () => {
    const { bench, files } = await idleBench();
    const before = syncs(files);
    await bench.accept(mail("alarm"));
    assert.equal(syncs(files) - before, 2);
  });

  it("is four fsync for a mail with an attachment", async () => {
    const { bench, files } = await idleBench();
    const before = syncs(files);
    await bench.accept(mail("report", { attachments: [attachment("log.txt", "x".repeat(5000))] }));
    assert.equal(syncs(files) - before, 4);
  });

  it("is six fsync for a mail without attachments from its acceptance to its end", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const before = syncs(files);
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.equal(syncs(files) - before, 6);
  });

  it("is to take an attachment in pieces of at most 64 KiB, so that none keeps the runtime waiting", async () => {
    const { bench, files } = await idleBench();
    const size = 1 << 20;
    const before = files.count("write");
    await bench.accept(mail("film", { attachments: [attachment("film.bin", "x".repeat(size))] }));
    assert.ok(files.count("write") - before >= size / (64 * 1024));
  });

  it("is one read more at a start for each queued mail, and none for its attachments", async () => {
    const readsAtStart = async (queued: number): Promise<number> => {
      const { bench, files } = await idleBench();
      for (let number = 0; number < queued; number++) {
        await bench.accept(mail(`mail ${number}`, { attachments: [attachment("log.txt", "text")] }));
      }
      const before = files.count("read");
      await bench.restart();
      return files.count("read") - before;
    };
    assert.equal((await readsAtStart(100)) - (await readsAtStart(0)), 100);
  });

  it("is one read more for a mail among 200 than for the one that came last, whose record is known", async () => {
    const cost = async (queued: number): Promise<number> => {
      const { bench, files } = await idleBench();
      for (let number = 0; number < queued; number++) await bench.accept(mail(`mail ${number}`));
      const before = operations(files);
      bench.mailer.fate = () => {
        bench.mailer.available = false;
        return { kind: "sent" };
      };
      bench.mailer.setAvailable(true);
      await bench.ends(1);
      await bench.clock.until(bench.outbox.close());
      return operations(files) - before;
    };
    assert.equal(await cost(200), (await cost(1)) + 1);
    assert.equal(await cost(200), await cost(2));
  });

  for (const [what, text, payload] of [
    ["a short text", 100, 100],
    ["a text of 1 MB", 1_000_000, 0],
    ["a short text and a message of 60 kB", 100, 60_000],
    ["much of everything", 300_000, 60_000],
  ] as const) {
    it(`is under 4 kB for each change of state of a mail with ${what}, over six tries`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files, available: false });
      let tries = 0;
      bench.mailer.fate = () =>
        ++tries < 6 ? failure("SMTP_SERVICE_UNAVAILABLE", { smtpCode: 421 }) : { kind: "sent" };
      const subject = "\u6c34".repeat(700);
      const to = ["duty@example.com", "night@example.com", "boss@example.com"];
      const message = { topic: subject, payload: "p".repeat(payload) };
      await bench.accept(mail(subject, { to, text: "t".repeat(text) }), {}, message);
      const states: number[] = [];
      let before = files.bytesWritten;
      files.fault = ({ name, path }) => {
        if (name === "rename" && /\/(queue|sending)\//.test(path)) {
          states.push(files.bytesWritten - before);
          before = files.bytesWritten;
        }
        return undefined;
      };
      bench.mailer.setAvailable(true);
      let length = 0;
      bench.outbox.on("ended", (end) =>
        end.waitUntil(end.readText().then((whole) => (length = whole.length))),
      );
      const { result } = await bench.ends(1);
      assert.equal(result.attempts, 6);
      assert.ok(states.length >= 6, `${states.length} changes`);
      assert.ok(Math.max(...states) < 4096, `${Math.max(...states)} bytes`);
      await bench.clock.until(bench.outbox.close());
      assert.equal(length, text);
    });
  }

  it("grows by under 300 bytes for each recipient that has an error of its own, in words of any length", async () => {
    const cost = async (recipients: number, words: number): Promise<number> => {
      const { bench, files } = await idleBench();
      bench.mailer.fate = ({ to, cc, bcc }) => {
        const [address = ""] = [...to, ...cc, ...bcc];
        const detail = `${address} ${"no such mailbox here ".repeat(words)}`;
        const cause = new ModemError("MODEM_ERROR", { detail: `${address}: ${detail}` });
        return {
          kind: "failed",
          error: new ModemError("SMTP_MAILBOX_UNAVAILABLE", { detail, cause, smtpCode: 550 }),
        };
      };
      const bcc = Array.from({ length: recipients }, (_one, number) => `duty${number}@example.com`);
      await bench.accept(mail("1", { to: [], bcc }));
      let before = files.bytesWritten;
      let most = 0;
      files.fault = ({ name, path }) => {
        if (name !== "rename" || !/\/(queue|sending|failed)\//.test(path)) return undefined;
        most = Math.max(most, files.bytesWritten - before);
        before = files.bytesWritten;
        return undefined;
      };
      bench.mailer.setAvailable(true);
      const { result } = await bench.ends(1);
      assert.equal(result.rejected.length, recipients);
      assert.ok(result.rejected.every(({ smtpCode }) => smtpCode === 550));
      return most;
    };
    const few = await cost(2, 20);
    assert.ok(few < 4096, `${few}`);
    const many = await cost(60, 20);
    assert.ok(many - few < 58 * 300, `${many} for 60, ${few} for 2`);
  });
});
