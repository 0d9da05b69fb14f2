/** The spool as a whole: what a start finds, the contents of a mail, and looking in from outside. */
import assert from "node:assert/strict";
import { delay } from "../../../lib/clock";
import { SPECIAL_HINTS, type ModemError } from "../../../lib/errors";
import type { KeptAttachment } from "../../../lib/outbox/spool/record";
import { SpoolLock } from "../../../lib/outbox/spool/lock";
import { recover } from "../../../lib/outbox/spool/recovery";
import { discardSpool, findSpools, recordsIn } from "../../../lib/outbox/spool/recovery";
import type { MailAttachment } from "../../../lib/mail/mail";
import { type Contents, Spool } from "../../../lib/outbox/spool/spool";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { fakeHost } from "./bench";
import { DIRECTORY, ID, prepared, QUEUE, record, put as keep } from "./spool-bench";

const bytes = (content: string): { kind: "bytes"; bytes: Buffer } => ({
  kind: "bytes",
  bytes: Buffer.from(content),
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

  it("takes the one being sent also where the disk gives it before the other of the same revision", async () => {
    const files = new FaultyFiles();
    put(files, `queue/${ID}.json`, record());
    put(files, `sending/${ID}.0.json`, record());
    const clock = new VirtualClock();
    files.pace = ({ name, path }) =>
      name === "read" && path.includes("/queue/") ? delay(clock, 10) : undefined;
    const { mails } = await clock.until(started(files));
    assert.deepEqual(
      mails.map(({ place }) => place),
      [{ folder: "sending", transaction: 0 }],
    );
    assert.deepEqual(files.paths(), [`${DIRECTORY}/sending/${ID}.0.json`]);
  });

  it("clears what was being written when the last run ended, and writes there", async () => {
    const files = new FaultyFiles();
    for (const name of ["1", "2"]) files.put(`${DIRECTORY}/tmp/${name}`, "half");
    const { spool } = await prepared(files);
    assert.deepEqual(files.paths(), []);
    const drafts: string[] = [];
    files.fault = ({ name, path }) => {
      if (name === "create") drafts.push(path);
      return undefined;
    };
    await keep(spool, record(), QUEUE);
    assert.deepEqual([drafts, files.paths()], [[`${DIRECTORY}/tmp/1`], [`${DIRECTORY}/queue/${ID}.json`]]);
  });

  it("finds every mail of a long queue", async () => {
    const files = new FaultyFiles();
    const ids = Array.from({ length: 100 }, (_, index) => `m${index}`);
    for (const [seq, id] of ids.entries()) put(files, `queue/${id}.json`, record({ id, seq }));
    const { mails } = await started(files);
    assert.deepEqual(
      mails.map(({ record: { id } }) => id),
      ids,
    );
    assert.equal(files.count("read"), ids.length);
  });

  it("gives the mails in the order of acceptance, with their bytes", async () => {
    const files = new FaultyFiles();
    const attachments: KeptAttachment[] = [
      { filename: "a", size: 10, sha256: "" },
      { filename: "b", size: 100, sha256: "" },
    ];
    const records = [
      record({ id: "b", seq: 1, attachments }),
      record({ id: "a", seq: 3 }),
      record({ id: "c", seq: 2 }),
      record({ id: "d", seq: 0 }),
      record({ id: "e", seq: 4, text: { bytes: 3_000 }, attachments }),
      record({ id: "f", seq: 5, origin: { nodeId: "n1", bytes: 20_000 } }),
    ];
    for (const one of records) put(files, `queue/${one.id}.json`, one);
    const { mails } = await started(files);
    assert.deepEqual(
      mails.map(({ record: { id } }) => id),
      ["d", "b", "c", "a", "e", "f"],
    );
    const textBytes = (id: string): number => Buffer.byteLength(files.text(`${DIRECTORY}/queue/${id}.json`));
    assert.deepEqual(
      mails.map(({ bytes }) => bytes),
      [
        textBytes("d"),
        textBytes("b") + 110,
        textBytes("c"),
        textBytes("a"),
        textBytes("e") + 3_110,
        textBytes("f") + 20_000,
      ],
    );
  });

  it("forgets a failed mail that waits again, and keeps the others", async () => {
    const files = new FaultyFiles();
    put(files, `queue/${ID}.json`, record());
    put(files, `failed/${ID}.5.10.json`, record());
    put(files, "failed/other.6.20.json", record({ id: "other" }));
    files.put(`${DIRECTORY}/contents/other.0`, "x");
    const { mails, failed } = await started(files);
    assert.equal(mails.length, 1);
    assert.deepEqual(failed, [{ id: "other", place: { folder: "failed", since: 6, bytes: 20 } }]);
    assert.deepEqual(files.paths(), [
      `${DIRECTORY}/contents/other.0`,
      `${DIRECTORY}/failed/other.6.20.json`,
      `${DIRECTORY}/queue/${ID}.json`,
    ]);
  });

  it("sets aside what is damaged, says where, and keeps its contents and those of a later version", async () => {
    const files = new FaultyFiles();
    files.put(`${DIRECTORY}/queue/${ID}.json`, "{");
    put(files, "queue/newer.json", { ...record({ id: "newer" }), format: 9 });
    for (const id of [ID, "newer", "gone"]) files.put(`${DIRECTORY}/contents/${id}.0`, "x");
    const { mails, troubles } = await started(files);
    assert.deepEqual(mails, []);
    assert.deepEqual(
      new Map(troubles.map(({ code, message }) => [message.replace(/^.*?: /, ""), code])),
      new Map([
        [`damaged/${ID}.json, not a JSON text`, "OUTBOX_DAMAGED"],
        ["mail newer was written by a later version (format 9) and is left alone", "OUTBOX_DAMAGED"],
      ]),
    );
    assert.ok(troubles.some(({ hint }) => hint === SPECIAL_HINTS.laterVersion));
    assert.deepEqual(
      files.paths().filter((path) => path.includes("/contents/")),
      [`${DIRECTORY}/contents/${ID}.0`, `${DIRECTORY}/contents/newer.0`],
    );
  });

  it("goes on when a record cannot be read, an old one removed or a content swept, and says so", async () => {
    for (const [name, part, said] of [
      ["read", "/queue/", new RegExp(`mail ${ID} cannot be read`)],
      ["remove", "/queue/", new RegExp(`old state of mail ${ID}`)],
      ["remove", "/contents/", /attachments without a mail/],
    ] as const) {
      const files = new FaultyFiles();
      put(files, `queue/${ID}.json`, record({ revision: 1 }));
      put(files, `sending/${ID}.0.json`, record({ revision: 2 }));
      files.put(`${DIRECTORY}/contents/gone.0`, "x");
      files.fault = (operation) =>
        operation.name === name && operation.path.includes(part) ? "EIO" : undefined;
      const { mails, troubles } = await started(files);
      assert.equal(mails.length, 1);
      assert.equal(troubles[0]?.code, "OUTBOX_DISK");
      assert.match(troubles[0]?.message ?? "", said);
    }
  });
});

