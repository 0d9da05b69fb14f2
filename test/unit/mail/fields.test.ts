/** Threads, header fields and reports that a message asks for: what may be in them, and what becomes of the rest. */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import type { MailFields } from "../../../lib/mail/mail";
import { readMessage } from "../../../lib/mail/message/message";
import { makeMessage } from "../../../lib/mailer/smtp/message";
import { assertProportional } from "../../support/proportion";
import { composed, POLICY, storedMail } from "./support";

interface Read {
  readonly fields: MailFields;
  readonly warnings: readonly string[];
}

async function read(msg: Record<string, unknown>): Promise<Read> {
  const { fields = {}, warnings } = await readMessage(
    { to: "duty@example.com", payload: "Level", ...msg },
    {},
    POLICY,
  );
  return { fields, warnings };
}

async function rawMessage(fields: MailFields): Promise<Buffer> {
  const mail = storedMail({ fields });
  const message = await makeMessage(
    { mail, envelope: mail },
    { senderName: "Gateway", senderAddress: "gateway@example.com", lateNote: 0 },
    { ageMs: 0, possibleDuplicate: false, raisedAt: 0 },
  );
  return buffer(message.open());
}

const NO_ID = (property: string): string =>
  `msg.${property} contains an invalid Message-ID; it was left out.`;

describe("The thread of a mail", () => {
  it("is named by Message-IDs, with and without angle brackets, in whatever list", async () => {
    for (const references of ["<a@b> <c@d>", "a@b,c@d", ["<a@b>", "c@d"], ["<a@b>\r\n <c@d>"]]) {
      const { fields, warnings } = await read({ inReplyTo: "c@d", references });
      assert.deepEqual(fields, { inReplyTo: "<c@d>", references: ["<a@b>", "<c@d>"] });
      assert.deepEqual(warnings, []);
    }
    const { fields } = await read({
      headers: { "in-reply-to": "<c@d>", References: "<a@b>" },
      references: "",
    });
    assert.deepEqual(fields, { inReplyTo: "<c@d>", references: ["<a@b>"] });
  });

  it("leaves out what is none, and says so once", async () => {
    for (const wrong of [
      {},
      [null],
      "a b@c d".replaceAll(" ", "<"),
      "größe@plant",
      `<${"a".repeat(251)}>`,
      "<>",
    ]) {
      const { fields, warnings } = await read({ inReplyTo: wrong, references: [wrong, "<a@b>", wrong] });
      assert.deepEqual(fields, { references: ["<a@b>"] });
      assert.deepEqual(warnings, [NO_ID("inReplyTo"), NO_ID("references")]);
    }
  });

  it("keeps its first and its last members where there are very many", async () => {
    const ids = Array.from({ length: 90 }, (_, index) => `<mail-${index}.${"x".repeat(30)}@example.com>`);
    const { references = [] } = (await read({ references: ids })).fields;
    assert.deepEqual([references[0], references.at(-1)], [ids[0], ids.at(-1)]);
    assert.ok(references.length > 10 && references.join(" ").length <= 1_000);
    const parsed = await simpleParser(await rawMessage({ inReplyTo: "<a@b>", references }));
    assert.deepEqual(parsed.references, [...references, "<a@b>"]);
    assert.equal(parsed.inReplyTo, "<a@b>");
  });

  it("keeps whole members of a field of any length, wherever it stands", async () => {
    const ids = Array.from({ length: 900 }, (_, index) => `<mail-${index}.${"x".repeat(30)}@example.com>`);
    for (const some of [ids.slice(0, 15), ids]) {
      const expected = (await read({ references: some })).fields.references ?? [];
      assert.deepEqual([expected[0], expected.at(-1)], [some[0], some.at(-1)]);
      for (const msg of [
        { references: some.join(" ") },
        { headers: { References: some.join("\r\n ") } },
        { headers: { References: some } },
      ]) {
        const { fields, warnings } = await read(msg);
        assert.deepEqual([fields.references, warnings], [expected, []]);
      }
    }
  });
});

