import { MailMemories } from "../../../lib/mailer/outgoing";
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import { FileChecksum } from "../../../lib/quectel/files/upload";
import { alternativeName } from "../../../lib/quectel/files/file-store";
import { canOverrun, inputSeconds } from "../../../lib/at/wire";
import { memoryStore, readJson, RecordedNames } from "../../../lib/quectel/key-value-store";
import { putSeconds } from "../../../lib/mailer/qsmtp/put";
import { putError } from "../../../lib/mailer/qsmtp/result";
import { atStage } from "../../../lib/mailer/qsmtp/guarded-modem";
import { codedBody, codedSubject, readProbe } from "../../../lib/mailer/qsmtp/text-coding";

function checksumOf(...pieces: readonly Uint8Array[]): number {
  const checksum = new FileChecksum();
  for (const piece of pieces) checksum.update(piece);
  return checksum.value;
}

describe("the checksum of a file", () => {
  for (const [text, expected] of [
    ["1234567890", 0x3938],
    ["A", 0x4100],
    ["AB", 0x4142],
    ["AAAA", 0],
    ["-----BEGIN CERTIFICATE-----\r", 0x6c53],
    ["", 0],
  ] as const) {
    it(`of ${JSON.stringify(text)} is ${expected.toString(16)}`, () => {
      assert.equal(checksumOf(Buffer.from(text)), expected);
    });
  }

  it("does not depend on how the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        assert.equal(checksumOf(...pieces), checksumOf(Buffer.concat(pieces)));
      }),
    );
  });
});

describe("the seconds for a transfer", () => {
  it("are one and a half times those of the line, and 30 to begin", () => {
    assert.equal(inputSeconds(11_520, { bitRate: 115_200, flowControlled: true }), 32);
    assert.equal(inputSeconds(0, { bitRate: 115_200, flowControlled: true }), 30);
    assert.equal(inputSeconds(5 * 1024 * 1024, { bitRate: 9_600, flowControlled: true }), 8222);
    assert.equal(inputSeconds(1e9, { bitRate: 4_800, flowControlled: true }), 65_535);
  });

  it("suppose a slow line where nobody knows its rate", () => {
    assert.equal(inputSeconds(3_840, { bitRate: undefined, flowControlled: true }), 32);
  });

  it("go with acknowledgements only where the module could be overrun", () => {
    assert.equal(canOverrun({ bitRate: 115_200, flowControlled: false }), true);
    assert.equal(canOverrun({ bitRate: 115_200, flowControlled: true }), false);
    assert.equal(canOverrun({ bitRate: undefined, flowControlled: false }), false);
  });
});

describe("the seconds for sending a mail", () => {
  it("rise with its size, 2 KiB each second", () => {
    assert.equal(putSeconds(300, 0), 302);
    assert.equal(putSeconds(300, 100 * 1024), 300 + Math.ceil((100 * 1024 * 1.37 + 4096) / 2048));
  });

  it("stay within what the module takes", () => {
    assert.equal(putSeconds(60, 0), 62);
    assert.equal(putSeconds(65_535, 5_000_000), 65_535);
  });
});

describe("another name for a file", () => {
  it("has its number before the extension", () => {
    assert.equal(alternativeName("log.csv", 2), "log-2.csv");
    assert.equal(alternativeName("archive.tar.gz", 3), "archive.tar-3.gz");
    assert.equal(alternativeName("README", 2), "README-2");
    assert.equal(alternativeName(".profile", 2), ".profile-2");
  });

  it("is another one of at most 80 bytes, whatever the name", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,80}$/);
    fc.assert(
      fc.property(name, fc.integer({ min: 2, max: 9 }), (old, number) => {
        const other = alternativeName(old, number);
        assert.notEqual(other, old);
        assert.ok(other.length <= 80 && other.length > 0);
      }),
    );
  });
});

describe("the coding of a text", () => {
  const text = { charset: "utf-8", bytes: Buffer.from("ä", "utf8") } as const;

  it("is found out by what the module gives back", () => {
    assert.equal(readProbe("C3A4"), "hex");
    assert.equal(readProbe("c3a4"), "raw");
    for (const other of ["", "ä", "C3a4", undefined]) assert.equal(readProbe(other), "unknown");
  });

  it("is hex digits in upper case, or the bytes themselves", () => {
    assert.equal(codedSubject(text, { subject: "hex", body: "unknown" }), "C3A4");
    assert.equal(codedSubject(text, { subject: "raw", body: "unknown" }), "\xc3\xa4");
    assert.equal(codedBody(text, { subject: "unknown", body: "hex" }).toString(), "C3A4");
  });

  it("leaves ASCII alone and refuses anything else where it is not known", () => {
    const unknown = { subject: "unknown", body: "unknown" } as const;
    assert.equal(codedSubject({ charset: "ascii", bytes: Buffer.from("a") }, unknown), "a");
    assert.throws(() => codedSubject(text, unknown), { code: "INVALID_SUBJECT" });
    assert.throws(() => codedBody(text, unknown), { code: "INVALID_BODY" });
  });

  it("counts a body's length in the coded form", () => {
    const half = { charset: "utf-8", bytes: Buffer.alloc(5_121, "a") } as const;
    assert.equal(codedBody(half, { subject: "raw", body: "raw" }).length, 5_121);
    assert.throws(() => codedBody(half, { subject: "hex", body: "hex" }), { code: "LIMIT_BODY" });
  });
});

