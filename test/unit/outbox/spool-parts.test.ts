/** The spool part by part: names of files, what is said of a record, contents, and looking in from outside. */
import assert from "node:assert/strict";
import { ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import { diskError } from "../../../lib/mail/spool/disk-error";
import { hasCode, isMissing, writeDurably } from "../../../lib/mail/spool/files";
import { fileName, idOf, parseName, type Place } from "../../../lib/mail/spool/place";
import { readRecord, type KeptAttachment, type SpoolRecord } from "../../../lib/mail/spool/record";
import { recover } from "../../../lib/mail/spool/recovery";
import { findSpools } from "../../../lib/mail/spool/search";
import { loadRecord, Spool } from "../../../lib/mail/spool/spool";
import { restoreError, storeError } from "../../../lib/mail/spool/stored-error";
import { reviveMessage, storableMessage } from "../../../lib/mail/spool/stored-message";
import { FaultyFiles } from "../../support/faulty-files";

const DIRECTORY = "/spool/modem";
const ID = "k3m8q2xa";
const QUEUE: Place = { folder: "queue" };

const instant = { clock: "c", time: 1, active: 1 };

function record(change: Partial<SpoolRecord> = {}): SpoolRecord {
  return {
    format: 1,
    id: ID,
    revision: 1,
    seq: 1,
    accepted: instant,
    written: instant,
    raisedAt: 0,
    priority: "normal",
    delivery: "atLeastOnce",
    maxAge: null,
    origin: { nodeId: "n1", message: {} },
    from: null,
    to: ["ops@example.com"],
    cc: [],
    bcc: [],
    subject: "alarm",
    text: "ü",
    attachments: [],
    warnings: [],
    transactions: [
      {
        envelope: { to: ["ops@example.com"], cc: [], bcc: [] },
        state: { kind: "waiting" },
        tries: 0,
        due: 0,
        unknown: 0,
        shortSubject: false,
      },
    ],
    attempts: 0,
    ...change,
  };
}

async function prepared(files = new FaultyFiles()): Promise<{ spool: Spool; files: FaultyFiles }> {
  const spool = new Spool(DIRECTORY, files);
  await spool.prepare();
  return { spool, files };
}

const bytes = (content: string): { kind: "bytes"; bytes: Buffer } => ({
  kind: "bytes",
  bytes: Buffer.from(content),
});

describe("The name of a record's file", () => {
  it("says the place, and is read back", () => {
    for (const [place, name] of [
      [QUEUE, "a1-b.json"],
      [{ folder: "sending", transaction: 2 }, "a1-b.2.json"],
      [{ folder: "failed", since: 12, bytes: 345 }, "a1-b.12.345.json"],
    ] as const) {
      assert.equal(fileName("a1-b", place), name);
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

  it("is one of which any part within a part is wrong", () => {
    const [transaction] = record().transactions;
    for (const change of [
      { accepted: { ...instant, clock: 1 } },
      { accepted: { ...instant, time: "1" } },
      { written: { ...instant, active: undefined } },
      { priority: "urgent" },
      { delivery: "once" },
      { maxAge: "1" },
      { origin: { nodeId: 1 } },
      { from: 1 },
      { to: [1] },
      { attachments: [{ filename: "a", size: "1", sha256: "" }] },
      { attachments: [{ filename: 1, size: 1, sha256: "" }] },
      { attachments: [{ filename: "a", size: 1, sha256: 1 }] },
      { attachments: {} },
      { transactions: [] },
      { transactions: [{ ...transaction, envelope: { to: [], cc: [] } }] },
      { transactions: [{ ...transaction, envelope: { to: "a", cc: [], bcc: [] } }] },
      { transactions: [{ ...transaction, envelope: { to: [], cc: 1, bcc: [] } }] },
      { transactions: [{ ...transaction, state: "waiting" }] },
      { transactions: [{ ...transaction, state: { kind: "lost" } }] },
      { transactions: [{ ...transaction, tries: "0" }] },
      { transactions: [{ ...transaction, due: null }] },
      { transactions: [{ ...transaction, unknown: undefined }] },
    ]) {
      assert.match(reason(change), /is missing or not valid/, JSON.stringify(change));
    }
    for (const kind of ["waiting", "sent", "refused", "unknown"]) {
      assert.equal(reason({ transactions: [{ ...transaction, state: { kind } }] }), "record", kind);
    }
    for (const good of [{ priority: "low" }, { delivery: "atMostOnce" }, { maxAge: 5 }, { from: "a@b.c" }]) {
      assert.equal(reason(good), "record", JSON.stringify(good));
    }
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
    await spool.write(record(), QUEUE);
    assert.deepEqual(await loadRecord(spool, { id: ID, place: QUEUE }), record());
  });
});

describe("A start of the spool", () => {
  const started = async (
    files: FaultyFiles,
  ): Promise<Awaited<ReturnType<typeof recover>> & { troubles: ModemError[] }> => {
    const { spool } = await prepared(files);
    const troubles: ModemError[] = [];
    return { ...(await recover(spool, (error) => troubles.push(error))), troubles };
  };
  const put = (files: FaultyFiles, path: string, content: object): void =>
    files.put(`${DIRECTORY}/${path}`, JSON.stringify(content));

  it("takes the later of two records of a mail, and of the same revision the one being sent", async () => {
    for (const [queued, sent, folder] of [
      [2, 1, "queue"],
      [1, 2, "sending"],
      [1, 1, "sending"],
    ] as const) {
      const files = new FaultyFiles();
      put(files, `queue/${ID}.json`, record({ revision: queued }));
      put(files, `sending/${ID}.0.json`, record({ revision: sent }));
      const { mails, troubles } = await started(files);
      assert.deepEqual(
        mails.map(({ place }) => place.folder),
        [folder],
      );
      assert.deepEqual(troubles, []);
      assert.equal(files.paths().filter((path) => path.includes(ID)).length, 1);
    }
  });

  it("gives the mails in the order of acceptance, with their bytes", async () => {
    const files = new FaultyFiles();
    const attachments: KeptAttachment[] = [
      { filename: "a", size: 10, sha256: "" },
      { filename: "b", size: 100, sha256: "" },
    ];
    put(files, "queue/b.json", record({ id: "b", seq: 1, attachments }));
    put(files, "queue/a.json", record({ id: "a", seq: 2 }));
    const { mails } = await started(files);
    assert.deepEqual(
      mails.map((one) => [one.record.id, one.bytes]),
      [
        ["b", 112],
        ["a", 2],
      ],
    );
  });

  it("forgets a failed mail that waits again, and keeps the others", async () => {
    const files = new FaultyFiles();
    put(files, `queue/${ID}.json`, record());
    put(files, `failed/${ID}.5.10.json`, record());
    put(files, "failed/other.6.20.json", record({ id: "other" }));
    const { mails, failed } = await started(files);
    assert.equal(mails.length, 1);
    assert.deepEqual(failed, [{ id: "other", place: { folder: "failed", since: 6, bytes: 20 } }]);
    assert.ok(!files.paths().some((path) => path.startsWith(`${DIRECTORY}/failed/${ID}`)));
  });

  it("sets aside what is damaged, says where, and keeps its contents and those of a later version", async () => {
    const files = new FaultyFiles();
    files.put(`${DIRECTORY}/queue/${ID}.json`, "{");
    put(files, "queue/newer.json", { ...record({ id: "newer" }), format: 9 });
    for (const id of [ID, "newer", "gone"]) files.put(`${DIRECTORY}/attachments/${id}.0`, "x");
    const { mails, troubles } = await started(files);
    assert.deepEqual(mails, []);
    assert.deepEqual(troubles.map(({ code, message }) => [code, message.replace(/^.*?: /, "")]).sort(), [
      ["OUTBOX_DAMAGED", `damaged/${ID}.json, not a JSON text`],
      ["OUTBOX_DAMAGED", "mail newer was written by a later version (format 9) and is left alone"],
    ]);
    assert.ok(troubles.some(({ hint }) => hint === SPECIAL_HINTS.laterVersion));
    assert.deepEqual(
      files.paths().filter((path) => path.includes("/attachments/")),
      [`${DIRECTORY}/attachments/${ID}.0`, `${DIRECTORY}/attachments/newer.0`],
    );
  });

  it("goes on when a record cannot be read, an old one removed or a content swept, and says so", async () => {
    for (const [name, part, said] of [
      ["read", "/queue/", new RegExp(`mail ${ID} cannot be read`)],
      ["remove", "/queue/", new RegExp(`old state of mail ${ID}`)],
      ["remove", "/attachments/", /attachments without a mail/],
    ] as const) {
      const files = new FaultyFiles();
      put(files, `queue/${ID}.json`, record({ revision: 1 }));
      put(files, `sending/${ID}.0.json`, record({ revision: 2 }));
      files.put(`${DIRECTORY}/attachments/gone.0`, "x");
      files.fault = (operation) =>
        operation.name === name && operation.path.includes(part) ? "EIO" : undefined;
      const { mails, troubles } = await started(files);
      assert.equal(mails.length, 1);
      assert.equal(troubles[0]?.code, "OUTBOX_DISK");
      assert.match(troubles[0]?.message ?? "", said);
    }
  });
});

describe("The contents of a mail", () => {
  it("are written within their room, to the last byte, or not at all", async () => {
    const { spool, files } = await prepared();
    const contents = [
      { filename: "a.txt", content: bytes("abc") },
      { filename: "b.txt", content: bytes("de") },
    ];
    const kept = await spool.keep(ID, contents, 5);
    assert.deepEqual(
      kept.map(({ filename, size }) => [filename, size]),
      [
        ["a.txt", 3],
        ["b.txt", 2],
      ],
    );
    await assert.rejects(spool.keep("other", contents, 4), {
      code: "OUTBOX_FULL",
      message: /no room for the attachment b\.txt/,
    });
    assert.deepEqual(
      files.paths().map((path) => path.slice(path.lastIndexOf("/") + 1)),
      [`${ID}.0`, `${ID}.1`],
    );
    await spool.drop(ID, 2);
    assert.deepEqual(files.paths(), []);
  });

  it("that come from a file that cannot be read are the message's fault", async () => {
    const { spool } = await prepared();
    await assert.rejects(
      spool.keep(ID, [{ filename: "a.txt", content: { kind: "file", path: "/no/such" } }], 100),
      { code: "INVALID_ATTACHMENT", message: /a\.txt cannot be read/ },
    );
  });

  it("that are gone end the mail, while other trouble of the disk may pass", async () => {
    const { spool, files } = await prepared();
    const attachments = await spool.keep(ID, [{ filename: "a.txt", content: bytes("abc") }], 10);
    const [first] = spool.attachments(record({ attachments }));
    const read = async (): Promise<string> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of first?.open() ?? []) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    assert.equal(await read(), "abc");
    files.fault = ({ name }) => (name === "read" ? "EIO" : undefined);
    await assert.rejects(read(), { code: "OUTBOX_DISK", class: "transient", message: /attachment a\.txt/ });
    files.fault = () => undefined;
    await spool.drop(ID, 1);
    await assert.rejects(read(), { code: "OUTBOX_DAMAGED", message: /attachment a\.txt is gone/ });
  });

  it("are copied to another spool over what a former try left there", async () => {
    const { spool, files } = await prepared();
    await spool.keep(ID, [{ filename: "a.txt", content: bytes("abc") }], 10);
    const other = new Spool("/spool/other", files);
    await other.prepare();
    files.put(`/spool/other/attachments/${ID}.0`, "half");
    await other.copyFrom(spool, ID, 0);
    assert.equal(files.text(`/spool/other/attachments/${ID}.0`), "abc");
    await spool.write(record(), QUEUE);
    await other.moveFrom(spool, { id: ID, place: QUEUE });
    assert.deepEqual(await spool.find(), []);
    assert.deepEqual(await other.find(), [{ id: ID, place: QUEUE }]);
  });
});

describe("Spools found from outside", () => {
  it("are those with mails, counted", async () => {
    const { spool, files } = await prepared();
    await new Spool("/spool/empty", files).prepare();
    assert.deepEqual(await findSpools([DIRECTORY, "/spool/empty", "/spool/none"], files), []);
    await spool.write(record(), QUEUE);
    await spool.write(record({ id: "b" }), { folder: "sending", transaction: 0 });
    await spool.write(record({ id: "c" }), { folder: "failed", since: 1, bytes: 1 });
    assert.deepEqual(await findSpools(["/spool/none", DIRECTORY, "/spool/empty"], files), [
      { directory: DIRECTORY, waiting: 2, failed: 1 },
    ]);
  });

  it("are not guessed when the disk cannot say", async () => {
    const { files } = await prepared();
    files.fault = ({ name }) => (name === "list" ? "EIO" : undefined);
    await assert.rejects(findSpools([DIRECTORY], files), /EIO/);
  });
});

describe("Errors of the disk", () => {
  it("are told in words, and a ModemError stays what it is", () => {
    const full = diskError(Object.assign(new Error("ENOSPC: write"), { code: "ENOSPC" }));
    assert.equal(full.code, "OUTBOX_DISK");
    assert.match(full.message, /: no space left$/);
    assert.match(diskError(new Error("odd")).message, /: Error: odd$/);
    const own = new ModemError("OUTBOX_FULL");
    assert.equal(diskError(own), own);
  });

  it("are known by their code, whatever was thrown", () => {
    const missing = Object.assign(new Error("x"), { code: "ENOENT" });
    assert.equal(isMissing(missing), true);
    assert.equal(hasCode(missing, "EIO"), false);
    for (const other of [new Error("x"), { code: "ENOENT" }, "ENOENT", undefined]) {
      assert.equal(isMissing(other), false);
    }
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
    for (const value of [{ type: "Buffer" }, { type: "Buffer", data: "x" }, { type: "Other", data: [1] }]) {
      assert.deepEqual(reviveMessage({ value }), { value });
    }
    assert.deepEqual(reviveMessage({ value: null }), { value: null });
    assert.deepEqual(storableMessage(null), {});
    assert.deepEqual(storableMessage("text"), {});
  });
});
