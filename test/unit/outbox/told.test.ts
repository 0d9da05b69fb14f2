/** What the sender of a mail is told beyond sent or failed: causes, numbers, and nothing that nobody has seen. */
import assert from "node:assert/strict";
import { isModemError, ModemError } from "../../../lib/errors";
import { FaultyFiles } from "../../support/faulty-files";
import { KeptLog } from "../../support/module-replies";
import { attachment, Bench, DIRECTORY, failure, mail } from "./bench";

function withoutFunctions(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => typeof part !== "function"));
}

describe("The end of a mail that could not be sent in its time", () => {
  it("carries numbers, hint and cause of its last failure, after a restart too", async () => {
    const first = await Bench.open();
    const last = new ModemError("SMTP_SERVICE_UNAVAILABLE", { smtpCode: 421, stage: "send" });
    let tries = 0;
    first.mailer.fate = () => (++tries === 1 ? failure("SMTP_NETWORK") : { kind: "failed", error: last });
    await first.accept(mail("alarm"), { maxAge: 3 });
    await first.clock.run(() => tries === 2);
    const bench = await first.restart({ available: false });
    const { failure: told, error, result } = await bench.ends(1);
    assert.equal(told?.code, "OUTBOX_EXPIRED");
    assert.equal(told.class, new ModemError("OUTBOX_EXPIRED").class);
    assert.deepEqual(
      [told.modemCode, told.smtpCode, told.hint, told.stage],
      [last.modemCode, 421, last.hint, "send"],
    );
    assert.equal(told.cause?.code, "SMTP_SERVICE_UNAVAILABLE");
    assert.ok(isModemError(error?.cause, "SMTP_SERVICE_UNAVAILABLE"));
    assert.equal(error.cause.smtpCode, 421);
    assert.deepEqual([result.modemCode, result.smtpCode], [last.modemCode, 421]);
  });

  it("names a modem that was never ready", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(mail("alarm"), { maxAge: 3 });
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.cause?.code, "MODEM_NOT_READY");
    assert.equal(told.modemCode, undefined);
    assert.equal(told.hint, new ModemError("MODEM_NOT_READY").hint);
  });
});

describe("The result of a mail that the module told only after a restart", () => {
  it("says nothing of time and bytes, which nobody has seen", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => ({ kind: "hangs", delivered: true });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    const bench = await first.killed("all", { available: false });
    bench.mailer.setAnswer({ kind: "sent" });
    bench.mailer.setAvailable(true);
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.recovered], ["sent", true]);
    assert.equal("sendMs" in result, false);
    assert.equal("bytes" in result, false);
  });

  it("says both where they are known", async () => {
    const bench = await Bench.open();
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.sendMs, result.bytes], [1200, "alarm at pump 7".length]);
  });
});

describe("The end of a mail whose record cannot be read", () => {
  /** All that is told of it. */
  function wholeEnd(id: string, outcome: "notSent" | "unknown", queuedMs: number, error: ModemError) {
    const { message, code, hint } = error;
    return {
      id,
      origin: { nodeId: "n1", message: {} },
      subject: "",
      result: {
        status: "failed",
        id,
        accepted: [],
        rejected: [],
        attempts: 0,
        queuedMs,
        bytes: 0,
        warnings: [],
      },
      failure: { message, code, hint, class: error.class, outcome, attempts: 0 },
      error,
      recovered: false,
      attachments: [],
    };
  }

  for (const [what, outcome] of [
    ["that waited is told as not sent", "notSent"],
    ["that was on the air is told as unknown", "unknown"],
  ] as const) {
    it(`${what}, with all fields of a result, and as trouble`, async () => {
      const files = new FaultyFiles();
      const log = new KeptLog();
      const bench = await Bench.open({ files, log, available: outcome === "unknown" });
      bench.mailer.fate = (_transaction, number) => {
        if (number > 1 || outcome === "notSent") return { kind: "sent" };
        bench.mailer.available = false;
        return { kind: "lost", delivered: true, answer: { kind: "unknown" } };
      };
      const id = await bench.accept(mail("alarm"));
      await bench.accept(mail("next"));
      if (outcome === "unknown") await bench.clock.run(() => bench.outbox.inDoubt === 1);
      await bench.clock.advance(1000);
      const isRecord = (path: string): boolean => path.includes(id) && path.endsWith(".json");
      const [path = ""] = files.paths().filter(isRecord);
      assert.equal(path.startsWith(`${DIRECTORY}/sending/`), outcome === "unknown");
      files.put(path, "{");
      bench.mailer.setAvailable(true);
      const ended = await bench.ends(1);
      const { error } = ended;
      assert.ok(isModemError(error, "OUTBOX_DAMAGED"));
      const { queuedMs } = ended.result;
      assert.ok(queuedMs >= 1000 && Number.isInteger(queuedMs));
      assert.deepEqual(withoutFunctions(ended), wholeEnd(id, outcome, queuedMs, error));
      await assert.rejects(ended.readText(), (reason) => reason === error);
      await bench.clock.advance(1000);
      assert.deepEqual(bench.troubles, [error]);
      assert.deepEqual(log.lines, [`error Outbox: ${error.message}`]);
      await bench.ends(2);
      assert.deepEqual(
        bench.ended.slice(1).map(({ subject, result: { status } }) => [subject, status]),
        [["next", "sent"]],
      );
    });
  }
});