describe("A header field of a message", () => {
  it("stands in the mail where it is on the list, and is told where it is not", async () => {
    const headers = {
      "X-Plant": "Füllstand 高",
      importance: "high",
      "X-Priority": 1,
      "List-ID": "<alarms.example.com>",
      Keywords: ["pump", "level"],
      Bcc: "x@example.com",
      Subject: "other",
      "Content-Type": "text/html",
      "DKIM-Signature": "v=1",
    };
    const { fields, warnings } = await read({ headers });
    assert.deepEqual(warnings, [
      'Fields of msg.headers that a message cannot set, or that are too long, were left out: "Bcc", "Subject", "Content-Type", "DKIM-Signature".',
    ]);
    const parsed = await simpleParser(await rawMessage(fields));
    const { line = "" } = parsed.headerLines.find(({ key }) => key === "x-plant") ?? {};
    const plant = await simpleParser(`${line.replace("X-Plant", "Subject")}\r\n\r\n`);
    assert.equal(plant.subject, "Füllstand 高");
    assert.equal(parsed.headers.get("priority"), "high");
    assert.deepEqual(parsed.headers.get("keywords"), ["pump", "level"]);
    assert.equal(parsed.subject, "Pump 7");
  });

  it("is read in every form that nodemailer takes", async () => {
    for (const headers of [
      { "X-Plant": "7" },
      { "X-Plant": ["7"] },
      { "X-Plant": { prepared: true, value: "7" } },
      [{ key: "X-Plant", value: "7" }],
      new Map([["X-Plant", 7]]),
    ]) {
      assert.deepEqual((await read({ headers })).fields, { headers: [{ name: "X-Plant", value: "7" }] });
    }
  });

  it("is none of an HTTP answer that passed by", async () => {
    const headers = { "content-type": "text/html", "x-powered-by": "PHP", "x-node-red-request-node": "1a2b" };
    const { fields, warnings } = await read({ headers });
    assert.deepEqual([fields, warnings], [{}, ["msg.headers comes from an HTTP response and was ignored."]]);
  });

  it("says whom to answer, unless the message says so itself", async () => {
    const msg = {
      to: "duty@example.com",
      payload: "Level",
      headers: { "Reply-To": "Plant <a@example.com>" },
    };
    const mail = await readMessage(msg, {}, POLICY);
    assert.deepEqual(mail.replyTo, [{ name: "Plant", address: "a@example.com" }]);
    const other = await readMessage({ ...msg, replyTo: "b@example.com" }, {}, POLICY);
    assert.deepEqual(other.replyTo, [{ name: "", address: "b@example.com" }]);
  });

  it("says whom to answer with whole addresses, however many, and with nobody who was injected", async () => {
    const many = Array.from({ length: 30 }, (_, index) => `person-${index}@example.com`);
    const [plain, list, parsed, injected] = await Promise.all(
      [
        many.join(", "),
        many,
        { value: many.map((address) => ({ address, name: "" })), text: "of a parser" },
        `${many[0]}\r\nBcc: x@example.com`,
      ].map((one) =>
        readMessage({ to: "duty@example.com", payload: "Level", headers: { "Reply-To": one } }, {}, POLICY),
      ),
    );
    for (const mail of [plain, list, parsed]) {
      assert.deepEqual(
        mail?.replyTo?.map(({ address }) => address),
        many,
      );
      assert.deepEqual(mail?.warnings, []);
    }
    assert.deepEqual(injected?.replyTo, [{ name: "", address: many[0] }]);
    assert.equal(injected?.warnings.length, 1);
  });

  it("adds no other field and is short, whatever is in it", async () => {
    const evil = fc.constantFrom(
      "\r\nBcc: x@example.com",
      "\n\n<script>",
      "\r.\r\n",
      "\0",
      "\u2028",
      "é",
      " ",
      "a",
    );
    const value = fc.oneof(
      fc.array(evil, { maxLength: 12 }).map((pieces) => pieces.join("")),
      // The unit "binary" makes a table of all Unicode first, which takes seconds.
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 40 }),
      fc.constant("long ".repeat(400)),
      // Each member of a list is a field of its own.
      fc.anything({ maxDepth: 1, maxKeys: 2 }),
    );
    const name = fc.oneof(
      fc.constantFrom(
        "X-A",
        "x-b",
        "Importance",
        "Bcc",
        "X-\r\nBcc",
        "X-A:Bcc",
        "X-é",
        "To",
        "Reply-To",
        "__proto__",
      ),
      fc.string({ maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 8 }), async (pairs) => {
        const { fields } = await read({
          headers: pairs.map(([key, one]) => ({ key, value: one })),
          inReplyTo: pairs,
        });
        assert.ok(JSON.stringify(fields).length < 8_000);
        const raw = (await rawMessage(fields)).toString("latin1");
        const head = raw.slice(0, raw.indexOf("\r\n\r\n"));
        assert.doesNotMatch(head, /[^\t\r\n\x20-\x7e]|\r(?!\n)|(?<!\r)\n/);
        const lines = head.split("\r\n");
        assert.ok(lines.every((line) => line.length <= 998));
        const names = lines.filter((line) => !/^[ \t]/.test(line)).map((line) => line.replace(/:.*/, ""));
        const usual = await rawMessage({});
        const expected = new Set(
          [...usual.toString("latin1").matchAll(/^([\w-]+):/gm)].map(([, one = ""]) => one),
        );
        const given = (fields.headers ?? []).map((one) => one.name.toLowerCase());
        const more = names.filter(
          (one) => !expected.has(one) && one !== "In-Reply-To" && one !== "References",
        );
        assert.deepEqual(more.map((one) => one.toLowerCase()).toSorted(), given.toSorted());
        const { headerLines } = await simpleParser(raw);
        const plain = (some: string): string => some.replace(/\s+/g, " ").trim();
        // A parser decodes the subject alone.
        const shown = await Promise.all(
          headerLines
            .filter(({ key }) => given.includes(key))
            .map(async ({ key, line }) => {
              const { subject = "" } = await simpleParser(`Subject${line.slice(key.length)}\r\n\r\n`);
              return `${key}: ${plain(subject)}`;
            }),
        );
        for (const { name, value } of fields.headers ?? []) {
          const field = `${name.toLowerCase()}: ${plain(value)}`;
          assert.ok(shown.includes(field), `${field} of ${shown.join("|")}`);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("takes time in proportion to its length", async () => {
    for (const piece of ["\r\n", "<a ", " "])
      await assertProportional(JSON.stringify(piece), 2_000_000, (length) => {
        const text = piece.repeat(length / piece.length);
        return read({
          headers: { "X-A": text, [text]: "a" },
          references: text,
          inReplyTo: [text],
          dsn: text,
        });
      });
  });

  it("takes no more than time in proportion where there are very many of anything", async () => {
    const text = "a,".repeat(100_000);
    for (const [what, size, message] of [
      [
        "lists",
        160,
        (length) => ({ references: Array(length).fill(text), inReplyTo: Array(length).fill(text) }),
      ],
      [
        "headers",
        100_000,
        (length) => ({ headers: Array.from({ length }, () => ({ key: "X-A", value: "a" })) }),
      ],
      [
        "values",
        100_000,
        (length) => ({ headers: { "X-A": Array(length).fill("a"), References: Array(length).fill("a") } }),
      ],
      ["reports", 160, (length) => ({ dsn: Array(length).fill(text) })],
    ] as const satisfies readonly [string, number, (length: number) => object][])
      await assertProportional(what, size, (length) => read(message(length)));
  });
});

describe("A report of the delivery", () => {
  it("is asked for in words, a list, or the form of nodemailer", async () => {
    const all = ["success", "failure", "delay"];
    for (const [dsn, notify, isWhole] of [
      [true, all, false],
      ["failure, delay", ["failure", "delay"], false],
      [["SUCCESS"], ["success"], false],
      ["never", [], false],
      [{ notify: ["never", "success"] }, [], false],
      [{ return: "headers" }, all, false],
      [{ ret: "FULL", notify: "fail" }, ["failure"], true],
    ] as const) {
      const { fields, warnings } = await read({ dsn });
      assert.deepEqual([fields, warnings], [{ dsn: { notify, isWhole } }, []], JSON.stringify(dsn));
    }
    for (const dsn of [false, "", null]) assert.deepEqual(await read({ dsn }), { fields: {}, warnings: [] });
  });

  it("is left out where the words are unknown", async () => {
    const warning = "msg.dsn contains a value other than success, failure, delay or never; it was ignored.";
    assert.deepEqual(await read({ dsn: "always" }), { fields: {}, warnings: [warning] });
    const { fields, warnings } = await read({ dsn: ["always", "delay"] });
    assert.deepEqual([fields.dsn?.notify, warnings], [["delay"], [warning]]);
  });
});

describe("What the module's client does not carry", () => {
  it("is one warning each", () => {
    const fields: MailFields = {
      inReplyTo: "<a@b>",
      references: ["<a@b>"],
      headers: [{ name: "X-A", value: "1" }],
      dsn: { notify: [], isWhole: false },
    };
    assert.deepEqual(
      composed(storedMail({ fields })).warnings,
      ["inReplyTo", "references", "headers", "dsn"].map(
        (name) =>
          `msg.${name} is not supported by the module's mail client. With "Sent by" set to this package, the mail goes out as it is.`,
      ),
    );
  });
});