/** Attachments of a mail without much else. */
const holding = (attachments: readonly MailAttachment[]): Contents => ({
  subject: "alarm",
  text: "ü",
  message: {},
  attachments,
});

describe("The contents of a mail", () => {
  it("are written within their room, to the last byte, or not at all", async () => {
    const { spool, files } = await prepared();
    const contents = [
      { filename: "a.txt", content: bytes("abc") },
      { filename: "b.txt", content: bytes("de") },
    ];
    const kept = await spool.keep(ID, holding(contents), 5);
    assert.deepEqual(
      kept.attachments.map(({ filename, size }) => [filename, size]),
      [
        ["a.txt", 3],
        ["b.txt", 2],
      ],
    );
    await assert.rejects(spool.keep("other", holding(contents), 4), {
      code: "OUTBOX_FULL",
      message: /no room for the attachment b\.txt/,
    });
    assert.deepEqual(
      files.paths().map((path) => path.slice(path.lastIndexOf("/") + 1)),
      [`${ID}.0`, `${ID}.1`],
    );
    await spool.drop(ID, ["0", "1"]);
    assert.deepEqual(files.paths(), []);
  });

  for (const [what, texts, textBytes, messageBytes] of [
    ["both", { text: "x".repeat(2042) }, undefined, undefined],
    [
      "both, where some of it takes two bytes",
      { subject: "ä", text: "ü".repeat(1021) },
      undefined,
      undefined,
    ],
    [
      "both, beside a long subject",
      { subject: "s".repeat(1000), text: "x".repeat(1044) },
      undefined,
      undefined,
    ],
    ["the text alone", { text: "x".repeat(2043) }, undefined, 2],
    ["the text alone, to the last byte", { text: "x".repeat(2044) }, undefined, 2],
    [
      "the text alone, beside a long subject",
      { subject: "s".repeat(1000), text: "x".repeat(1045) },
      undefined,
      2,
    ],
    ["the message alone", { text: "x".repeat(2045) }, 2045, undefined],
    [
      "the message alone, to the last byte",
      { text: "x".repeat(2045), message: { m: "y".repeat(2036) } },
      2045,
      undefined,
    ],
    ["neither", { text: "x".repeat(2045), message: { m: "y".repeat(2037) } }, 2045, 2045],
    [
      "neither, beside fields of its header",
      { text: "x".repeat(2000), fields: { inReplyTo: "<a@example.com>" }, message: { m: "y".repeat(2020) } },
      undefined,
      2028,
    ],
    [
      "the message alone, beside fields of its header",
      { text: "x".repeat(2020), fields: { inReplyTo: "<a@example.com>" } },
      2020,
      undefined,
    ],
  ] as const) {
    it(`stand in the record where subject, fields and they have 2048 bytes together: ${what}`, async () => {
      const { spool, files } = await prepared();
      const contents = { subject: "ab", message: {}, attachments: [], ...texts };
      const kept = await spool.keep(ID, contents, 0);
      const { text, message } = contents;
      assert.deepEqual(kept, {
        attachments: [],
        text: textBytes === undefined ? text : { bytes: textBytes },
        message: messageBytes === undefined ? { message } : { bytes: messageBytes },
        bytes: (textBytes ?? 0) + (messageBytes ?? 0),
      });
      const names = [messageBytes && "message", textBytes && "text"].filter(Boolean);
      const durable = files.after("nothing");
      assert.deepEqual(
        durable.paths(),
        names.map((name) => `${DIRECTORY}/contents/${ID}.${name}`),
      );
      assert.equal(await spool.text({ id: ID, text: kept.text }), text);
      if (messageBytes !== undefined)
        assert.deepEqual(await spool.message(ID, { bytes: messageBytes }), message);
    });
  }

  it("keep what an attachment is for: a file, or a part of the HTML", async () => {
    const { spool } = await prepared();
    const place = { kind: "inline", cid: "logo" } as const;
    const { attachments } = await spool.keep(
      ID,
      holding([
        { filename: "a.txt", content: bytes("abc") },
        { filename: "logo.png", content: bytes("de"), place },
      ]),
      5,
    );
    assert.deepEqual(
      attachments.map(({ sha256, ...one }) => ({ ...one, hex: sha256.length })),
      [
        { filename: "a.txt", size: 3, hex: 64 },
        { filename: "logo.png", size: 2, hex: 64, place },
      ],
    );
  });

  it("of a file that grows without end are read no further than there is room", async () => {
    const { spool, files } = await prepared();
    let pieces = 0;
    files.streamReal = async function* () {
      while (++pieces < 1000) yield Buffer.alloc(10);
    };
    const content = { kind: "file", path: "/cam/live.mjpg" } as const;
    await assert.rejects(spool.keep(ID, holding([{ filename: "live.mjpg", content }]), 25), {
      code: "OUTBOX_FULL",
      message: /no room for the attachment live\.mjpg$/,
    });
    assert.deepEqual([pieces, files.paths()], [3, []]);
  });

  it("that are gone or too short for ever are damage, and what cannot be read just now is not", async () => {
    const { spool, files } = await prepared();
    const long = "x".repeat(3000);
    const contents = { ...holding([{ filename: "a.txt", content: bytes("abc") }]), text: long };
    const kept = await spool.keep(ID, contents, 3);
    const mail = record({ text: kept.text, attachments: kept.attachments });
    const path = `${DIRECTORY}/contents/${ID}`;
    const left = async (): Promise<unknown> => {
      const { text, attachments, lost } = await spool.remains(mail);
      return [text, attachments.map(({ filename }) => filename), lost];
    };
    assert.deepEqual(await left(), [long, ["a.txt"], []]);
    files.fault = ({ name }) => (name === "length" ? "EIO" : undefined);
    assert.deepEqual(await left(), [long, ["a.txt"], []]);
    files.fault = ({ name }) => (name === "read" ? "EIO" : undefined);
    await assert.rejects(left(), { code: "OUTBOX_DISK", class: "transient", message: /: text$/ });
    files.fault = () => undefined;
    files.put(`${path}.text`, "short");
    await assert.rejects(spool.text(mail), {
      code: "OUTBOX_DAMAGED",
      message: /: text has 5 of 3000 bytes$/,
    });
    const lost = [
      "The text of this mail was lost on the disk of the gateway.",
      'The attachment "a.txt" was lost on the disk of the gateway.',
    ];
    assert.deepEqual(await left(), ["", ["a.txt"], lost.slice(0, 1)]);
    await spool.drop(ID, ["0", "text"]);
    await assert.rejects(spool.text(mail), { code: "OUTBOX_DAMAGED", message: /: text is gone$/ });
    assert.deepEqual(await left(), ["", [], lost]);
    assert.deepEqual(await spool.remains(record({ text: "here" })), {
      text: "here",
      attachments: [],
      lost: [],
    });
  });

  it("that come from a file that cannot be read are the message's fault", async () => {
    const { spool } = await prepared();
    await assert.rejects(
      spool.keep(ID, holding([{ filename: "a.txt", content: { kind: "file", path: "/no/such" } }]), 100),
      { code: "INVALID_ATTACHMENT", message: /a\.txt cannot be read/ },
    );
  });

  it("that cannot be read, are gone or not whole are trouble of the disk that may pass", async () => {
    const { spool, files } = await prepared();
    const { attachments } = await spool.keep(ID, holding([{ filename: "a.txt", content: bytes("abc") }]), 10);
    const [first] = attachments;
    assert.ok(first);
    const read = async (): Promise<string> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of spool.content(ID, 0, first)) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    };
    assert.equal(await read(), "abc");
    files.fault = ({ name }) => (name === "read" ? "EIO" : undefined);
    await assert.rejects(read(), { code: "OUTBOX_DISK", class: "transient", message: /attachment a\.txt/ });
    files.fault = () => undefined;
    files.put(`${DIRECTORY}/contents/${ID}.0`, "ab");
    await assert.rejects(read(), {
      code: "OUTBOX_DISK",
      class: "transient",
      message: /attachment a\.txt has not its 3 bytes/,
    });
    await spool.drop(ID, ["0"]);
    await assert.rejects(read(), { code: "OUTBOX_DISK", class: "transient", message: /attachment a\.txt/ });
  });

  it("are copied to another spool over what a former try left there", async () => {
    const { spool, files } = await prepared();
    const { attachments } = await spool.keep(ID, holding([{ filename: "a.txt", content: bytes("abc") }]), 10);
    const other = new Spool("/spool/other", files);
    await other.prepare();
    files.put(`/spool/other/contents/${ID}.0`, "half");
    await other.copyFrom(spool, ID, record({ attachments }));
    assert.equal(files.after("nothing").text(`/spool/other/contents/${ID}.0`), "abc");
    await keep(spool, record(), QUEUE);
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
    await keep(spool, record(), QUEUE);
    await keep(spool, record({ id: "b" }), { folder: "sending", transaction: 0 });
    await keep(spool, record({ id: "c" }), { folder: "failed", since: 1, bytes: 1 });
    assert.deepEqual(await findSpools(["/spool/none", DIRECTORY, "/spool/empty"], files), [
      { directory: DIRECTORY, waiting: 2, failed: 1 },
    ]);
  });

  it("show what still waits rather than what has failed, where there is no room for all", async () => {
    const { spool, files } = await prepared();
    for (const id of ["a", "b"]) await keep(spool, record({ id }), { folder: "failed", since: 1, bytes: 1 });
    await keep(spool, record({ id: "c" }), { folder: "sending", transaction: 0 });
    await keep(spool, record({ id: "d" }), QUEUE);
    const shown = await recordsIn(DIRECTORY, files, 3);
    assert.deepEqual(
      shown.map(({ place }) => place.folder),
      ["queue", "sending", "failed"],
    );
  });

  it("show only what can be read now", async () => {
    const { spool, files } = await prepared();
    for (const id of ["a", "b", "c"]) await keep(spool, record({ id }), QUEUE);
    files.put(`${DIRECTORY}/queue/a.json`, "{");
    // It may have been adopted since the folder was listed.
    files.fault = ({ name, path }) => (name === "read" && path.endsWith("/b.json") ? "ENOENT" : undefined);
    assert.deepEqual(await recordsIn(DIRECTORY, files, 10), [{ record: record({ id: "c" }), place: QUEUE }]);
  });

  it("are discarded with all that is of their mails, each counted once, and are free then", async () => {
    const { spool, files } = await prepared();
    const clock = new VirtualClock();
    const discard = (): Promise<number> =>
      clock.until(discardSpool(DIRECTORY, { files, clock, host: fakeHost(clock) }));
    await keep(spool, record({ id: "a" }), QUEUE);
    await keep(spool, record({ id: "a" }), { folder: "sending", transaction: 0 });
    await keep(spool, record({ id: "b" }), { folder: "failed", since: 1, bytes: 1 });
    files.put(`${DIRECTORY}/contents/b.0`, "x");
    const before = files.paths();
    files.fault = ({ name, path }) => (name === "remove" && path.includes("/queue/") ? "EACCES" : undefined);
    await assert.rejects(discard(), {
      code: "OUTBOX_DISK",
      message: `The outbox could not read or write a file on disk: Error: EACCES: ${DIRECTORY}/queue/a.json`,
    });
    assert.deepEqual(
      files.paths().filter((path) => !path.includes("/lock/")),
      before,
    );
    files.fault = () => undefined;
    assert.equal(await discard(), 2);
    assert.deepEqual([files.paths(), clock.now()], [[`${DIRECTORY}/lock/2.json`], 0]);
    assert.equal(files.text(`${DIRECTORY}/lock/2.json`), '{"released":true}');
  });

  it("are not discarded while an outbox has them", async () => {
    const { spool, files } = await prepared();
    await keep(spool, record(), QUEUE);
    const clock = new VirtualClock();
    const holder = fakeHost(clock);
    const lock = new SpoolLock(DIRECTORY, files, clock, holder);
    await clock.until(lock.take());
    const before = files.paths();
    for (const host of [holder, fakeHost(clock)]) {
      await assert.rejects(clock.until(discardSpool(DIRECTORY, { files, clock, host })), {
        code: "OUTBOX_LOCKED",
      });
    }
    await clock.until(lock.assertHeld());
    assert.deepEqual(files.paths(), before);
  });

  it("are not guessed when the disk cannot say", async () => {
    const { files } = await prepared();
    files.fault = ({ name }) => (name === "list" ? "EIO" : undefined);
    await assert.rejects(findSpools([DIRECTORY], files), /EIO/);
  });
});
