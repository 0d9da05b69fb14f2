import assert from "node:assert/strict";
import { join } from "node:path";
import { mock } from "node:test";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import {
  readRecord,
  writeRecord,
  type SpoolRecord,
  type StoredTransaction,
  type TransactionState,
} from "../../../lib/outbox/spool/record";
import { restoreError, storeError, type StoredError } from "../../../lib/stored-error";
import { MESSAGE_LIMIT, reviveMessage, storableMessage } from "../../../lib/mail/message/foreign";
import { FaultyFiles } from "../../support/faulty-files";
import { spoiled, type Json } from "../../support/spoiled";
import { Bench, DIRECTORY, mail } from "./bench";

/** A record as the first release of the package wrote it. It must stay readable. */
const FORMAT_1 = {
  format: 1,
  id: "k3m8q2xa",
  revision: 2,
  unique: "0123456789abcdef0123456789abcdef",
  seq: 17,
  accepted: { clock: "0b7c6b0e", time: 1000, active: 1000 },
  written: { clock: "0b7c6b0e", time: 2000, active: 2000 },
  raisedAt: 1767225600000,
  priority: "high",
  delivery: "atLeastOnce",
  maxAge: null,
  origin: { nodeId: "n1", message: { topic: "Level high" } },
  from: null,
  to: ["ops@example.com"],
  cc: [],
  bcc: [],
  subject: "Level high",
  text: "Level high at pump 7",
  attachments: [{ filename: "a.txt", size: 4, sha256: "00" }],
  warnings: [],
  transactions: [
    {
      envelope: { to: ["ops@example.com"], cc: [], bcc: [] },
      state: { kind: "queued", due: 61000 },
      tries: 1,
      attempts: 1,
      unknown: 0,
      lastError: { code: "SMTP_NETWORK", message: "m", hint: "h", class: "transient" },
    },
  ],
  attempts: 1,
};

const ERROR: StoredError = {
  code: "SMTP_MAILBOX_UNAVAILABLE",
  message: "full",
  hint: "ask",
  class: "transient",
  stage: "send",
  smtpCode: 452,
  cause: { code: "MODEM_ERROR", message: "m", hint: "h", class: "transient", modemCode: 554 },
};