describe("The end of a mail with a long message of its flow", () => {
  it("is told without the message where the disk has lost it, and names the mail as damaged", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const id = await bench.accept(mail("alarm"), {}, { log: "x".repeat(40_000) });
    const isMessage = (path: string): boolean => path.includes(`${DIRECTORY}/contents/${id}.`);
    const paths = files.paths().filter(isMessage);
    assert.equal(paths.length, 1);
    for (const path of paths) await files.remove(path);
    bench.mailer.setAvailable(true);
    const { origin, subject, result } = await bench.ends(1);
    assert.deepEqual([origin, subject, result.status], [{ nodeId: "n1", message: {} }, "alarm", "sent"]);
    const { message } = new ModemError("OUTBOX_DAMAGED", { detail: `message of mail ${id}` });
    assert.deepEqual(
      bench.troubles.map((error) => [error.code, error.message, error.cause instanceof Error]),
      [["OUTBOX_DAMAGED", message, true]],
    );
  });
});

describe("The attachments of a mail that has ended", () => {
  it("say where they stood in the text only when they stood there, and can be read twice, as can the text", async () => {
    const bench = await Bench.open();
    const place = { kind: "inline", cid: "logo@example.com" } as const;
    const read: string[] = [];
    bench.outbox.on("ended", (ended) => {
      const work = async (): Promise<void> => {
        const { attachments } = ended;
        for (const one of [...attachments, ...attachments]) read.push(String(await one.readBack()));
        read.push(await ended.readText());
      };
      ended.waitUntil(work());
    });
    const inline = { ...attachment("logo.png", "logo"), place };
    await bench.accept(mail("alarm", { attachments: [attachment("a.txt", "beside"), inline] }));
    const { attachments } = await bench.ends(1);
    await bench.clock.run(() => read.length === 5);
    assert.deepEqual(
      attachments.map((one) => withoutFunctions(one)),
      [
        { filename: "a.txt", size: 6 },
        { filename: "logo.png", size: 4, place },
      ],
    );
    assert.deepEqual(read, ["beside", "logo", "beside", "logo", "alarm at pump 7"]);
  });
});

describe("An end that the last run has not told, while the disk does not give its record", () => {
  /** A run whose mail has ended, which nobody took. */
  async function untold(files: FaultyFiles): Promise<{ readonly first: Bench; readonly id: string }> {
    const first = await Bench.open({ files });
    first.outbox.on("ended", (end) => end.waitUntil(Promise.reject(new Error("not taken"))));
    first.mailer.fate = () => failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
    const id = await first.accept(mail("alarm"));
    await first.ends(1);
    await first.clock.until(first.outbox.close());
    return { first, id };
  }

  it("is reported as trouble of the disk, and told by the next start", async () => {
    const files = new FaultyFiles();
    const { first, id } = await untold(files);
    let reads = 0;
    files.fault = ({ name, path }) =>
      name === "read" && path.includes(`/${id}.`) && ++reads > 1 ? "EIO" : undefined;
    const second = new Bench({ files, clock: first.clock, mailer: first.mailer });
    await second.clock.until(second.outbox.open());
    await second.clock.advance(1000);
    const { message } = new ModemError("OUTBOX_DISK", { detail: "i/o error (EIO)" });
    assert.deepEqual(
      second.troubles.map((error) => [error.code, error.message, error.cause instanceof Error]),
      [["OUTBOX_DISK", message, true]],
    );
    assert.deepEqual([second.ended, second.outbox.summary().depth], [[], 0]);
    const third = await second.restart();
    const { failure: told } = await third.ends(1);
    assert.equal(told?.code, "SMTP_TRANSACTION_FAILED");
  });

  it("is told as damaged where the record has become unreadable since the start", async () => {
    const files = new FaultyFiles();
    const { first, id } = await untold(files);
    let reads = 0;
    files.fault = ({ name, path }) => {
      if (name === "read" && path.includes(`/${id}.`) && ++reads === 2) files.put(path, "{");
      return undefined;
    };
    const second = new Bench({ files, clock: first.clock, mailer: first.mailer });
    await second.clock.until(second.outbox.open());
    const { failure: told, recovered } = await second.ends(1);
    assert.deepEqual([told?.code, recovered], ["OUTBOX_DAMAGED", true]);
    assert.deepEqual(await files.list(`${DIRECTORY}/damaged`), [`${id}.0.json`]);
  });
});
