import assert from "node:assert/strict";
import { readMessage, type FixedFields, type MessagePolicy } from "../../../lib/mail/message/message";
import type { Mail } from "../../../lib/mail/mail";
import { failsWith, POLICY } from "./support";

const read = (msg: object, fields: FixedFields = {}, policy: MessagePolicy = POLICY): Promise<Mail> =>
  readMessage({ to: "duty@example.com", ...msg }, fields, policy);

const bytesOf = (mail: Mail, index = 0): Buffer => {
  const content = mail.attachments[index]?.content;
  assert.ok(content?.kind === "bytes");
  return content.bytes;
};

describe("a message as mail", () => {
  it("has the recipients, subject, text and priority of the message", async () => {
    const msg = {
      to: "a@example.com, b@example.com",
      cc: ["c@example.com"],
      bcc: "d@example.com",
      topic: "Pump 7",
      payload: "Level too high.",
      priority: "High",
    };
    assert.deepEqual(await read(msg), {
      from: undefined,
      to: ["a@example.com", "b@example.com"],
      cc: ["c@example.com"],
      bcc: ["d@example.com"],
      subject: "Pump 7",
      text: "Level too high.",
      attachments: [],
      priority: "high",
      warnings: [],
    });
  });

  it("names nobody twice over the three lists", async () => {
    const mail = await read({
      to: "a@example.com",
      cc: "b@example.com, a@example.com",
      bcc: "b@example.com, c@example.com",
    });
    assert.deepEqual([mail.to, mail.cc, mail.bcc], [["a@example.com"], ["b@example.com"], ["c@example.com"]]);
  });

  it("needs one recipient, in whichever list", async () => {
    await assert.rejects(read({ to: undefined }), failsWith("INVALID_NO_RECIPIENT"));
    assert.deepEqual((await read({ to: "", bcc: "a@example.com" })).bcc, ["a@example.com"]);
  });

  it("lets fixed fields win over the message, whatever their value", async () => {
    const msg = { cc: "c@example.com", topic: "T", payload: "P" };
    const mail = await read(msg, { to: "f@example.com", cc: "", subject: "S", body: "B" });
    assert.deepEqual([mail.to, mail.cc, mail.subject, mail.text], [["f@example.com"], [], "S", "B"]);
    await assert.rejects(read({}, { to: undefined }), failsWith("INVALID_NO_RECIPIENT"));
  });

  describe("sender", () => {
    const may = { ...POLICY, allowFrom: true };

    it("is that of the settings unless the message may replace it, which is then told", async () => {
      for (const from of ["ups@lan.example", "UPS <ups@lan.example>", { address: "ups@lan.example" }]) {
        const mail = await read({ from });
        assert.equal(mail.from, undefined);
        assert.deepEqual(
          mail.replyTo?.map(({ address }) => address),
          ["ups@lan.example"],
        );
        assert.deepEqual(mail.warnings, [
          "msg.from was not used: the modem's settings do not allow messages to replace the sender.",
        ]);
      }
      assert.deepEqual([(await read({ from: "" })).from, (await read({})).replyTo], [undefined, undefined]);
    });

    it("has the name that the message gives it, and else none", async () => {
      for (const [from, name, address] of [
        ["A <a@example.com>", "A", "a@example.com"],
        ["a@example.com", "", "a@example.com"],
        [{ name: "UPS 3", address: "a@example.com" }, "UPS 3", "a@example.com"],
        ['"Doe, Jane" <a@EXAMPLE.com>', "Doe, Jane", "a@example.com"],
      ] as const) {
        const mail = await read({ from }, {}, may);
        assert.deepEqual([mail.from, mail.replyTo, mail.warnings], [{ name, address }, undefined, []]);
      }
    });

    it("that is none, or more than one, is mended with a warning", async () => {
      for (const [from, address] of [
        ["nobody", undefined],
        ["a@b.example> SIZE=1\r\nRCPT TO:<x@example.com>", "a@b.example"],
        ["a@example.com, b@example.com", "a@example.com"],
        [Array.from({ length: 101 }, (_, index) => `a${index}@example.com`), undefined],
      ] as const) {
        const mail = await read({ from }, {}, may);
        assert.equal(mail.from?.address, address, JSON.stringify(from));
        assert.equal(mail.warnings.length, 1, JSON.stringify(mail.warnings));
      }
    });

    it("is not who gets the answers when the message names somebody for them", async () => {
      for (const [msg, addresses] of [
        [{ replyTo: "a@example.com, B <b@example.com>" }, ["a@example.com", "b@example.com"]],
        [{ replyTo: "a@example.com", from: "ups@lan.example" }, ["a@example.com"]],
        [{ replyTo: "nobody", from: "ups@lan.example" }, ["ups@lan.example"]],
        [{ replyTo: "nobody" }, undefined],
      ] as const) {
        assert.deepEqual(
          (await read(msg)).replyTo?.map(({ address }) => address),
          addresses,
        );
      }
    });
  });

  describe("subject", () => {
    it("is the topic, else the title, else that of the e-mail node", async () => {
      assert.equal((await read({ topic: "", title: "Title" })).subject, "Title");
      assert.equal((await read({ topic: 0 })).subject, "0");
      assert.equal((await read({})).subject, "Message from Node-RED");
    });

    it("is trimmed, and tabs in it become spaces", async () => {
      assert.equal((await read({ topic: " Pump\t7\r\n" })).subject, "Pump 7");
    });

    it("has no half character", async () => {
      assert.equal((await read({ topic: "a\uD83D" })).subject, "a\uFFFD");
    });
  });

  describe("payload", () => {
    it("of text, number, boolean and bigint is the text", async () => {
      for (const [payload, text] of [
        ["t", "t"],
        [0, "0"],
        [false, "false"],
        [7n, "7"],
      ] as const) {
        assert.equal((await read({ payload })).text, text);
      }
    });

    it("that is empty makes a mail with a subject only", async () => {
      for (const payload of [undefined, null, ""]) {
        const mail = await read({ topic: "Door open", payload });
        assert.deepEqual([mail.subject, mail.text, mail.attachments], ["Door open", "", []]);
      }
    });

    it("that is missing is what a Catch or Status node tells, where nothing else is said", async () => {
      const source = { id: "1", type: "mqtt in", name: "broker" };
      for (const [msg, text] of [
        [{ status: { fill: "red", shape: "ring", text: "disconnected", source } }, "broker: disconnected"],
        [
          { error: { message: "TypeError: x\n at y\0", source: { type: "function" } } },
          "function: TypeError: x\r\n at y",
        ],
        [{ error: { message: "no answer" }, topic: "", payload: null }, "no answer"],
        [{ error: { message: "no answer" }, topic: "Pump" }, ""],
        [{ error: { message: "no answer" }, payload: "Level" }, "Level"],
        [{ error: { message: 7 }, status: { text: "x" } }, ""],
        [{ error: "x", status: "y" }, ""],
      ] as const) {
        assert.equal((await read(msg)).text, text, JSON.stringify(msg));
      }
    });

    it("of an object is JSON", async () => {
      assert.equal((await read({ payload: { level: 7, list: [1] } })).text, '{"level":7,"list":[1]}');
      assert.equal((await read({ payload: [] })).text, "[]");
    });

    it("of an Error is its text", async () => {
      assert.equal((await read({ payload: new TypeError("no water") })).text, "TypeError: no water");
    });

    it("that cannot be turned into text is refused only where the mail has nothing else to say", async () => {
      for (const payload of [() => 1, Symbol("a"), { toJSON: () => undefined }]) {
        await assert.rejects(read({ payload }), failsWith("INVALID_BODY"));
        for (const other of [{ topic: "Level high" }, { attachments: { filename: "a", content: "b" } }]) {
          const mail = await read({ payload, ...other });
          assert.equal(mail.text, "");
          assert.match(
            mail.warnings.join(),
            /^The body cannot be converted to text: .*; the mail is sent without it\.$/,
          );
        }
      }
    });

    it("is the text of what is there, also where JSON gives up", async () => {
      const cyclic: Record<string, unknown> = { level: 94 };
      cyclic["self"] = cyclic;
      for (const [payload, text] of [
        [cyclic, '{"level":94,"self":"[Circular]"}'],
        [{ total: 2n ** 60n }, '{"total":1152921504606846976}'],
        [new Map([["level", 94]]), '[["level",94]]'],
      ] as const) {
        assert.equal((await read({ payload })).text, text);
        assert.equal((await read({ topic: payload })).subject, text);
      }
    });

    it("of bytes is an attachment named by filename, with the description as text", async () => {
      const mail = await read({
        payload: Buffer.from([1, 2]),
        filename: "shot.raw",
        description: "Camera 1\nnorth",
      });
      assert.deepEqual([mail.text, mail.attachments[0]?.filename], ["Camera 1\r\nnorth", "shot.raw"]);
      assert.deepEqual(bytesOf(mail), Buffer.from([1, 2]));
    });

    it("of bytes may come as Uint8Array, ArrayBuffer or a Buffer that went through JSON", async () => {
      const bytes = Buffer.from([1, 2, 255]);
      const wide = new Uint8Array([0, 1, 2, 255, 0]);
      for (const payload of [
        wide.subarray(1, 4),
        Uint8Array.from(bytes).buffer,
        JSON.parse(JSON.stringify(bytes)),
      ]) {
        assert.deepEqual(bytesOf(await read({ payload })), bytes);
      }
      assert.equal(
        (await read({ payload: { type: "Buffer", data: [256] } })).text,
        '{"type":"Buffer","data":[256]}',
      );
    });

    it("of bytes without a name is named by its first bytes", async () => {
      for (const [start, name] of [
        [Buffer.from([0xff, 0xd8, 0xff, 0xe0]), "attachment.jpg"],
        [Buffer.from("%PDF-1.7"), "attachment.pdf"],
        [Buffer.alloc(0), "attachment.bin"],
      ] as const) {
        assert.equal((await read({ payload: start })).attachments[0]?.filename, name);
      }
    });

    it("of HTML goes as message.html, with plaintext or the tags removed as text", async () => {
      const html = "<p>Füllstand</p><p>hoch</p>";
      const mail = await read({ payload: html });
      assert.deepEqual([mail.text, mail.attachments[0]?.filename], ["Füllstand\r\n\r\nhoch", "message.html"]);
      assert.equal(bytesOf(mail).toString(), `\uFEFF${html}`);
      assert.equal((await read({ payload: html, plaintext: "Level high" })).text, "Level high");
      assert.equal(bytesOf(await read({ payload: "<p>a</p>" })).toString(), "<p>a</p>");
    });

    it("has every line end as CR LF", async () => {
      assert.equal(
        (await read({ payload: "a\nb\rc\r\nd\u2028e\n\n" })).text,
        "a\r\nb\r\nc\r\nd\r\ne\r\n\r\n",
      );
    });

    it("loses control characters but tabs, and says so", async () => {
      const mail = await read({ payload: "a\u001bb\tc\u0000\u009b" });
      assert.equal(mail.text, "ab\tc");
      assert.deepEqual(mail.warnings, ["Control characters were removed from the text."]);
    });

    it("has no half character", async () => {
      assert.equal((await read({ payload: "a\uD83D b\uDE00 😀" })).text, "a\uFFFD b\uFFFD 😀");
    });
  });

  describe("priority", () => {
    it("is high, normal or low, and normal when none is given", async () => {
      assert.equal((await read({})).priority, "normal");
      assert.equal((await read({ priority: " LOW " })).priority, "low");
    });

    it("is that of the node where the message names none that can be read", async () => {
      const policy = { ...POLICY, priority: "high" } as const;
      assert.equal((await read({}, {}, policy)).priority, "high");
      assert.equal((await read({ priority: "low" }, {}, policy)).priority, "low");
      assert.equal((await read({ priority: 0 }, {}, policy)).priority, "normal");
      const odd = await read({ priority: "odd" }, {}, policy);
      assert.equal(odd.priority, "high");
      assert.deepEqual(odd.warnings, ['The priority "odd" is invalid; the mail is sent with high priority.']);
    });
  });

  it("says above the HTML too what is missing, and which subject was cut", async () => {
    const subject = "long ".repeat(300).trim();
    const attachments = [{ filename: "größe <7>.csv" }];
    for (const payload of ["<p>Level</p>", "<p>高</p>"]) {
      const mail = await read({ topic: subject, payload, attachments });
      const [html] = mail.attachments;
      const text = html?.content.kind === "bytes" ? html.content.bytes.toString() : "";
      const mark = payload.includes("高") ? "\uFEFF" : "";
      assert.ok(text.startsWith(`${mark}<p>Subject: ${subject}<br>Not attached: `), text.slice(0, 60));
      assert.ok(text.endsWith(payload) && /gr&#246;&#223;e &#60;7&#62;\.csv/.test(text));
    }
  });

  it("attaches a picture as a file where the HTML does not show it, and says so", async () => {
    const mail = await read({
      payload: '<p>Level</p><img src="CID:trend"><img src=cid:a.b>',
      attachments: ["trend", "a.b", "trends"].map((cid) => ({ filename: `${cid}.png`, content: "x", cid })),
    });
    assert.deepEqual(
      mail.attachments.map(({ place }) => place?.kind),
      ["html", "inline", "inline", undefined],
    );
    assert.deepEqual(mail.warnings, ['The HTML does not show "cid:trends"; it is attached as a file.']);
    const plain = await read({
      payload: "Level",
      attachments: { filename: "a.png", content: "x", cid: "a" },
    });
    assert.deepEqual([plain.attachments[0]?.place, plain.warnings], [undefined, []]);
  });

  describe("warnings", () => {
    it("say that the fields of mailto: URLs were not used, in few words", async () => {
      const many = Array.from(
        { length: 9 },
        (_, index) => `mailto:duty${index}@example.com?subject=${index}`,
      );
      const { to, warnings } = await read({ to: many });
      assert.deepEqual(
        [to.length, warnings],
        [
          9,
          ['What follows the address in a mailto: URL was not used: "subject=0", "subject=1", "subject=2".'],
        ],
      );
    });

    it("list what is not used", async () => {
      const mail = await read({
        envelope: {},
        references: "",
        inReplyTo: null,
      });
      assert.deepEqual(mail.warnings, ["msg.envelope was not used."]);
    });
  });
});
