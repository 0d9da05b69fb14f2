/** What a person reads when a message is refused, and the last value on either side of each limit. */
import assert from "node:assert/strict";
import type { ErrorCode } from "../../../lib/errors";
import { readAddresses, readOneAddress } from "../../../lib/mail/message/addresses";
import { readAttachments } from "../../../lib/mail/message/attachments";
import { readMessage } from "../../../lib/mail/message/message";
import { cut, shown, textFile } from "../../../lib/mail/message/text";
import { failsWith, POLICY } from "./support";

const read = (msg: object): ReturnType<typeof readMessage> =>
  readMessage({ to: "duty@example.com", ...msg }, {}, { ...POLICY, allowFrom: true });

/** A domain of so many characters, each label short enough. */
const domain = (length: number): string =>
  `${"b.".repeat(length)}example.com`.slice(-length).replace(/^\./, "b");

describe("a message that is refused", () => {
  const refusals: readonly (readonly [object, ErrorCode, RegExp])[] = [
    [{ to: "a@b\u0007.example" }, "INVALID_RECIPIENT", /holds a control character/],
    [{ to: "jane" }, "INVALID_RECIPIENT", /"jane" is not of the form name@example\.com/],
    [
      { to: "jürgen@example.com" },
      "INVALID_RECIPIENT",
      /letters before the @ that the module's mail client does not support/,
    ],
    [{ to: '"jane doe"@example.com' }, "INVALID_RECIPIENT", /needs quotation marks before the @/],
    [{ to: "jane@-example.com" }, "INVALID_RECIPIENT", /has no valid domain after the @/],
    [{ to: 7 }, "INVALID_RECIPIENT", /"7" is not of the form name@example\.com/],
    [{ to: `${"a".repeat(65)}@example.com` }, "LIMIT_ADDRESS", /"a{65}@example\.com"/],
    [{ to: Array(1001).fill("") }, "LIMIT_RECIPIENTS", /1001 entries in one list/],
    [{ to: "a".repeat(200_001) }, "LIMIT_RECIPIENTS", /200001 characters of addresses/],
    [{ payload: () => 1 }, "INVALID_BODY", /it is a function/],
    [{ payload: Symbol("a") }, "INVALID_BODY", /it is a symbol/],
    [
      { attachments: "file.txt" },
      "INVALID_ATTACHMENT",
      /attachment 1 \("no name"\) is not an object with filename and/,
    ],
    [
      { attachments: [{ filename: "b", content: {} }] },
      "INVALID_ATTACHMENT",
      /attachment 1 \("b"\) has a content that is neither text nor bytes in a known encoding/,
    ],
    [
      { attachments: { filename: "a.txt" } },
      "INVALID_ATTACHMENT",
      /attachment 1 \("a\.txt"\) has no content/,
    ],
    [{ attachments: { content: null } }, "INVALID_ATTACHMENT", /attachment 1 \("no name"\) has no content/],
    [
      { attachments: { href: "https://example.com/" } },
      "INVALID_ATTACHMENT_PATH",
      /attachment 1 \("no name"\) has a URL instead of a content, and URLs are never fetched/,
    ],
    [
      { attachments: { path: "https://example.com/a.jpg" } },
      "INVALID_ATTACHMENT_PATH",
      /attachment 1 \("a\.jpg"\) has a URL instead of a content/,
    ],
    [
      { attachments: { path: "a.jpg" } },
      "INVALID_ATTACHMENT_PATH",
      /attachment 1 \("a\.jpg"\) has the path "a\.jpg", which is not absolute/,
    ],
    [
      { attachments: { path: "/there/is/no/such/file" } },
      "INVALID_ATTACHMENT_PATH",
      /has the path "\/there\/is\/no\/such\/file", which is not a file in a folder of quectelModemAttachmentPaths/,
    ],
  ];
  for (const [msg, code, why] of refusals) {
    it(`says so: ${code} ${why.source.slice(0, 60)}`, async () => {
      await assert.rejects(read(msg), failsWith(code, why));
    });
  }

  /** A property that throws when it is read, as that of a proxy may. */
  const throwing = (property: string): object =>
    Object.defineProperty({}, property, {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
  for (const [property, code] of [
    ["to", "INVALID_RECIPIENT"],
    ["from", "INVALID_SENDER"],
    ["topic", "INVALID_SUBJECT"],
    ["payload", "INVALID_BODY"],
    ["attachments", "INVALID_ATTACHMENT"],
    ["priority", "INVALID_PRIORITY"],
    ["headers", "INVALID_BODY"],
  ] as const) {
    it(`says ${code} when msg.${property} cannot be read`, async () => {
      const msg = throwing(property);
      if (property !== "to") Object.assign(msg, { to: "duty@example.com" });
      await assert.rejects(
        readMessage(msg as Record<string, unknown>, {}, { ...POLICY, allowFrom: true }),
        failsWith(code, /the value cannot be read/),
      );
    });
  }
});

describe("the limits of a message", () => {
  it("take the longest address, mailbox, list and subject", async () => {
    const longest = `a@${domain(252)}`;
    assert.equal(longest.length, 254);
    const one = (text: string): unknown => readOneAddress(text, "INVALID_RECIPIENT")?.address;
    assert.equal(one(longest), longest);
    assert.throws(() => one(`a${longest}`), failsWith("LIMIT_ADDRESS"));
    const hundred = Array.from({ length: 100 }, (_, index) => `a${index}@example.com`);
    assert.equal(readAddresses(hundred, "INVALID_RECIPIENT").mailboxes.length, 100);
    assert.equal(one(`${" ".repeat(31_987)}a@example.com`), "a@example.com");
    assert.equal((await read({ topic: "x".repeat(1000) })).subject.length, 1000);
  });

  it("take a text of the greatest length", async () => {
    const length = 16 * 1024 * 1024;
    assert.equal((await read({ payload: "x".repeat(length) })).text.length, length);
  });

  describe("of a text that is longer leave its beginning, and say so to reader and flow", () => {
    const long = "pump 7 is too hot\n".repeat(1024 * 1024);
    const style = `<style>${"p { color: red }".repeat(20_000)}</style>`;
    const html = `<html>${style}${"<p>pump 7 is <b>too hot</b></p>\n".repeat(1024 * 1024)}</html>`;
    const forms: Readonly<Record<string, object>> = {
      "of text": { payload: long },
      "of an object": { payload: { log: [long] } },
      "of many members": { payload: { log: Array(1024 * 1024).fill("pump 7 is too hot") } },
      "of HTML": { payload: html },
      "of HTML beside no text": { payload: "", html },
      "of the text beside HTML": { payload: "<html><p>hot</p></html>", plaintext: long },
      "of the text beside bytes": { payload: Buffer.from([1]), description: long },
    };
    for (const [form, msg] of Object.entries(forms)) {
      it(form, async () => {
        const { text, warnings, attachments } = await read(msg);
        assert.match(text, /^The text has more than 16777216 characters; [^\r]+only\.\r\n\r\n/);
        assert.match(text, /pump 7 is too hot/);
        assert.ok(text.length > 60_000 && text.length < 80_000, String(text.length));
        assert.match(warnings.join(), /holds its beginning only/);
        const names = attachments.map(({ filename }) => filename);
        assert.equal(names.length, form.startsWith("of the text beside") ? 1 : 0, names.join());
      });
    }

    it("unless a text was given for HTML that is longer, which is left off", async () => {
      const { text, warnings, attachments } = await read({ payload: html, plaintext: "pump 7" });
      assert.deepEqual([text, attachments], ["pump 7", []]);
      assert.match(warnings.join(), /The HTML is longer than 16777216 characters/);
    });
  });
});

describe("address literals", () => {
  it("are IPv4 or IPv6 in brackets, whole", () => {
    for (const literal of ["[192.0.2.100]", "[IPv6:2001:db8::1]", "[ipv6:2001:DB8::192.0.2.1]"]) {
      assert.equal(readOneAddress(`root@${literal}`, "INVALID_RECIPIENT")?.address, `root@${literal}`);
    }
    for (const literal of ["[192.0.2]", "[IPv6:xyz]", "x[192.0.2.1]", "[192.0.2.1]x", "[mail]"]) {
      assert.throws(
        () => readOneAddress(`root@${literal}`, "INVALID_RECIPIENT"),
        failsWith("INVALID_RECIPIENT"),
        literal,
      );
    }
  });
});

describe("bytes of a message", () => {
  it("are those of a JSON Buffer only if each is a whole number from 0 to 255", async () => {
    const bytes = async (data: unknown): Promise<number> =>
      (await read({ payload: { type: "Buffer", data } })).attachments.length;
    assert.equal(await bytes([0, 1, 255]), 1);
    for (const data of [[1, -1], [1.5], ["1"], [1, 256], [1, null], "AB", undefined]) {
      assert.equal(await bytes(data), 0, JSON.stringify(data));
    }
    assert.equal((await read({ payload: { type: "Other", data: [1] } })).attachments.length, 0);
  });

  it("may be a boolean where text is expected", async () => {
    assert.equal((await read({ topic: true })).subject, "true");
    assert.equal((await read({ topic: 7n })).subject, "7");
  });

  it("of an attachment need no filename, and none that is not text", async () => {
    const warn = (): void => undefined;
    const [first] = (await readAttachments({ filename: null, content: false }, [], warn)).attachments;
    assert.equal(first?.filename, "attachment.bin");
    assert.equal(first?.content.kind === "bytes" ? first.content.bytes.toString() : "", "false");
  });
});

describe("pieces of text", () => {
  it("are never cut inside a character", () => {
    assert.equal(cut("ab😀c", 3), "ab");
    assert.equal(cut("ab😀c", 4), "ab😀");
    assert.equal(cut("😀bc", 3), "😀b");
  });

  it("are shown whole up to 80 characters", () => {
    assert.equal(shown("x".repeat(80)), `"${"x".repeat(80)}"`);
    assert.equal(shown("x".repeat(81)), `"${"x".repeat(79)}…"`);
  });

  it("have one byte order mark as a file where programs would have to guess", () => {
    assert.equal(textFile("ä").toString(), "\uFEFFä");
    assert.equal(textFile("\uFEFFä").toString(), "\uFEFFä");
    assert.equal(textFile("ä\uFEFF").toString(), "\uFEFFä\uFEFF");
    assert.equal(textFile("a").toString(), "a");
  });
});
