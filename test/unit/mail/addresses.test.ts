import assert from "node:assert/strict";
import fc from "fast-check";
import { readAddresses, readOneAddress } from "../../../lib/mail/message/addresses";
import { isModemError } from "../../../lib/errors";
import { failsWith } from "./support";

/** The addresses of a value without any entry that is none. */
const read = (value: unknown): readonly string[] => {
  const { mailboxes, unreadable } = readAddresses(value, "INVALID_RECIPIENT");
  const [wrong] = unreadable;
  if (wrong !== undefined) throw wrong.error;
  return mailboxes.map(({ address }) => address);
};

describe("addresses of a message", () => {
  it("are taken from text with commas or semicolons, from lists, and from objects with an address", () => {
    assert.deepEqual(read("a@example.com, b@example.com;c@example.com,"), [
      "a@example.com",
      "b@example.com",
      "c@example.com",
    ]);
    assert.deepEqual(read(["a@example.com", "b@example.com, c@example.com"]), [
      "a@example.com",
      "b@example.com",
      "c@example.com",
    ]);
    assert.deepEqual(read({ name: "A", address: "a@example.com" }), ["a@example.com"]);
  });

  it("may be missing", () => {
    for (const nothing of [undefined, null, "", "  ", " , ;", [], [""]]) assert.deepEqual(read(nothing), []);
  });

  it("lose display name, comments and surrounding white space", () => {
    assert.deepEqual(read(' "Doe, Jane; duty" <jane@example.com> ,Dr. Müller <m@example.com>\n'), [
      "jane@example.com",
      "m@example.com",
    ]);
    assert.deepEqual(read("jane (on duty)@example.com"), ["jane@example.com"]);
  });

  it("get their domain in lower case and in ASCII form, the part before the @ unchanged", () => {
    assert.deepEqual(read("Jane.Doe@Bücher.EXAMPLE"), ["Jane.Doe@xn--bcher-kva.example"]);
    assert.deepEqual(read("root@localhost"), ["root@localhost"]);
    assert.deepEqual(read("root@127.1"), ["root@127.1"]);
    assert.deepEqual(read("root@[192.0.2.1]"), ["root@[192.0.2.1]"]);
  });

  it("may have visible letters beyond ASCII before the @ where the way out carries them, in one form", () => {
    const any = (value: string): readonly string[] => {
      const { mailboxes, unreadable } = readAddresses(value, "INVALID_RECIPIENT", "any");
      return [...mailboxes.map(({ address }) => address), ...unreadable.map(({ text }) => `not ${text}`)];
    };
    for (const address of [
      "jürgen@example.com",
      "张伟.li@example.com",
      "ஈ@example.com",
      "用户+泵@example.com",
    ]) {
      assert.deepEqual(any(address), [address]);
      assert.deepEqual(any(`Duty <${address}>, "Dr. Müller" <m@example.com>`), [address, "m@example.com"]);
    }
    assert.deepEqual(any("ju\u0308rgen@Bücher.example, jürgen@bücher.example"), [
      "jürgen@xn--bcher-kva.example",
    ]);
    for (const wrong of ["jürgen.@example.com", `${"ü".repeat(33)}@example.com`, "j\uFFFDrgen@example.com"]) {
      assert.deepEqual(any(wrong), [`not ${wrong}`]);
    }
    for (const unseen of ["\u202E", "\u200B", "\u0085", "\uD800", "\uE000"]) {
      assert.doesNotMatch(
        any(`jü${unseen}rgen@example.com`).join(),
        /^[^n].*[\p{C}\p{Z}]/u,
        JSON.stringify(unseen),
      );
    }
    assert.deepEqual(any(`${"ü".repeat(32)}@example.com`).length, 1);
  });

  it("are listed once", () => {
    assert.deepEqual(read("a@example.com, A <a@EXAMPLE.com>"), ["a@example.com"]);
  });

  const wrong = {
    "without @": "jane",
    "without domain": "jane@",
    "an empty label": "jane@example..com",
    "a label that begins with a dash": "jane@-example.com",
    "a sign that no domain has": "jane@exa!mple.com",
    "a percent escape in the domain": "jane@ex%61mple.com",
    "letters beyond ASCII before the @": "jürgen@example.com",
    "quotation marks before the @": '"jane doe"@example.com',
    "a line end inside": "jane@example.com\r\nBcc: joe@example.com",
    "a control character inside": "jane@exa\u0007mple.com",
    "a lone surrogate": "jane@exa\uD800mple.com",
    "nothing but a display name": "Doe, Jane",
  };
  for (const [what, value] of Object.entries(wrong)) {
    it(`are refused with ${what}`, () => {
      assert.throws(() => read(value), failsWith("INVALID_RECIPIENT"));
    });
  }

  it("are refused when they are neither text nor list", () => {
    for (const value of [
      7,
      true,
      {},
      { address: 7 },
      Symbol("a"),
      () => "a@example.com",
      [[[["a@example.com"]]]],
    ]) {
      assert.throws(() => read(value), failsWith("INVALID_RECIPIENT"));
    }
  });

  it("name the wrong address in the error, short and without control characters", () => {
    assert.throws(
      () => read(`a@example.com, ${"x".repeat(200)}\u001b`),
      (error: unknown) => {
        assert.ok(isModemError(error, "INVALID_RECIPIENT"));
        assert.match(error.message, /"x{79}…"/);
        assert.ok(!/\p{Cc}/u.test(error.message));
        return true;
      },
    );
  });

  it("are refused beyond the lengths of RFC 5321", () => {
    assert.equal(readOneAddress(`${"a".repeat(64)}@example.com`, "INVALID_RECIPIENT")?.address.length, 76);
    assert.throws(() => read(`${"a".repeat(65)}@example.com`), failsWith("LIMIT_ADDRESS"));
    assert.throws(() => read(`a@${"b.".repeat(126)}example.com`), failsWith("LIMIT_ADDRESS"));
    assert.throws(() => read(`${"a".repeat(2000)}@example.com`), failsWith("LIMIT_ADDRESS"));
  });

  it("are the first hundred of a longer list, and the rest is told as one entry", () => {
    const many = Array.from({ length: 120 }, (_, index) => `a${index}@example.com`);
    for (const value of [many, many.join(), many.join("\n"), [many.slice(0, 60), many.slice(60).join(";")]]) {
      const { mailboxes, unreadable } = readAddresses(value, "INVALID_RECIPIENT");
      assert.deepEqual(
        mailboxes.map(({ address }) => address),
        many.slice(0, 100),
      );
      assert.deepEqual(
        unreadable.map(({ text, error }) => [text, error.code]),
        [["(all after the first 100)", "LIMIT_RECIPIENTS"]],
      );
    }
    const gaps = [...Array<string>(500).fill(""), "a@example.com"];
    assert.deepEqual(read(gaps), ["a@example.com"]);
  });

  it("are the first of a flood, each whole, which is not read to its end", () => {
    const flood = Array.from({ length: 100_000 }, (_, index) => `p${index}@plant-${index}.example.com`);
    const gaps = ["a@example.com", ...Array<null>(100_000).fill(null)];
    const named = flood.slice(0, 200).map((address) => `"${"Person, on duty ".repeat(40)}" <${address}>`);
    for (const [value, most] of [
      [flood.join(), 100],
      [flood.slice(0, 1_500).join("; "), 100],
      [JSON.stringify(flood.slice(0, 5_000)), 100],
      [named.join(), 100],
      [
        flood
          .slice(0, 200)
          .map((address) => `${"x".repeat(3_600)} <${address}>`)
          .join(),
        55,
      ],
      [gaps, 1],
    ] as const) {
      const { mailboxes, unreadable } = readAddresses(value, "INVALID_RECIPIENT");
      const expected = value === gaps ? ["a@example.com"] : flood;
      assert.ok(mailboxes.length <= most && mailboxes.length > most * 0.9, `${mailboxes.length}`);
      assert.deepEqual(
        mailboxes.map(({ address }) => address),
        expected.slice(0, mailboxes.length),
      );
      assert.deepEqual(
        unreadable.map(({ error }) => error.code),
        ["LIMIT_RECIPIENTS"],
      );
    }
    assert.throws(() => read(Array(1_000_000).fill(null)), failsWith("LIMIT_RECIPIENTS"));
  });

  it("are those of a field `email` where `address` is left empty", () => {
    const list = [
      { address: null, email: "a@example.com" },
      { address: "", email: "b@example.com", name: "B" },
      { address: "c@example.com", email: "" },
    ];
    assert.deepEqual(
      list.flatMap((one) => read(one)),
      ["a@example.com", "b@example.com", "c@example.com"],
    );
  });

  it("never hold anything but ASCII without controls, spaces and quotes, whatever is put in", () => {
    const pieces = fc.constantFrom(
      "a",
      "@",
      ".",
      ",",
      '"',
      "<",
      ">",
      "(",
      ")",
      "\\",
      "\r\n",
      "ü",
      " ",
      "\u0000",
      "[",
    );
    const input = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(input, (text) => {
        try {
          const { mailboxes } = readAddresses(text, "INVALID_RECIPIENT");
          for (const { address } of mailboxes) assert.match(address, /^[!#-~]+@[!#-~]+$/);
        } catch (error) {
          if (!isModemError(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