describe("the result of a mail", () => {
  it("is no error when the server has accepted it", () => {
    assert.equal(putError({ error: 0, smtpCode: 0 }), undefined);
  });

  it("is transient for 682 without a reply, because nobody has refused", () => {
    assert.equal(putError({ error: 682, smtpCode: 0 })?.class, "transient");
  });

  it("keeps a number that no table knows", () => {
    const error = putError({ error: 699, smtpCode: 0 });
    assert.equal(error?.code, "MODEM_CME");
    assert.equal(error?.modemCode, 699);
  });
});

describe("an error at a stage", () => {
  it("keeps its code, text and class, and takes on the stage once", async () => {
    const first = new ModemError("SMTP_NETWORK", { detail: "no route", class: "setup", command: "AT+X" });
    const error = await atStage("settings", () => atStage("network", () => Promise.reject(first))).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ModemError);
    const { code, message, stage, command } = error;
    assert.deepEqual(
      { code, message, stage, command, class: error.class },
      { code: "SMTP_NETWORK", message: first.message, stage: "network", command: "AT+X", class: "setup" },
    );
  });

  it("becomes the code that it means there", async () => {
    await assert.rejects(
      atStage("subject", () => Promise.reject(new ModemError("SMTP_PARAMETER")), {
        SMTP_PARAMETER: { code: "LIMIT_SUBJECT", detail: "120 bytes" },
      }),
      { code: "LIMIT_SUBJECT", modemCode: 664, stage: "subject", message: /120 bytes/ },
    );
  });

  it("is left alone when it is none of the module", async () => {
    const error = new Error("disk full");
    await assert.rejects(
      atStage("upload", () => Promise.reject(error)),
      (thrown) => thrown === error,
    );
  });
});

describe("recorded names", () => {
  it("are kept over restarts of the host, in order", async () => {
    const store = memoryStore();
    const names = new RecordedNames(store, "files");
    await names.add("RAM:a");
    await names.add("UFS:b");
    await names.add("RAM:a");
    await names.remove("RAM:a");
    assert.deepEqual(await new RecordedNames(store, "files").list(), ["UFS:b"]);
  });

  it("are written when they change, and each of them once", async () => {
    const written: string[] = [];
    const names = new RecordedNames(
      {
        read: () => Promise.resolve('["RAM:a","UFS:b","RAM:a"]'),
        write: async (_key, text) => void written.push(text),
      },
      "files",
    );
    await names.add("RAM:a");
    await names.remove("UFS:c");
    await names.add("UFS:c");
    assert.deepEqual(written, ['["RAM:a","UFS:b","UFS:c"]']);
  });

  it("survive a damaged page as an empty list", async () => {
    const store = memoryStore();
    await store.write("files", '["RAM:a');
    assert.deepEqual(await new RecordedNames(store, "files").list(), []);
    await store.write("files", '[{"name":1}]');
    assert.deepEqual(await new RecordedNames(store, "files").list(), []);
  });

  it("are asked for again when the store could not be read", async () => {
    let broken = true;
    const names = new RecordedNames(
      {
        read: () => (broken ? Promise.reject(new Error("EIO")) : Promise.resolve('["RAM:a"]')),
        write: () => Promise.resolve(),
      },
      "files",
    );
    await assert.rejects(names.list(), /EIO/);
    broken = false;
    assert.deepEqual(await names.list(), ["RAM:a"]);
  });

  it("are recorded on the disk by the next attempt where the first could not write", async () => {
    const store = memoryStore();
    let isFull = true;
    const disk = {
      read: (key: string) => store.read(key),
      write: (key: string, text: string) =>
        isFull ? Promise.reject(new Error("ENOSPC")) : store.write(key, text),
    };
    const names = new RecordedNames(disk, "files");
    await assert.rejects(names.add("RAM:a"), /ENOSPC/);
    assert.equal(await names.has("RAM:a"), false);
    isFull = false;
    await names.add("RAM:a");
    assert.deepEqual(await new RecordedNames(store, "files").list(), ["RAM:a"]);
    isFull = true;
    await assert.rejects(names.remove("RAM:a"), /ENOSPC/);
    isFull = false;
    await names.remove("RAM:a");
    assert.deepEqual(await new RecordedNames(store, "files").list(), []);
  });

  it("are read as JSON of the right form only", async () => {
    const store = memoryStore();
    const isNumber = (value: unknown): value is number => typeof value === "number";
    assert.equal(await readJson(store, "page", isNumber), undefined);
    await store.write("page", "7");
    assert.equal(await readJson(store, "page", isNumber), 7);
  });
});

describe("what is remembered of mails that are still to be sent", () => {
  it("is that of the 500 tried last, whichever came first", () => {
    let made = 0;
    const memories = new MailMemories(() => ({ number: ++made }));
    for (let id = 0; id < 500; id++) memories.of(String(id));
    assert.equal(memories.of("0").number, 1);
    memories.of("one more");
    assert.equal(memories.of("0").number, 1);
    assert.equal(memories.of("1").number, 502);
  });
});
