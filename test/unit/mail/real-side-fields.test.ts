/** Subject, priority, attachments and file names as flows and devices give them, each with what the mail must have. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import MailComposer from "nodemailer/lib/mail-composer";
import { readFileName } from "../../../lib/mail/message/file-name";
import { readMessage } from "../../../lib/mail/message/message";
import { readSubject } from "../../../lib/mail/message/header-fields";
import type { Mail } from "../../../lib/mail/mail";
import { assertProportional } from "../../support/proportion";
import { failsWith, POLICY } from "./support";

const read = (msg: object): Promise<Mail> => readMessage({ to: "duty@example.com", ...msg }, {}, POLICY);
const contents = ({ attachments }: Mail): readonly (readonly [string, string])[] =>
  attachments.map(({ filename, content }) => [
    filename,
    content.kind === "bytes" ? content.bytes.toString("utf8") : "",
  ]);

describe("A priority", () => {
  for (const [priority, given] of Object.entries({
    high: [1, 2, 5, "5", "1", 0.5e9, "urgent", "critical", "High", " ALERT ", "emergency"],
    normal: [0, "0", "normal", "default", "medium", undefined, null, ""],
    low: [-1, "-2", "low", "Lowest", "non-urgent", -0.5],
  })) {
    it(`is ${priority} for ${given.map((one) => JSON.stringify(one) ?? "undefined").join(", ")}`, async () => {
      for (const one of given) {
        const mail = await read({ payload: "Level too high.", priority: one });
        assert.deepEqual([mail.priority, mail.warnings], [priority, []], String(one));
      }
    });
  }

  it("that is anything else is normal, and a warning names it", async () => {
    for (const [given, named] of [
      [false, /"false"/],
      [true, /"true"/],
      ["soon", /"soon"/],
      [Number.NaN, /"NaN"/],
      [0.5, /"0\.5"/],
      [{}, /The priority is invalid/],
      [["high"], /The priority is invalid/],
    ] as const) {
      const mail = await read({ priority: given });
      assert.equal(mail.priority, "normal");
      assert.equal(mail.warnings.length, 1);
      assert.match(mail.warnings[0] ?? "", named);
    }
  });
});

describe("A subject", () => {
  const MENDED = "Line ends and control characters were removed from the subject.";

  it("is one line without control characters, and says what was mended", async () => {
    for (const [topic, subject] of [
      ["Pump 7\r\nis dry", "Pump 7 is dry"],
      ["a\r\nBcc: x@example.com", "a Bcc: x@example.com"],
      ["a\n\n\r\n  b", "a b"],
      ["TANK_LEVEL\0\0\0\0", "TANK_LEVEL"],
      ["A\0l\0a\0r\0m\0", "Alarm"],
      ["\u001B[1;31mALARM\u001B[0m pump 7", "ALARM pump 7"],
      ["\u009B31mALARM", "ALARM"],
      ["\u001B]0;title\u0007ALARM", "ALARM"],
      ["Pump 3 \u0096 high", "Pump 3 high"],
      ["Pump 3\u0096high", "Pump 3 high"],
      ["a\u2028b\u0085c\u000Bd", "a b c d"],
    ] as const) {
      const mail = await read({ topic });
      assert.equal(mail.subject, subject);
      assert.deepEqual(mail.warnings, [MENDED], JSON.stringify(topic));
    }
  });

  it("loses blanks at its ends, and its tabs, without a word", async () => {
    for (const [topic, subject] of [
      [" Pump\t7\r\n", "Pump 7"],
      ["Pump  7", "Pump  7"],
      ["\u00A0Pump 7", "Pump 7"],
    ] as const) {
      const mail = await read({ topic });
      assert.deepEqual([mail.subject, mail.warnings], [subject, []]);
    }
  });

  it("of more than 1000 characters is cut, and stands whole at the beginning of the text", async () => {
    for (const [length, payload, text] of [
      [1001, "Level high", "\r\n\r\nLevel high"],
      [5000, "", ""],
      [70_000, { level: 7 }, '\r\n\r\n{"level":7}'],
    ] as const) {
      const topic = `Pump ${"x".repeat(length - 5)}`;
      const mail = await read({ topic, payload });
      assert.equal(mail.subject, `${topic.slice(0, 95)} ...`);
      assert.equal(mail.text, `Subject: ${topic}${text}`);
      assert.match(mail.warnings.join(), /very long/);
    }
    const longest = await read({ topic: "x".repeat(1000) });
    assert.deepEqual([longest.subject.length, longest.text, longest.warnings], [1000, "", []]);
  });

  it("may be whatever a body may be", async () => {
    for (const [topic, subject] of [
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [new Date(Number.NaN), "Invalid Date"],
      [Buffer.from("Füllstand"), "Füllstand"],
      [new Uint8Array([65, 66]), "AB"],
      [["Pump", 7], '["Pump",7]'],
      [{ pump: 7 }, '{"pump":7}'],
      [new TypeError("no water"), "TypeError: no water"],
      [0, "0"],
      [false, "false"],
      [7n, "7"],
    ] as const) {
      const mail = await read({ topic });
      assert.deepEqual([mail.subject, mail.warnings], [subject, []]);
    }
  });

  it("that is no text at all is the default, with a warning", async () => {
    for (const topic of [Symbol("a"), () => "a"]) {
      const mail = await read({ topic });
      assert.equal(mail.subject, "Message from Node-RED");
      assert.match(mail.warnings.join(), /subject/);
    }
  });

  it("may be empty on purpose; the default is for where none was given", async () => {
    assert.equal((await read({ topic: "" })).subject, "");
    assert.equal((await read({ topic: " " })).subject, "");
    assert.equal((await read({ topic: "", title: "Title" })).subject, "Title");
    for (const none of [{}, { topic: undefined }, { topic: null, title: undefined }]) {
      assert.equal((await read(none)).subject, "Message from Node-RED");
    }
    const fixed = await readMessage({ to: "duty@example.com", topic: "T" }, { subject: "" }, POLICY);
    assert.equal(fixed.subject, "");
  });

  const piece = fc.constantFrom(
    ..."aäЖ夜😀:=?<>\"'\\".split(/(?:)/u),
    "\r\n",
    "\r",
    "\n",
    "\t",
    " ",
    "\0",
    "\u0007",
    "\u001B[31m",
    "\u001B[0m",
    "\u0096",
    "\u2028",
    "\uD800",
    "Bcc: x@example.com",
  );

  it("of anything is one line with all that can be seen, in its order", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const { line } = readSubject([pieces.join("")], () => undefined);
        assert.ok(!/[\p{Cc}\p{Surrogate}\u2028\u2029]/u.test(line), JSON.stringify(line));
        assert.equal(line, line.trim());
        const seen = (text: string): string =>
          text
            .replaceAll("\u001B[31m", "")
            .replaceAll("\u001B[0m", "")
            .replace(/\p{Surrogate}/gu, "\uFFFD")
            .replace(/[\s\p{Cc}]+/gu, "");
        assert.equal(seen(line), seen(pieces.join("")));
      }),
      { numRuns: 3000 },
    );
  });

  it("of anything is one header line of a mail, adds no other, and is read there as it was mended", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
        const { line } = readSubject([pieces.join("")], () => undefined);
        const raw = await new MailComposer({
          from: "a@example.com",
          to: "b@example.com",
          subject: line,
          text: "t",
        })
          .compile()
          .build();
        const { headers, subject = "" } = await simpleParser(raw);
        const names = [
          "content-transfer-encoding",
          "content-type",
          "date",
          "from",
          "message-id",
          "mime-version",
        ];
        assert.deepEqual([...headers.keys()].toSorted(), [
          ...names,
          ...(line === "" ? [] : ["subject"]),
          "to",
        ]);
        const blanks = /\s+/g;
        assert.equal(subject.replace(blanks, " "), line.replace(blanks, " "), JSON.stringify(line));
      }),
      { numRuns: 300 },
    );
  });

  it("takes time in proportion to its length, whatever is in it", async () => {
    for (const piece of [" ", "\t", "\n", " \t", "\u001B[", "\u001B]", "\u001B[0", "\0 ", "a \n"])
      await assertProportional(JSON.stringify(piece), 500_000, (length) =>
        readSubject([`x${piece.repeat(length / piece.length)}x`], () => undefined),
      );
  });
});

describe("Attachments", () => {
  it("that are false, 0, null or missing are none", async () => {
    for (const attachments of [false, 0, null, undefined, "", []]) {
      const mail = await read({ attachments, payload: "text" });
      assert.deepEqual([mail.attachments, mail.warnings], [[], []]);
    }
  });

  it("without content are left out beside a text or a subject, and a warning names the file", async () => {
    for (const attachments of [
      { filename: "snap.jpg", content: null },
      { filename: "snap.jpg", content: undefined },
      [{ filename: "snap.jpg", size: 4711 }],
      { filename: "snap.jpg", content: { some: "object" } },
      { filename: "snap.jpg", content: "not base64!", encoding: "base64" },
      { filename: "snap.jpg", content: "abc", encoding: "rot13" },
      { filename: "snap.jpg", path: "data:image/jpeg" },
    ]) {
      for (const what of [{ payload: "Motion" }, { topic: "Motion" }]) {
        const mail = await read({ attachments, ...what });
        assert.deepEqual(mail.attachments, []);
        assert.equal(mail.text, `${"payload" in what ? "Motion\r\n\r\n" : ""}Not attached: "snap.jpg"`);
        assert.equal(mail.warnings.length, 1, JSON.stringify(mail.warnings));
        assert.match(
          mail.warnings[0] ?? "",
          /^Attachment 1 \("snap\.jpg"\) has .*; the mail is sent without it\.$/,
        );
      }
      await assert.rejects(read({ attachments }), failsWith("INVALID_ATTACHMENT", /snap\.jpg/));
    }
  });

  it("without content do not cost the others their place", async () => {
    const mail = await read({
      attachments: [{ filename: "a.jpg", content: null }, { filename: "b.txt", content: "B" }, "c.txt"],
    });
    assert.deepEqual(contents(mail), [["b.txt", "B"]]);
    assert.equal(mail.warnings.length, 2);
  });

  it("take the content of a data: URL, and of no other", async () => {
    for (const [entry, name, text] of [
      [{ path: "data:text/plain;base64,UHVtcCA3" }, "attachment.txt", "Pump 7"],
      [{ filename: "a.csv", path: "data:text/csv,a%2Cb%0A1%2C2" }, "a.csv", "a,b\n1,2"],
      [{ href: "DATA:;charset=utf-8,F%C3%BCllstand" }, "attachment.bin", "Füllstand"],
      [{ filename: "a.txt", path: "data:,a,b" }, "a.txt", "a,b"],
      [{ filename: "a.txt", content: "data:text/plain;base64,QUI=", encoding: "base64" }, "a.txt", "AB"],
      [{ path: "data:application/octet-stream;base64,R0lGODlh" }, "attachment.gif", "GIF89a"],
      [{ filename: "a.gif", content: "data:image/gif;base64,R0lGODlh" }, "a.gif", "GIF89a"],
      [{ filename: "a.txt", content: "data: 7;base64,no" }, "a.txt", "data: 7;base64,no"],
    ] as const) {
      assert.deepEqual(contents(await read({ attachments: entry })), [[name, text]]);
    }
    for (const path of ["http://camera/snap.jpg", "file:///etc/passwd", "ftp://host/a"]) {
      const mail = await read({ payload: "text", attachments: { path } });
      assert.deepEqual(mail.attachments, []);
      assert.match(mail.warnings.join(), /has a URL instead of a content, and URLs are never fetched/);
      await assert.rejects(read({ attachments: { path } }), failsWith("INVALID_ATTACHMENT_PATH"));
    }
  });

  it("may have a content in every encoding of Node.js", async () => {
    const encodings =
      "utf8 utf-8 UTF-8 ascii latin1 binary ucs2 ucs-2 UCS-2 utf16le utf-16le hex base64 base64url BASE64".split(
        " ",
      );
    for (const encoding of encodings) {
      const content = Buffer.from("Level 78").toString(encoding.toLowerCase() as BufferEncoding);
      const mail = await read({ attachments: { filename: "a", content, encoding } });
      assert.deepEqual(contents(mail), [["a", "Level 78"]], encoding);
    }
    for (const [content, encoding] of [
      ["QUI=", " Base-64 "],
      ["AB", "latin-1"],
      ["4142", "HEX"],
    ]) {
      assert.deepEqual(contents(await read({ attachments: { filename: "a", content, encoding } })), [
        ["a", "AB"],
      ]);
    }
    const lines = { filename: "a", content: "41 42\r\n43", encoding: "hex" };
    assert.deepEqual(contents(await read({ attachments: lines })), [["a", "ABC"]]);
  });

  it("that are the payload too are attached once", async () => {
    const payload = Buffer.from("picture");
    for (const listed of [payload, Buffer.from(payload), new Uint8Array(payload)]) {
      const mail = await read({
        payload,
        filename: "payload.jpg",
        attachments: { filename: "gate.jpg", content: listed },
      });
      assert.deepEqual(contents(mail), [["gate.jpg", "picture"]]);
    }
    const other = await read({ payload, attachments: { filename: "b.jpg", content: "other" } });
    assert.equal(other.attachments.length, 2);
  });

  it("of a parser of mails bring no warnings about its fields", async () => {
    const parsed = {
      type: "attachment",
      content: Buffer.from("GIF89a"),
      contentType: "image/gif",
      partId: "2",
      contentDisposition: "attachment",
      filename: "cam.gif",
      contentId: "<1@cam>",
      cid: "1@cam",
      related: true,
      checksum: "0",
      size: 6,
      headers: new Map([["content-type", "image/gif"]]),
    };
    const mail = await read({ attachments: [parsed] });
    assert.deepEqual([contents(mail), mail.warnings], [[["cam.gif", "GIF89a"]], []]);
  });

  it("take time in proportion to their length, whatever is in them", async () => {
    for (const [before, piece, behind] of [
      ["", " ", ""],
      ["", "= ", ""],
      ["", "A ", "*"],
      ["data:", "a;", ""],
    ] as const)
      await assertProportional(`${before}${piece}`, 2_000_000, (length) => {
        const content = `${before}${piece.repeat(length / piece.length)}${behind}`;
        return read({ payload: "text", attachments: { filename: "a", content, encoding: "base64" } });
      });
  });
});

describe("A file name", () => {
  it("keeps its extension, whatever stands around it", () => {
    for (const [given, name] of [
      ["http://cam/snap.jpg?x=1&y=2", "snap.jpg"],
      ["https://user:pw@cam:8080/cgi/a%20b.png#t", "a b.png"],
      ["rtsp://cam/%E0%A4%A.jpg", "%E0%A4%A.jpg"],
      ["snap.jpg?t=1712", "snap.jpg"],
      ["/home/pi/cam/snap.jpg", "snap.jpg"],
      ["C:\\cam\\snap.jpg", "snap.jpg"],
      ["\\\\nas\\cam/snap.jpg", "snap.jpg"],
      ["/tmp/", ""],
      ["tank 3/4.csv", "tank 3/4.csv"],
      ["log.csv\0\0", "log.csv"],
      ["\uFEFFlog.csv\r\n", "log.csv"],
      ["=?UTF-8?B?RsO8bGxzdGFuZC5jc3Y=?=", "Füllstand.csv"],
      ["=?utf-8?Q?F=C3=BCllstand=5F7.csv?=", "Füllstand_7.csv"],
      ["=?ISO-8859-1?Q?F=FCll?= =?ISO-8859-1?Q?stand_7.csv?=", "Füllstand 7.csv"],
      ["=?x-none?Q?a.csv?=", "=?x-none?Q?a.csv?="],
      ["what?.txt", "what?.txt"],
      ["report #7.pdf", "report #7.pdf"],
      ["report.v1#7.pdf", "report.v1#7.pdf"],
      ["http://cam/", ""],
      ["http://user:password@cam", ""],
      ["\0", ""],
    ] as const) {
      assert.equal(readFileName(given), name, JSON.stringify(given));
    }
  });

  it("is made of the content where nothing of it is left", async () => {
    const mail = await read({
      payload: Buffer.from("%PDF-1.7"),
      filename: "\0\0",
      attachments: { filename: "http://cam/", content: Buffer.from("GIF89a") },
    });
    assert.deepEqual(
      mail.attachments.map(({ filename }) => filename),
      ["attachment.pdf", "attachment.gif"],
    );
  });
});
