import assert from "node:assert/strict";
import type { OutgoingMail } from "../../../lib/mailer/mailer";
import { needsTextSupport } from "../../../lib/mailer/qsmtp/compose/compose";
import type { TextSupport } from "../../../lib/mailer/qsmtp/compose/mail-transaction";
import { readMessage } from "../../../lib/mail/message/message";
import { composed, contentOf, POLICY, storedAttachment, storedMail } from "./support";

const WHOLE = 'With "Sent by" set to this package, the mail goes out as it is.';
const RAW: TextSupport = { subject: "raw", body: "raw" };
const HEX: TextSupport = { subject: "hex", body: "hex" };
const UNKNOWN: TextSupport = { subject: "unknown", body: "unknown" };

const text = (coded: { bytes: Buffer }): string => coded.bytes.toString("utf8");

describe("a composed mail", () => {
  it("has sender, recipients, subject, text and attachments", () => {
    const { transaction, warnings } = composed(
      storedMail({ attachments: [storedAttachment("a.txt", "A")] }),
      {
        envelope: { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com"] },
      },
    );
    const { attachments, ...rest } = transaction;
    assert.deepEqual(rest, {
      senderName: "Gateway",
      senderAddress: "gateway@example.com",
      to: ["a@example.com"],
      cc: ["b@example.com"],
      bcc: ["c@example.com"],
      subject: { charset: "ascii", bytes: Buffer.from("Pump 7") },
      body: { charset: "ascii", bytes: Buffer.from("Level too high.") },
    });
    assert.deepEqual(
      attachments.map(({ name, size }) => [name, size]),
      [["a.txt", 1]],
    );
    assert.deepEqual(warnings, []);
  });

  it("has the mail's own sender address where it has one", () => {
    const sender = (from: OutgoingMail["from"]): readonly string[] => {
      const { senderName, senderAddress } = composed(storedMail({ from })).transaction;
      return [senderName, senderAddress];
    };
    assert.deepEqual(sender(undefined), ["Gateway", "gateway@example.com"]);
    assert.deepEqual(sender({ name: "", address: "x@example.com" }), ["", "x@example.com"]);
    assert.deepEqual(sender({ name: "UPS 3", address: "x@example.com" }), ["UPS 3", "x@example.com"]);
    assert.deepEqual(sender({ name: "", address: "gateway@example.com" }), ["", "gateway@example.com"]);
  });

  it("has a sender name that every module takes", () => {
    const name = (senderName: string): string =>
      composed(storedMail(), { settings: { senderName } }).transaction.senderName;
    assert.equal(name('Müller "Pumpen"\r\n7'), "Muller 'Pumpen' 7");
    assert.equal(name("x".repeat(60)), "x".repeat(50));
  });

  it("has no sender name, and says so, where the module cannot carry its letters", () => {
    for (const senderName of ["夜班ポンプ", "Насос 7", "Pump 夜", "Αντλία", "😀"]) {
      const { transaction, warnings } = composed(storedMail(), { settings: { senderName } });
      assert.deepEqual([transaction.senderName, warnings.length], ["", 1], senderName);
    }
    for (const senderName of ["Pump 7?", "¿Pump?", "Müller ½"]) {
      const { transaction, warnings } = composed(storedMail(), { settings: { senderName } });
      assert.notEqual(transaction.senderName, "");
      assert.deepEqual(warnings, [], senderName);
    }
  });

  it("has a slash for each backslash of the sender name, which would take a character or the end away", () => {
    for (const [senderName, carried] of [
      ["Plant A\\", "Plant A/"],
      ["SITE1\\GW7", "SITE1/GW7"],
      ["\\\\host\\share", "//host/share"],
      ['a\\"b', "a/'b"],
    ] as const) {
      const { transaction, warnings } = composed(storedMail(), { settings: { senderName } });
      assert.equal(transaction.senderName, carried);
      assert.match(warnings.join(), /backslash/);
    }
  });

  it("says that the module carries no Reply-To where one was wished for", () => {
    const mail = storedMail({ replyTo: [{ name: "", address: "ups@lan.example" }] });
    assert.deepEqual(composed(mail).warnings, [
      `The module's mail client does not support Reply-To: replies go to the sender. ${WHOLE}`,
    ]);
  });

  it("says what becomes of HTML and its pictures", () => {
    const html = (isSource: boolean) => ({
      ...storedAttachment("message.html"),
      place: { kind: "html", isSource } as const,
    });
    const picture = { ...storedAttachment("trend.png"), place: { kind: "inline", cid: "trend" } as const };
    const noPictures = `The attachment "trend.png" is attached as a file: the module's mail client does not support inline pictures. ${WHOLE}`;
    const { transaction, warnings } = composed(storedMail({ attachments: [html(true), picture] }));
    assert.deepEqual(warnings, [
      `The HTML is attached as message.html; the text is an extract of it. ${WHOLE}`,
      noPictures,
    ]);
    assert.deepEqual(
      transaction.attachments.map(({ name }) => name),
      ["message.html", "trend.png"],
    );
    assert.deepEqual(composed(storedMail({ attachments: [html(false), picture] })).warnings, [
      `The HTML is attached as message.html. ${WHOLE}`,
      noPictures,
    ]);
  });

  it("names an address that some modules find too long, once", () => {
    const long = `${"a".repeat(39)}@example.com`;
    const sure = `${"a".repeat(38)}@example.com`;
    const told = `The address "${long}" is longer than 50 bytes; the module may refuse or cut it. ${WHOLE}`;
    assert.deepEqual(composed(storedMail({ to: [sure, long] })).warnings, [told]);
    assert.deepEqual(composed(storedMail({ from: { name: "", address: long } })).warnings, [told]);
    assert.deepEqual(composed(storedMail({ to: [sure] })).warnings, []);
  });

  it("may have a subject only", () => {
    const { body, attachments } = composed(storedMail({ text: "" })).transaction;
    assert.deepEqual([body.bytes.length, attachments], [0, []]);
  });

  it("has safe and unique names of attachments, and says which were changed", async () => {
    const mail = storedMail({
      attachments: [storedAttachment("a b.txt", "1"), storedAttachment("a_b.txt", "2")],
    });
    const { transaction, warnings } = composed(mail);
    assert.deepEqual(
      transaction.attachments.map(({ name }) => name),
      ["a_b.txt", "a_b-2.txt"],
    );
    assert.deepEqual(warnings, [
      'The attachment "a b.txt" is sent as "a_b.txt".',
      'The attachment "a_b.txt" is sent as "a_b-2.txt".',
    ]);
    assert.equal(await contentOf(transaction.attachments[1]), "2");
  });

  it("goes without an empty attachment, and says so in the text", () => {
    const attachments = [
      ...Array.from({ length: 9 }, (_, index) => storedAttachment(`${index}.txt`)),
      storedAttachment("Füllstand.csv", ""),
    ];
    const { transaction, warnings } = composed(storedMail({ attachments }));
    assert.equal(transaction.attachments.length, 9);
    assert.equal(text(transaction.body), 'Level too high.\r\n\r\nLeft out because empty: "Fullstand.csv"');
    assert.deepEqual(warnings, [
      `The attachment "Füllstand.csv" is empty and was left out; the module cannot send it. ${WHOLE}`,
    ]);
    const bare = composed(storedMail({ text: "", attachments: [storedAttachment("a", "")] }));
    assert.equal(text(bare.transaction.body), 'Left out because empty: "a"');
  });

  it("is composed to its end whatever number of attachments the module takes", () => {
    const mail = storedMail({
      text: "Level high\r\n".repeat(1_000),
      attachments: [storedAttachment("a.txt")],
    });
    for (const [mostAttachments, names] of [
      [0, ["message.txt"]],
      [1, ["message.txt"]],
      [2, ["message.txt", "a.txt"]],
    ] as const) {
      const { attachments } = composed(mail, { history: { mostAttachments } }).transaction;
      assert.deepEqual(
        attachments.map(({ name }) => name),
        names,
      );
    }
  });

  describe("of text that is not ASCII", () => {
    const mail = storedMail({ subject: "Störung", text: "Füllstand 水" });

    it("goes in UTF-8 where the module takes it", () => {
      for (const support of [RAW, HEX]) {
        const { transaction, warnings } = composed(mail, { support });
        assert.deepEqual(transaction.subject, { charset: "utf-8", bytes: Buffer.from("Störung") });
        assert.deepEqual(transaction.body, { charset: "utf-8", bytes: Buffer.from("Füllstand 水") });
        assert.deepEqual([transaction.attachments, warnings], [[], []]);
      }
    });

    it("goes in the charset of the settings, or in UTF-8 with a warning", () => {
      const { transaction, warnings } = composed(storedMail({ subject: "水泵", text: "水泵 😀" }), {
        settings: { charset: "gb2312" },
      });
      assert.deepEqual([transaction.subject.charset, transaction.body.charset], ["gb2312", "utf-8"]);
      assert.deepEqual(warnings, ["The text cannot be written in gb2312; it is sent in UTF-8."]);
    });

    it("is folded to ASCII where the module is not known to take it, and goes whole as message.txt", async () => {
      const { transaction, warnings } = composed(mail, { support: UNKNOWN });
      assert.deepEqual(transaction.subject, { charset: "ascii", bytes: Buffer.from("Storung") });
      assert.equal(transaction.body.charset, "ascii");
      assert.equal(
        text(transaction.body),
        "Subject: Storung\r\n\r\nFullstand ?\r\n\r\nThe whole text (35 bytes) is in the attachment message.txt.",
      );
      assert.equal(transaction.attachments[0]?.name, "message.txt");
      assert.equal(await contentOf(transaction.attachments[0]), "\uFEFFSubject: Störung\r\n\r\nFüllstand 水");
      assert.equal(warnings.length, 2);
    });

    it("has its text coded as the subject is where nothing is known of texts, and whole in message.txt", async () => {
      for (const subject of ["raw", "hex"] as const) {
        const { transaction, warnings } = composed(mail, { support: { subject, body: "unknown" } });
        const rest = "\r\n\r\nThe whole text (14 bytes) is in the attachment message.txt.";
        assert.deepEqual(transaction.body, { charset: "utf-8", bytes: Buffer.from(`Füllstand 水${rest}`) });
        assert.deepEqual(transaction.plainBody, {
          charset: "ascii",
          bytes: Buffer.from(`Fullstand ?${rest}`),
        });
        assert.equal(await contentOf(transaction.attachments[0]), "\uFEFFFüllstand 水");
        assert.deepEqual(warnings, [
          "It is not known how the module handles non-ASCII letters in a text; it is in full in message.txt.",
        ]);
      }
    });

    it("shows no row of question marks where nothing of a text is left in ASCII", () => {
      const { transaction } = composed(storedMail({ subject: "水位过高", text: "泵 7: 水位过高?? !!" }), {
        support: UNKNOWN,
      });
      assert.equal(text(transaction.subject), "[...]");
      assert.match(text(transaction.body), /^Subject: \[\.\.\.\]\r\n\r\n\? 7: \[\.\.\.\]\?\? !!\r\n/);
    });

    it("keeps its subject whole in the text where only the subject cannot be carried", () => {
      const { transaction } = composed(mail, { support: { subject: "unknown", body: "raw" } });
      assert.equal(text(transaction.subject), "Storung");
      assert.equal(text(transaction.body), "Subject: Störung\r\n\r\nFüllstand 水");
      assert.deepEqual(transaction.attachments, []);
    });

    it("gives message.txt its name even when the flow has one too", () => {
      const own = storedMail({ text: "ü", attachments: [storedAttachment("message.txt")] });
      const { attachments } = composed(own, { support: UNKNOWN }).transaction;
      assert.deepEqual(
        attachments.map(({ name }) => name),
        ["message.txt", "message-2.txt"],
      );
    });

    it("says in the body that text is missing when ten attachments leave no place for message.txt", () => {
      const attachments = Array.from({ length: 10 }, (_, index) => storedAttachment(`${index}.txt`));
      const { transaction, warnings } = composed(storedMail({ text: "Öl 水", attachments }), {
        support: UNKNOWN,
      });
      assert.equal(transaction.attachments.length, 10);
      assert.equal(
        text(transaction.body),
        "Ol ?\r\n\r\nThis is not the whole text (7 bytes): the modem could not carry it.",
      );
      assert.match(warnings.join(), /no room for a file/);
    });
  });

  describe("with double quotes in the subject", () => {
    const mail = storedMail({ subject: 'Pump "North"' });

    it("keeps them as UTF-8 in hex digits", () => {
      const { transaction, warnings } = composed(mail, { support: HEX });
      assert.deepEqual(transaction.subject, { charset: "utf-8", bytes: Buffer.from('Pump "North"') });
      assert.deepEqual(warnings, []);
    });

    it("replaces them and says so where there is no escape", () => {
      for (const support of [RAW, UNKNOWN]) {
        const { transaction, warnings } = composed(mail, { support });
        assert.deepEqual(transaction.subject, { charset: "ascii", bytes: Buffer.from("Pump 'North'") });
        assert.deepEqual(warnings, ["Double quotes in the subject were replaced by single ones."]);
      }
      assert.equal(
        text(composed(storedMail({ subject: 'Störung "Nord"' }), { support: RAW }).transaction.subject),
        "Störung 'Nord'",
      );
      assert.equal(
        text(composed(storedMail({ subject: "Störung „Nord“" }), { support: UNKNOWN }).transaction.subject),
        "Storung 'Nord'",
      );
    });
  });

  describe("of great length", () => {
    it("has a body of up to 3072 bytes before any hex coding", () => {
      const size = (length: number, letter: string, support: TextSupport): number =>
        composed(storedMail({ text: letter.repeat(length) }), { support }).transaction.attachments.length;
      assert.deepEqual([size(3072, "a", HEX), size(3073, "a", HEX)], [0, 1]);
      assert.deepEqual([size(1536, "ü", RAW), size(1537, "ü", RAW)], [0, 1]);
      assert.deepEqual([size(1536, "ü", HEX), size(1537, "ü", HEX)], [0, 1]);
    });

    it("shows its beginning and goes whole as message.txt", async () => {
      const long = `Level too high.\r\n${"x".repeat(20_000)}`;
      const { transaction, warnings } = composed(storedMail({ text: long }));
      assert.match(
        text(transaction.body),
        /^Level too high\.\r\nx+ \[\.\.\.\]\r\n\r\nThe whole text \(20017 bytes\) is in the attachment message\.txt\.$/,
      );
      assert.ok(transaction.body.bytes.length < 1200);
      assert.equal(await contentOf(transaction.attachments[0]), long);
      assert.deepEqual(warnings, ["The text exceeds the module's limit; it is in full in message.txt."]);
    });

    it("shows as much as a body carries when there is no place for message.txt", () => {
      const attachments = Array.from({ length: 10 }, (_, index) => storedAttachment(`${index}.txt`));
      for (const [letter, support, least] of [
        ["x", RAW, 2900],
        ["水", RAW, 2900],
        ["水", HEX, 2900],
      ] as const) {
        const { body } = composed(storedMail({ text: letter.repeat(20_000), attachments }), {
          support,
        }).transaction;
        assert.ok(body.bytes.length > least && body.bytes.length <= 3072, String(body.bytes.length));
      }
    });

    it("has a subject of at most 99 bytes, and a longer one whole in the text", () => {
      for (const [subject, support, carried] of [
        ["x".repeat(99), RAW, 99],
        ["x".repeat(100), RAW, 99],
        ["x".repeat(200), HEX, 99],
        ["ü".repeat(50), RAW, 98],
        ["ü".repeat(50), HEX, 98],
        ["😀".repeat(60), RAW, 96],
      ] as const) {
        const { transaction, warnings } = composed(storedMail({ subject }), { support });
        assert.equal(transaction.subject.bytes.length, carried);
        assert.ok(subject.startsWith(text(transaction.subject)));
        const isCut = text(transaction.subject) !== subject;
        assert.equal(text(transaction.body).startsWith(`Subject: ${subject}\r\n`), isCut);
        assert.match(warnings.join(), isCut ? /it was truncated and is in full in the text/ : /^$/);
      }
    });

    it("warns of a subject in hex digits that some modules find too long, and leaves it to the module", () => {
      const subject = "ü".repeat(26);
      const { transaction, warnings } = composed(storedMail({ subject }), { support: HEX });
      assert.equal(text(transaction.subject), subject);
      assert.deepEqual(warnings, ["The subject is longer than 99 hex digits; the module may refuse it."]);
    });

    it("has no subject of exactly 100 hex digits, because one of 100 may cost the whole mail", () => {
      const { transaction } = composed(storedMail({ subject: "ü".repeat(25) }), { support: HEX });
      assert.equal(transaction.subject.bytes.length, 48);
    });

    it("has a subject that was too long for any mail once in the text, with one warning, however it is coded", async () => {
      for (const letter of ["a", "ä", "夜", "😀", '"']) {
        const topic = letter.repeat(1200);
        const read = await readMessage({ to: "duty@example.com", topic, payload: "Level" }, {}, POLICY);
        const whole = `Subject: ${topic}\r\n\r\nLevel`;
        assert.deepEqual([read.text, read.warnings.length], [whole, 1]);
        const { subject, isSubjectInText = false } = read;
        for (const support of [RAW, HEX, { subject: "unknown", body: "raw" } as const]) {
          for (const shortSubject of [false, true]) {
            const mail = storedMail({ subject, text: whole, isSubjectInText });
            const { transaction, warnings } = composed(mail, { support, history: { shortSubject } });
            const [file] = transaction.attachments;
            const arrived = file === undefined ? text(transaction.body) : await contentOf(file);
            assert.equal(arrived.replace("\uFEFF", ""), whole);
            assert.ok(!warnings.some((warning) => /is in full in the text/.test(warning)), warnings.join());
          }
        }
      }
    });

    it("has a cut subject, and the whole one in the text, after the module has refused it", () => {
      const subject = `${"ü".repeat(60)} 😀`;
      const { transaction, warnings } = composed(storedMail({ subject }), {
        support: HEX,
        history: { shortSubject: true },
      });
      assert.equal(text(transaction.subject), "ü".repeat(24));
      assert.equal(text(transaction.body), `Subject: ${subject}\r\n\r\nLevel too high.`);
      assert.match(warnings.join(), /it was truncated and is in full in the text/);
    });
  });

  describe("notes", () => {
    const late = (ageMs: number, lateNote = 10): string =>
      text(composed(storedMail(), { history: { ageMs }, settings: { lateNote } }).transaction.body);

    it("say above the text when a late mail was raised", () => {
      assert.equal(late(10 * 60_000 - 1), "Level too high.");
      assert.match(
        late(10 * 60_000),
        /^Created 2026-0[23]-\d\dT\d\d:\d\d:03[+-]\d\d:\d\d, sent 10 min later\.\r\n\r\nLevel too high\.$/,
      );
      assert.equal(late(1e9, 0), "Level too high.");
    });

    it("mark a possible repeat, also when the mail has no text of its own or is long", () => {
      const body = (mailText: string): string =>
        text(
          composed(storedMail({ text: mailText }), { history: { possibleDuplicate: true } }).transaction.body,
        );
      assert.equal(body(""), "Possible duplicate, id 4711.");
      assert.match(body("x".repeat(20_000)), /^Possible duplicate, id 4711\.\r\n\r\nx/);
    });

    it("stand together, and may push a text into message.txt", () => {
      const { transaction } = composed(storedMail({ text: "x".repeat(10_240) }), {
        history: { ageMs: 3_600_000, possibleDuplicate: true },
      });
      assert.match(
        text(transaction.body),
        /^Created .* 1 h 0 min later\.\r\nPossible duplicate, id 4711\.\r\n\r\nx/,
      );
      assert.equal(transaction.attachments[0]?.name, "message.txt");
    });
  });

  it("needs to know how the module takes text only where the answer matters", () => {
    assert.ok(!needsTextSupport(storedMail()));
    for (const parts of [{ subject: '"' }, { subject: "ü" }, { text: "ü" }])
      assert.ok(needsTextSupport(storedMail(parts)), JSON.stringify(parts));
  });
});