const transaction = (state: TransactionState, more: Partial<StoredTransaction> = {}): StoredTransaction => ({
  envelope: { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com"] },
  state,
  tries: 1,
  attempts: 2,
  unknown: 0,
  ...more,
});

/** A mail with every part that one may have. */
const WHOLE: SpoolRecord = {
  format: 1,
  id: "k3m8q2xa",
  unique: "0123456789abcdef0123456789abcdef",
  revision: 2,
  seq: 17,
  accepted: { clock: "0b7c6b0e", time: 1000, active: 900, startedOver: true },
  written: { clock: "0b7c6b0e", time: 2000, active: 1900 },
  raisedAt: 1767225600000,
  priority: "low",
  replaces: "pump 7",
  delivery: "atMostOnce",
  maxAge: 60,
  origin: { nodeId: "n1", message: { topic: "Level high" } },
  from: { name: "Plant", address: "plant@example.com" },
  replyTo: [
    { name: "Shift", address: "shift@example.com" },
    { name: "", address: "desk@example.com" },
  ],
  fields: {
    inReplyTo: "<2@example.com>",
    references: ["<1@example.com>", "<2@example.com>"],
    headers: [
      { name: "X-Plant", value: "7" },
      { name: "X-Line", value: "" },
    ],
    dsn: { notify: ["failure", "delay"], isWhole: false },
  },
  to: ["a@example.com", "d@example.com"],
  cc: ["b@example.com"],
  bcc: ["c@example.com"],
  unreadable: [
    { address: "n/a", code: "INVALID_RECIPIENT" },
    { address: "?", code: "INVALID_RECIPIENT" },
  ],
  subject: "Level high",
  isSubjectInText: true,
  text: "Level high at pump 7",
  attachments: [
    { filename: "a.html", size: 4, sha256: "00", place: { kind: "html", isSource: true } },
    { filename: "b.png", size: 5, sha256: "01", place: { kind: "inline", cid: "b" } },
    { filename: "c.txt", size: 6, sha256: "02" },
  ],
  warnings: ["w", "v"],
  transactions: [
    transaction({ kind: "queued", due: 61_000 }, { interruptions: 1, lastError: ERROR }),
    transaction({ kind: "preparing", due: 61_000, stopped: true }),
    transaction({ kind: "sending", mark: { via: "module", data: { name: "x" } } }),
    transaction({ kind: "inDoubt", mark: { via: "smtp", data: null } }),
    transaction(
      { kind: "done", at: "2026-01-01T00:00:00.000Z", sendMs: 9000, bytes: 700 },
      {
        passage: {
          via: "socket",
          messageId: "<3@example.com>",
          response: "250 queued",
          tls: { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" },
        },
      },
    ),
    transaction({ kind: "failed", error: ERROR }, { open: true, passage: { via: "module" } }),
  ],
  attempts: 2,
  end: { time: 3000, keep: true },
};

/** The same, with its text and the message of its flow in files of their own. */
const LARGE: SpoolRecord = {
  ...WHOLE,
  text: { bytes: 70_000 },
  origin: { nodeId: "n1", bytes: 9_000 },
};

/** Without everything that a mail may lack. */
const PLAIN: SpoolRecord = {
  ...(FORMAT_1 as unknown as SpoolRecord),
  attachments: [],
  transactions: [transaction({ kind: "queued", due: 0 }), transaction({ kind: "inDoubt", mark: undefined })],
};

const MAY_BE_ABSENT = new RegExp(
  `^no \\.(${[
    "replaces",
    "replyTo",
    "fields(\\.(inReplyTo|references|headers|dsn))?",
    "unreadable",
    "isSubjectInText",
    "end",
    "attachments\\[\\d\\]\\.place",
    "transactions\\[\\d\\]\\.(state\\.mark|state\\.error\\.cause|passage|passage\\.(messageId|response|tls))",
  ].join("|")})$`,
);
/** Another type that says something else. */
const MAY_BE_OF_TYPE = /^\.((maxAge|from) = null|maxAge = 7|text = "x")$/;
/** Nobody looks into it, it is for a reader only, or the mail goes on without it. */
const NOT_CHECKED = new RegExp(
  `^(no )?\\.(${[
    "accepted\\.startedOver",
    "origin\\.message\\.topic",
    "transactions\\[\\d\\]\\.(interruptions|open|lastError|state\\.(stopped|sendMs|bytes|mark\\.data\\.name))",
    "transactions\\[\\d\\]\\.state\\.error\\.(cause\\.)?(hint|class|stage|smtpCode|modemCode)",
  ].join("|")})\\b`,
);
/** Any value will do, but there must be one. */
const ANY_VALUE = /^\.(origin\.message|transactions\[\d\]\.state\.mark\.data) = /;

/** Why it is damaged, or what else it is. */
function reason(record: object | null): string {
  const read = readRecord(JSON.stringify(record), "k3m8q2xa");
  return read.kind === "damaged" ? read.reason : read.kind;
}

describe("Record of a mail", () => {
  it("is read back as it was written, with all that a mail may have and without", () => {
    for (const written of [WHOLE, LARGE, PLAIN]) {
      const record = JSON.parse(JSON.stringify(written)) as SpoolRecord;
      assert.deepEqual(readRecord(writeRecord(written), "k3m8q2xa"), { kind: "record", record });
      assert.deepEqual(readRecord(JSON.stringify(written), "k3m8q2xa"), { kind: "record", record });
    }
    assert.equal(writeRecord(PLAIN), `${JSON.stringify(PLAIN)}\n`);
  });

  it("is read in the form of the first release, and its mail is sent", async () => {
    assert.equal(readRecord(JSON.stringify(FORMAT_1), "k3m8q2xa").kind, "record");
    const files = new FaultyFiles();
    files.put(`${DIRECTORY}/queue/k3m8q2xa.json`, JSON.stringify(FORMAT_1));
    files.put(`${DIRECTORY}/contents/k3m8q2xa.0`, "text");
    const bench = await Bench.open({ files });
    const { id, origin, result } = await bench.ends(1);
    assert.equal(id, "k3m8q2xa");
    assert.deepEqual(origin, { nodeId: "n1", message: { topic: "Level high" } });
    assert.equal(result.recovered, true);
    assert.equal(result.attempts, 2);
    assert.equal(bench.mailer.delivered[0]?.attachments[0]?.content.toString(), "text");
  });

  for (const lastError of [
    { code: "OF_A_LATER_VERSION", message: "m", hint: "h", class: "transient" },
    { code: "constructor", message: "m", hint: "h", class: "transient" },
    { code: "SMTP_NETWORK", message: "m", cause: { code: 7 } },
    { message: "m" },
    "text",
    99,
    [],
  ]) {
    it(`is sent whatever its last error was, also ${JSON.stringify(lastError)}`, async () => {
      const [transaction] = FORMAT_1.transactions;
      const record = { ...FORMAT_1, attachments: [], transactions: [{ ...transaction, lastError }] };
      const files = new FaultyFiles();
      files.put(`${DIRECTORY}/queue/k3m8q2xa.json`, JSON.stringify(record));
      const errors: string[] = [];
      const error = (text: string): void => void errors.push(text);
      const bench = await Bench.open({ files, log: { error, info: () => undefined } });
      assert.equal((await bench.ends(1)).result.status, "sent");
      assert.deepEqual([errors, bench.delivered], [[], ["Level high"]]);
      await bench.clock.until(bench.outbox.close());
    });
  }

  for (const errors of [null, {}, "x", 0, [1]]) {
    it(`ends when its time is over, and stops no other, though its errors are ${JSON.stringify(errors)}`, async () => {
      const [transaction] = FORMAT_1.transactions;
      const old = {
        ...FORMAT_1,
        maxAge: 0,
        attachments: [],
        errors,
        transactions: [{ ...transaction, lastError: 0 }],
      };
      const files = new FaultyFiles();
      files.put(`${DIRECTORY}/queue/k3m8q2xa.json`, JSON.stringify(old));
      const young = {
        ...old,
        id: "m4n9r3yb",
        unique: "fedcba98765432100123456789abcdef",
        seq: 18,
        maxAge: null,
      };
      files.put(`${DIRECTORY}/queue/m4n9r3yb.json`, JSON.stringify(young));
      const bench = await Bench.open({ files });
      const ends = [await bench.ends(1), await bench.ends(2)].map(
        ({ id, result }) => `${id} ${result.status}`,
      );
      assert.deepEqual(ends.toSorted(), ["k3m8q2xa failed", "m4n9r3yb sent"]);
      await bench.clock.until(bench.outbox.close());
    });
  }

  it("reads a chain of causes of any length, and keeps the first", () => {
    const error = '"code":"SMTP_NETWORK","message":"m","hint":"h","class":"transient"';
    const chain = `{${error}${`,"cause":{${error}`.repeat(20_000)}${"}".repeat(20_001)}`;
    const [transaction] = FORMAT_1.transactions;
    for (const more of [{ lastError: "CHAIN" }, { state: { kind: "failed", error: "CHAIN" } }]) {
      const text = JSON.stringify({ ...FORMAT_1, transactions: [{ ...transaction, ...more }] });
      assert.equal(readRecord(text.replace('"CHAIN"', chain), "k3m8q2xa").kind, "record");
    }
  });

  it("names each error once, the first of many in full, and all by code and numbers", () => {
    const errorOf = (number: number, words: number): StoredError =>
      storeError(
        new ModemError("SMTP_MAILBOX_UNAVAILABLE", {
          detail: `mailbox ${number} ${"full ".repeat(words)}`,
          smtpCode: 550 + number,
          stage: "send",
          cause: new ModemError("MODEM_ERROR", { hint: "another hint" }),
        }),
      );
    const written = (words: number): SpoolRecord => ({
      ...(FORMAT_1 as unknown as SpoolRecord),
      transactions: Array.from({ length: 30 }, (_one, number) => ({
        envelope: { to: [`a${number}@example.com`], cc: [], bcc: [] },
        state: { kind: "failed", error: errorOf(number, words) },
        tries: 0,
        attempts: 1,
        unknown: 0,
        lastError: errorOf(number, words),
      })),
    });
    for (const words of [0, 100]) {
      const record = written(words);
      const read = readRecord(writeRecord(record), "k3m8q2xa");
      assert.ok(read.kind === "record");
      assert.deepEqual(read.record.transactions[0], record.transactions[0]);
      for (const [number, { state, lastError }] of read.record.transactions.entries()) {
        assert.ok(state.kind === "failed");
        const { code, smtpCode, stage, class: kind } = restoreError(state.error);
        assert.deepEqual([code, smtpCode, stage], ["SMTP_MAILBOX_UNAVAILABLE", 550 + number, "send"]);
        assert.equal(kind, errorOf(number, words).class);
        assert.deepEqual(lastError, state.error);
      }
      assert.ok(writeRecord(record).length < 12_000, `${writeRecord(record).length}`);
    }
    assert.equal(
      readRecord(writeRecord(written(0)).replace('"error":3', '"error":99'), "k3m8q2xa").kind,
      "damaged",
    );
  });

  it("of a later version is left alone and reported, and the rest goes on", async () => {
    const files = new FaultyFiles();
    files.put(
      `${DIRECTORY}/queue/newer222.json`,
      JSON.stringify({ ...FORMAT_1, id: "newer222", format: 99 }),
    );
    const bench = await Bench.open({ files });
    assert.match(bench.troubles[0]?.message ?? "", /later version \(format 99\)/);
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.ok((await files.list(`${DIRECTORY}/queue`)).includes("newer222.json"));
  });

  for (const [what, whole] of [
    ["", WHOLE],
    [", with its text and message elsewhere", LARGE],
    [", of the first release", FORMAT_1],
  ] as const) {
    it(`is damaged when any part that sending needs is missing or of another type${what}`, () => {
      const failed: string[] = [];
      for (const [where, bad] of spoiled(JSON.parse(JSON.stringify(whole)) as Json)) {
        if (NOT_CHECKED.test(where) || where.startsWith(" = ")) continue;
        const part = /\w+/.exec(where.replace(/^no /, ""))?.[0] ?? "";
        const expected =
          part === "format"
            ? "no format number"
            : part === "id"
              ? "the id is not that of the file name"
              : MAY_BE_ABSENT.test(where) || MAY_BE_OF_TYPE.test(where) || ANY_VALUE.test(where)
                ? "record"
                : `${part} is missing or not valid`;
        const said = reason(bad as object);
        if (said !== expected) failed.push(`${where}: ${said}`);
      }
      assert.deepEqual(failed, []);
    });
  }

  it("is damaged when a part of it is none of those that it may be", () => {
    const state = (change: object): object => ({
      transactions: [{ ...transaction({ kind: "queued", due: 0 }), ...change }],
    });
    for (const [change, said] of [
      [{ format: 0 }, "format 0 is not known"],
      [{ id: "another2" }, "the id is not that of the file name"],
      [{ priority: "urgent" }, "priority is missing or not valid"],
      [{ delivery: "once" }, "delivery is missing or not valid"],
      [{ unreadable: [{ address: "n/a", code: "NONE" }] }, "unreadable is missing or not valid"],
      [{ unreadable: [{ address: "n/a", code: "toString" }] }, "unreadable is missing or not valid"],
      [{ transactions: [] }, "transactions is missing or not valid"],
      [state({ state: { kind: "lost" } }), "transactions is missing or not valid"],
      [state({ passage: { via: "pigeon" } }), "transactions is missing or not valid"],
      ...[
        { kind: "file" },
        { kind: "html", cid: "b" },
        { kind: "inline", isSource: true },
        { kind: "file", cid: "b" },
        { kind: "file", isSource: true },
      ].map(
        (place) =>
          [
            { attachments: [{ filename: "a", size: 1, sha256: "", place }] },
            "attachments is missing or not valid",
          ] as const,
      ),
    ] as const) {
      assert.equal(reason({ ...WHOLE, ...change }), said, JSON.stringify(change));
    }
    assert.equal(reason([]), "no format number");
    assert.equal(reason(null), "no format number");
  });

  it("that is damaged is set aside and reported when the outbox opens, and the others go on", async () => {
    const files = new FaultyFiles();
    const damaged = JSON.stringify({ ...PLAIN, fields: { headers: [{ name: "X-Plant" }] } });
    files.put(`${DIRECTORY}/queue/k3m8q2xa.json`, damaged);
    const other = { ...PLAIN, id: "m4n9r3yb", seq: 18, transactions: PLAIN.transactions.slice(0, 1) };
    files.put(`${DIRECTORY}/queue/m4n9r3yb.json`, writeRecord(other));
    const bench = await Bench.open({ files });
    const { id, result } = await bench.ends(1);
    assert.deepEqual([id, result.status], ["m4n9r3yb", "sent"]);
    const where = join("damaged", "k3m8q2xa.json");
    assert.deepEqual(
      bench.troubles.map(({ code, message }) => [code, message]),
      [
        [
          "OUTBOX_DAMAGED",
          `Data of the outbox on disk is damaged or cannot be used: ${where}, fields is missing or not valid`,
        ],
      ],
    );
    assert.deepEqual(await files.list(`${DIRECTORY}/queue`), []);
    assert.equal(files.text(`${DIRECTORY}/damaged/k3m8q2xa.json`), damaged);
  });

  for (const end of [null, {}, { time: 3000 }, { keep: true, time: "3000" }]) {
    it(`is set aside and reported, not ended without a word, when its end is damaged: ${JSON.stringify(end)}`, async () => {
      const files = new FaultyFiles();
      files.put(`${DIRECTORY}/queue/k3m8q2xa.json`, JSON.stringify({ ...PLAIN, end }));
      const bench = await Bench.open({ files });
      await bench.clock.advance(3600_000);
      assert.deepEqual([bench.ended, bench.troubles.map(({ code }) => code)], [[], ["OUTBOX_DAMAGED"]]);
      assert.deepEqual(await files.list(`${DIRECTORY}/damaged`), ["k3m8q2xa.json"]);
    });
  }

  it("is never taken for one when it was cut short at any place", () => {
    const text = JSON.stringify(FORMAT_1);
    for (let length = 0; length < text.length; length++) {
      assert.equal(readRecord(text.slice(0, length), "k3m8q2xa").kind, "damaged");
      assert.equal(readRecord(text.slice(0, length).padEnd(text.length, "\0"), "k3m8q2xa").kind, "damaged");
    }
  });
});

describe("Message kept with a mail", () => {
  it("keeps what JSON carries, and Buffers", () => {
    const kept = storableMessage({ topic: "t", n: 1, list: [1, { a: null }], bytes: Buffer.from("x") });
    const read = reviveMessage(JSON.parse(JSON.stringify(kept)));
    assert.deepEqual(read, { topic: "t", n: 1, list: [1, { a: null }], bytes: Buffer.from("x") });
  });

  it("leaves out what JSON cannot carry, and the rest stays", () => {
    const circle: Record<string, unknown> = { topic: "t", send: () => 1, big: 1n, sign: Symbol("s") };
    circle["req"] = circle;
    assert.deepEqual(storableMessage(circle), { topic: "t" });
  });

  it("tells what is too large without making its text, which for a picture would take a second", () => {
    const spied = mock.method(JSON, "stringify");
    try {
      const size = 5_000_000;
      for (const image of [
        Buffer.alloc(size),
        new Uint8Array(size),
        "x".repeat(size),
        Array.from({ length: size }, () => 0),
        { frames: [{ raw: Buffer.alloc(size) }] },
      ]) {
        assert.deepEqual(storableMessage({ topic: "t", image }), { topic: "t" });
      }
      const longest = Math.max(...spied.mock.calls.map(({ result }) => String(result).length));
      assert.ok(longest <= MESSAGE_LIMIT, `${longest} bytes`);
    } finally {
      spied.mock.restore();
    }
  });

  it("leaves out the largest parts when it is too large", () => {
    const kept = storableMessage({ topic: "t", image: "x".repeat(MESSAGE_LIMIT), list: "y".repeat(1000) });
    assert.deepEqual(kept, { topic: "t", list: "y".repeat(1000) });
  });

  it("never exceeds its limit, whatever comes", () => {
    for (const value of [undefined, null, "text", 5, [1, 2]]) {
      assert.ok(JSON.stringify(storableMessage(value)).length <= MESSAGE_LIMIT);
    }
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.bigInt())),
        fc.nat(9),
        (message, repeat) => {
          const large = { ...message, large: "€".repeat(repeat * 4000) };
          const text = JSON.stringify(storableMessage(large));
          assert.ok(Buffer.byteLength(text) <= MESSAGE_LIMIT);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("Error kept with a mail", () => {
  it("comes back with the same fields", () => {
    const error = new ModemError("SMTP_TRANSACTION_FAILED", {
      detail: "try later",
      smtpCode: 554,
      stage: "send",
    });
    const back = restoreError(storeError(error));
    assert.deepEqual(storeError(back), storeError(error));
    assert.equal(back.message, error.message);
  });

  it("of a later version comes back as a general one with its text", () => {
    const stored = { ...storeError(new ModemError("SMTP_BUSY")), code: "SMTP_OF_TOMORROW" as "SMTP_BUSY" };
    const back = restoreError(stored);
    assert.equal(back.code, "MODEM_ERROR");
    assert.ok(back.message.includes(stored.message));
    assert.equal(back.class, "transient");
  });
});
