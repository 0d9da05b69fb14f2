/** The spool part by part: names of files, what is said of a record, errors of the disk, what is kept of an error. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ModemError, systemCode } from "../../../lib/errors";
import { diskError, oncePerFault } from "../../../lib/outbox/spool/files";
import { writeDurably } from "../../../lib/outbox/spool/files";
import { readRecord } from "../../../lib/outbox/spool/record";
import { restoreError, storeError } from "../../../lib/stored-error";
import { idOf, parseName, Spool } from "../../../lib/outbox/spool/spool";
import { loadRecord } from "../../../lib/outbox/spool/store";
import { reviveMessage, storableMessage } from "../../../lib/mail/message/foreign";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { DIRECTORY, ID, prepared, QUEUE, record, put } from "./spool-bench";

describe("The name of a record's file", () => {
  it("says the place, and is read back", () => {
    for (const [place, name] of [
      [QUEUE, "a1-b.json"],
      [{ folder: "sending", transaction: 2 }, "a1-b.2.json"],
      [{ folder: "failed", since: 12, bytes: 345 }, "a1-b.12.345.json"],
    ] as const) {
      assert.equal(
        new Spool("spool", new FaultyFiles()).path("a1-b", place),
        join("spool", place.folder, name),
      );
      assert.deepEqual(parseName(place.folder, name), { id: "a1-b", place });
      assert.equal(idOf(name), "a1-b");
    }
  });

  it("is nobody's in a folder that it does not fit, or with anything else in it", () => {
    for (const [folder, name] of [
      ["queue", "a.1.json"],
      ["sending", "a.json"],
      ["failed", "a.json"],
      ["failed", "a.1.json"],
      ["queue", "A.json"],
      ["queue", "a.json.tmp"],
      ["queue", "x/a.json"],
      ["queue", ".json"],
      ["sending", "a.x.json"],
      ["failed", "a.1.2.3.json"],
    ] as const) {
      assert.equal(parseName(folder, name), undefined, name);
    }
  });
});

describe("A record that cannot be read", () => {
  const reason = (change: object): string => {
    const read = readRecord(JSON.stringify({ ...record(), ...change }), ID);
    return read.kind === "damaged" ? read.reason : read.kind;
  };

  it("is said to be so with the part that is wrong", () => {
    assert.deepEqual(readRecord("{", ID), { kind: "damaged", reason: "not a JSON text" });
    assert.deepEqual(readRecord("null", ID), { kind: "damaged", reason: "no format number" });
    assert.equal(reason({ format: "1" }), "no format number");
    assert.equal(reason({ format: 0 }), "format 0 is not known");
    assert.equal(reason({ format: 2 }), "newer");
    assert.equal(reason({ id: "other" }), "the id is not that of the file name");
    assert.equal(reason({ seq: "1" }), "seq is missing or not valid");
    assert.equal(reason({ subject: 7 }), "subject is missing or not valid");
  });

  it("is an error for who needs it", async () => {
    const { spool, files } = await prepared();
    files.put(`${DIRECTORY}/queue/${ID}.json`, "{");
    await assert.rejects(loadRecord(spool, { id: ID, place: QUEUE }), {
      code: "OUTBOX_DAMAGED",
      message: /mail k3m8q2xa, not a JSON text/,
    });
    files.put(`${DIRECTORY}/queue/${ID}.json`, JSON.stringify({ ...record(), format: 9 }));
    await assert.rejects(loadRecord(spool, { id: ID, place: QUEUE }), {
      code: "OUTBOX_DAMAGED",
      message: /mail k3m8q2xa has format 9/,
    });
    await put(spool, record(), QUEUE);
    assert.deepEqual(await loadRecord(spool, { id: ID, place: QUEUE }), record());
  });
});

const systemError = (code: string): Error => Object.assign(new Error(code), { code });

describe("Errors of the disk", () => {
  it("are told in words, and a ModemError stays what it is", () => {
    const full = diskError(Object.assign(new Error("ENOSPC: write"), { code: "ENOSPC" }));
    assert.equal(full.code, "OUTBOX_DISK");
    assert.match(full.message, /: no space left$/);
    assert.match(diskError(new Error("odd")).message, /: Error: odd$/);
    const own = new ModemError("OUTBOX_FULL");
    assert.equal(diskError(own), own);
  });

  it("are told once for each reason, and again after more than an hour without it", async () => {
    const clock = new VirtualClock();
    const told: string[] = [];
    const tell = oncePerFault(clock, ({ message }) => told.push(message));
    const text = "The outbox could not read or write a file on disk";
    const full = (detail: string): ModemError =>
      new ModemError("OUTBOX_DISK", { detail, cause: systemError("ENOSPC") });
    const odd = new ModemError("OUTBOX_DISK", { detail: "mail a", cause: new Error("odd") });
    for (const error of [full("mail a"), odd, full("mail b"), odd]) tell(error);
    assert.deepEqual(told.splice(0), [`${text}: no space left on device (ENOSPC)`, `${text}: Error: odd`]);
    await clock.advance(3600_000);
    tell(full("mail c"));
    assert.deepEqual(told, []);
    await clock.advance(3600_001);
    tell(full("mail d"));
    assert.deepEqual(told.splice(0), [`${text}: no space left on device (ENOSPC)`]);
    // What is of one mail is a fact of its own, and so is damage.
    const damage = new ModemError("OUTBOX_DAMAGED", { detail: "damaged/a.json" });
    for (let time = 0; time < 2; time++) {
      tell(full("mail a cannot be read"), true);
      tell(damage);
    }
    assert.deepEqual(told, [
      `${text}: mail a cannot be read`,
      damage.message,
      `${text}: mail a cannot be read`,
      damage.message,
    ]);
  });

  it("are known by their code, whatever was thrown", () => {
    assert.equal(systemCode(Object.assign(new Error("x"), { code: "ENOENT" })), "ENOENT");
    for (const other of [new Error("x"), { code: "ENOENT" }, undefined])
      assert.notEqual(systemCode(other), "ENOENT");
  });

  it("leave no file open", async () => {
    let closed = 0;
    const files = new FaultyFiles();
    const create = files.create.bind(files);
    files.create = async (path) => {
      const writer = await create(path);
      return { ...writer, close: async () => void closed++ };
    };
    files.fault = ({ name }) => (name === "sync" ? "EIO" : undefined);
    await assert.rejects(writeDurably(files, "/a", [Buffer.from("x")]), /EIO/);
    assert.equal(closed, 1);
  });
});

describe("What is kept of an error and a message", () => {
  it("is only what was there", () => {
    const plain = storeError(new ModemError("OUTBOX_FULL"));
    assert.deepEqual(Object.keys(plain), ["code", "message", "hint", "class"]);
    const full = storeError(
      new ModemError("SMTP_SEND_FAILED", { stage: "send", modemCode: 660, smtpCode: 451, detail: "x" }),
    );
    assert.deepEqual(storeError(restoreError(full)), full);
    assert.equal(full.stage, "send");
    assert.deepEqual(storeError(restoreError(plain)), plain);
  });

  it("is no Buffer where something only looks like one", () => {
    for (const value of [
      { type: "Buffer" },
      { type: "Buffer", data: "x" },
      { type: "Other", data: [1] },
      { type: "Buffer", data: [1, 256] },
    ]) {
      assert.deepEqual(reviveMessage({ value }), { value });
    }
    assert.deepEqual(reviveMessage({ value: null }), { value: null });
    assert.deepEqual(storableMessage(null), {});
    assert.deepEqual(storableMessage("text"), {});
  });
});
