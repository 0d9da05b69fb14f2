/** Lists of recipients as people and devices write them: each with the addresses that must get the mail. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readAddresses } from "../../../lib/mail/message/addresses";
import { readMessage } from "../../../lib/mail/message/message";
import { assertProportional } from "../../support/proportion";
import { POLICY } from "./support";

const A = "a@example.com";
const B = "b@example.com";
const C = "c@example.com";

const read = (
  value: unknown,
): { readonly addresses: readonly string[]; readonly unreadable: readonly string[] } => {
  const { mailboxes, unreadable } = readAddresses(value, "INVALID_RECIPIENT");
  return {
    addresses: mailboxes.map(({ address }) => address),
    unreadable: unreadable.map(({ text }) => text),
  };
};

/** What each kind of list means; every entry of it must be readable. */
const KINDS: Readonly<Record<string, readonly (readonly [value: unknown, addresses: readonly string[]])[]>> =
  {
    "A group is its members, and an empty one nobody": [
      ["Duty team: a@example.com, Jane <b@example.com>;", [A, B]],
      ["undisclosed-recipients:;", []],
      ["Ops:\r\n a@example.com,\r\n b@example.com;\r\nNight: c@example.com;", [A, B, C]],
      ['"Team: north": a@example.com; b@example.com', [A, B]],
      ["Team A:a@example.com;Team B:;c@example.com", [A, C]],
      ["Duty team: a@example.com, b@example.com", [A, B]],
      ["Ops: a@example.com, 'Night, shift' <b@example.com>; c@example.com", [A, B, C]],
      ["(on duty (all; of, them)) Duty:a@example.com (x;y),b@example.com;", [A, B]],
    ],
    "An address is unmistakable in the forms of other scripts and lines": [
      ["a\uFF20example.com, b@example.com\u3001c@example.com", [A, B, C]],
      ["Jane Doe <a@example.com>\nJoe\tRoe <b@example.com>\n\n", [A, B]],
    ],
    "A comment never separates": [
      ["p@example.com (Doe, Jane), b@example.com", ["p@example.com", B]],
      ["Jane (Ops, North) <p@example.com>", ["p@example.com"]],
      ["a@example.com (nights (and, Sundays); always), b@example.com", [A, B]],
      ["a@example.com (say \\) <c@example.com>), b@example.com", [A, B]],
      ["(duty) a@example.com; (the boss, Jane) b@example.com", [A, B]],
      ["jane (on duty)@example.com", ["jane@example.com"]],
    ],
    "Line ends separate where no name stands open, and an end separates nothing": [
      ["a@example.com\nb@example.com\r\nc@example.com", [A, B, C]],
      ["a@example.com;b@example.com;", [A, B]],
      ["a@example.com,", [A]],
      ["\n\na@example.com\n\n   b@example.com\n", [A, B]],
      ["Jane <a@example.com>\rDoe <b@example.com>", [A, B]],
      ["a@example.com\u2028b@example.com\u0085c@example.com", [A, B, C]],
      ["a@example.com,\r\nb@example.com;\r\nc@example.com", [A, B, C]],
    ],
    "Blanks of every kind and folded lines are white space": [
      ["Jane Doe\t<jane@example.com>", ["jane@example.com"]],
      ["Jane\r\n Doe\r\n <jane@example.com>,\r\n\tb@example.com", ["jane@example.com", B]],
      ["Jane\nDoe\n<jane@example.com>", ["jane@example.com"]],
      ["\u00A0a@example.com\u00A0,\u3000b@example.com", [A, B]],
      ["Jane Doe <\r\n jane@example.com >", ["jane@example.com"]],
      ["a@example.com b@example.com  c@example.com", [A, B, C]],
    ],
    "The display name decides nothing where the address stands in angle brackets": [
      ["[Ops] Team <p@example.com>", ["p@example.com"]],
      ["Alarm @ Site 3 <p@example.com>", ["p@example.com"]],
      ["Doe, Jane <jane@example.com>", ["jane@example.com"]],
      ["Pump 3: north <a@example.com>; O'Brien <b@example.com>", [A, B]],
      ['5" pipe <a@example.com>, 6" pipe <b@example.com>', [A, B]],
      ['"Jane <a@example.com>, b@example.com', [A, B]],
      ["c@example.com <a@example.com>", [A]],
      ["<a@example.com> <b@example.com> Ops <c@example.com>", [A, B, C]],
      [`${"n".repeat(2000)} <a@example.com>`, [A]],
      ["Ops <a@example.com", [A]],
      ["Ops <mailto:a@example.com>, mailto:b@example.com", [A, B]],
    ],
    "Format characters are not part of an address": [
      ["\u202Aa@example.com\u202C", [A]],
      ["a\u00AD@example.com", [A]],
      ["a@exam\u200Bple.com,\uFEFFb@example.com", [A, B]],
      ["Jane \u200E<a@example.com>\u2069; \u2066b@example.com", [A, B]],
    ],
    "An empty entry is nothing": [
      [[{ name: "", address: "" }, { address: B }], [B]],
      [["", null, undefined, " ", A], [A]],
      [{ name: "", address: " " }, []],
      [",;, ,\n;", []],
      [[[], [[]]], []],
    ],
    "Objects of other nodes and of mailparser name their addresses": [
      [{ name: "Jane", address: "a@example.com" }, [A]],
      [{ value: [{ address: "a@example.com", name: "" }], html: "<span>", text: "a@example.com" }, [A]],
      [{ value: [{ name: "Team", group: [{ address: A }, { address: B, name: "B" }] }], text: "" }, [A, B]],
      [
        [{ address: "a@example.com; b@example.com" }, "c@example.com"],
        [A, B, C],
      ],
    ],
    "A mailto: URL is its address, whatever fields follow": [
      ["mailto:a@example.com?subject=Pump 7", [A]],
      ["Ops <mailto:a@example.com?subject=hi, there&body=x>; b@example.com", [A, B]],
      ["MAILTO:a@example.com,b@example.com?subject=x\nmailto: c@example.com?body=y", [A, B, C]],
      ["Night: mailto:a@example.com; day: b@example.com", [A, B]],
      ["mailto:p%2B7@example.com?x", ["p+7@example.com"]],
      ["mailto:a@[IPv6:2001:db8::1]?x", ["a@[IPv6:2001:db8::1]"]],
      ["what?@example.com, 7%2B@example.com", ["what?@example.com", "7%2B@example.com"]],
      [[{ name: "Jane", address: "mailto:a@example.com?subject=x" }], [A]],
    ],
    "A list that went through JSON, and the fields of other services, are read": [
      ['["a@example.com", "b@example.com; c@example.com"]', [A, B, C]],
      ['\n[{"address":"a@example.com"},{"email":"b@example.com","name":"B"}]', [A, B]],
      ['{"name":"A","address":"a@example.com"}', [A]],
      [{ email: "a@example.com" }, [A]],
      ["[Ops] <a@example.com>", [A]],
      ["[]", []],
    ],
    "Keyboards of full width, padding of a PLC, and a sentence's end are mended": [
      ["a@example.com，b@example.com；c＠example.com", [A, B, C]],
      ["a@example.com（夜班）、b@example.com", [A, B]],
      ["a@example.com\0\0\0\0, b@example.com\0", [A, B]],
      ["'a@example.com', b@example.com.", [A, B]],
    ],
  };

describe("A list of recipients", () => {
  for (const [kind, lists] of Object.entries(KINDS)) {
    describe(kind, () => {
      for (const [value, addresses] of lists) {
        it(`as in ${JSON.stringify(value).slice(0, 90)}`, () => {
          assert.deepEqual(read(value), { addresses, unreadable: [] });
        });
      }
    });
  }

  it("serves those that can be read and names the others", () => {
    for (const [value, addresses, unreadable] of [
      ["a@example.com, night shift, b@example.com", [A, B], ["night shift"]],
      [["a@example.com", "n/a"], [A], ["n/a"]],
      ["-", [], ["-"]],
      [["a@example.com", 7, {}, { name: "Jane", address: "" }], [A], ["7", "(object)", "Jane"]],
      ["a@example.com; b@-example.com; jürgen@example.com", [A], ["b@-example.com", "jürgen@example.com"]],
      ['a@example.com, "jane doe"@example.com', [A], ['"jane doe"@example.com']],
    ] as const) {
      assert.deepEqual(read(value), { addresses, unreadable }, JSON.stringify(value));
    }
  });

  it("never takes an injected header field for a group", () => {
    for (const [value, addresses] of [
      ["a@example.com\r\nBcc: thief@example.net", [A]],
      ["a@example.com\nCc: thief@example.net, thief2@example.net\nb@example.com", [A, B]],
      ["a@example.com\r\nBCC: thief@example.net,\r\n thief2@example.net\r\nb@example.com", [A, B]],
      ["Jane\r\nBcc: thief@example.net", []],
      ["a@example.com\r\nRCPT TO:<thief@example.net>", [A]],
      ["a@example.com\r\nTo : <thief@example.net>", [A]],
      ["a@example.com,\u2028Reply-To: thief@example.net;", [A]],
    ] as const) {
      const list = read(value);
      assert.deepEqual(list.addresses, addresses, JSON.stringify(value));
      assert.ok(list.unreadable.length > 0, JSON.stringify(value));
    }
  });

  it("never takes a recipient from the fields of a mailto: URL, or from what is escaped in it", () => {
    for (const [value, addresses, unreadable] of [
      ["mailto:a@example.com?cc=thief@example.net", [A], ["cc=thief@example.net"]],
      ["mailto:a@example.com?subject=hi, thief@example.net;b", [A], ["subject=hi, thief@example.net;b"]],
      [
        '<mailto:a@example.com?subject="x, thief@example.net>, b@example.com',
        [A, B],
        ["subject= x, thief@example.net"],
      ],
      ["mailto:?to=thief@example.net", [], ["to=thief@example.net"]],
      [
        "mailto:a@example.com%0D%0ABcc:thief@example.net",
        [],
        ["a@example.com\uFFFD\uFFFDBcc\uFFFDthief@example.net"],
      ],
      ["mailto:a@example.com%2Cthief@example.net", [], ["a@example.com\uFFFDthief@example.net"]],
    ] as const) {
      assert.deepEqual(read(value), { addresses, unreadable }, value);
    }
    const end = /[\r\n\u0085\u2028\u2029>\uFF1E]/g;
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[-a-z@<,;:"()%&=? ]*$/)),
        (fields) => {
          const url = `mailto:a@example.com?${fields.replace(end, "")}`;
          assert.deepEqual(read(url).addresses, [A]);
          assert.deepEqual(read(`${url}\n<${url}>, b@example.com`).addresses, [A, B]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("never joins what a control character parts into another address", () => {
    for (const value of [
      "a@exa\u0007mple.com",
      "a\u001B@example.com",
      "<a@\u0000example.com>",
      "a@exa\uD800mple.com",
    ]) {
      assert.deepEqual(read(value).addresses, [], JSON.stringify(value));
    }
  });
});

describe("Any list of mailboxes in any notation of RFC 5322", () => {
  interface Written {
    readonly text: string;
    readonly addresses: readonly string[];
  }
  const address = fc.tuple(
    fc.stringMatching(/^[a-z0-9]{1,8}([.+_'-][a-z0-9]{1,4})?$/),
    fc.stringMatching(/^[a-z]{1,8}\.(example|test)$/),
  );
  const space = fc.constantFrom("", " ", "  ", "\t", "\r\n ", "\r\n\t", "\u00A0");
  const gap = fc.constantFrom(" ", "\t", "\r\n ", " \u200E");
  const invisible = fc.constantFrom("", "", "", "\u200B", "\u00AD", "\u202A");
  const comment = fc.constantFrom(
    "",
    "",
    "(duty)",
    "(Ops, North)",
    "(a (nested; one), \\) too)",
    "(x@y.example)",
  );
  const quoted = fc
    .string({
      unit: fc.constantFrom("J", "ä", ",", ";", ":", "<", ">", "@", "(", ")", "\\", '"', " ", "."),
      maxLength: 12,
    })
    .map((name) => `"${name.replace(/["\\]/g, "\\$&")}"`);
  const word = fc.constantFrom(
    "Jane",
    "O'Brien",
    "[Ops]",
    "Dr.",
    "Müller",
    "夜班",
    "@",
    "3",
    "=?utf-8?Q?J=C3=BC?=",
  );
  const phrase = fc.oneof(
    quoted,
    fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" ")),
  );
  const mailbox = fc
    .record({ address, phrase, before: comment, after: comment, gap, space, invisible, isBare: fc.boolean() })
    .map(({ address: [local, domain], phrase, before, after, gap, space, invisible, isBare }): Written => {
      const spec = `${local}${invisible}@${domain}`;
      const text = isBare
        ? `${before}${space}${spec}${gap}${after}`
        : `${phrase}${gap}${before}<${space.trim() === "" ? "" : space}${invisible}${spec}>${gap}${after}`;
      return { text, addresses: [`${local}@${domain}`] };
    });
  const separator = fc.constantFrom(",", ", ", ";", " ; ", ",\r\n ", ",,", "\n", "\r\n", " \r\n\r\n");
  const joined = (parts: readonly Written[], separators: readonly string[]): Written => ({
    text: parts.map(({ text }, index) => (index === 0 ? "" : (separators[index] ?? ", ")) + text).join(""),
    addresses: parts.flatMap(({ addresses }) => addresses),
  });
  const group = fc
    .tuple(
      fc.constantFrom("Team", '"Team: 1"', "Duty team", "undisclosed-recipients"),
      fc.array(mailbox, { maxLength: 3 }),
    )
    .map(([name, members]): Written => {
      const { text, addresses } = joined(members, []);
      return { text: `${name}: ${text};`, addresses };
    });
  const list = fc
    .tuple(
      fc.array(fc.oneof({ weight: 4, arbitrary: mailbox }, group), { minLength: 1, maxLength: 6 }),
      fc.array(separator, { minLength: 6, maxLength: 6 }),
    )
    .map(([parts, separators]) => joined(parts, separators));

  it("has exactly the addresses that were written, in their order", () => {
    fc.assert(
      fc.property(list, fc.constantFrom("", ",", ";", "\n", " \r\n"), ({ text, addresses }, end) => {
        assert.deepEqual(
          read(text + end),
          { addresses: [...new Set(addresses)], unreadable: [] },
          JSON.stringify(text),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it("serves them also beside entries that are none", () => {
    const wrong = fc.constantFrom("night shift", "n/a", "-", "jane@", "@example.com", "a@b@", "Jane <>");
    fc.assert(
      fc.property(fc.array(fc.oneof(mailbox, wrong), { minLength: 1, maxLength: 6 }), (parts) => {
        // A text before a name may be the first half of that name, so bare words end with a semicolon's own line.
        const text = parts
          .map((part) => (typeof part === "string" ? `<${part.replace(/[<>]/g, "")}>` : part.text))
          .join(", ");
        const expected = parts.flatMap((part) => (typeof part === "string" ? [] : part.addresses));
        assert.deepEqual(read(text).addresses, [...new Set(expected)], JSON.stringify(text));
      }),
    );
  });

  it("takes time in proportion to its length, whatever is in it", async () => {
    const pieces = [
      "<",
      "(",
      '"',
      "a@b.c,",
      "a:",
      "\\",
      "a@",
      "a b ",
      "a@b ",
      "<a@b>",
      "\n",
      "[",
      "a@[:",
      '\\"',
      '"\\',
      "(\\",
      "<a",
    ];
    for (const piece of pieces) {
      await assertProportional(JSON.stringify(piece), 32_000, (length) => {
        try {
          read(piece.repeat(length / piece.length));
        } catch {
          // Refused for its number of addresses.
        }
      });
    }
  });
});

describe("A message whose lists are partly readable", () => {
  const mail = (msg: object): ReturnType<typeof readMessage> => readMessage({ ...msg }, {}, POLICY);

  it("becomes a mail to those that can be read, and keeps the others for its result", async () => {
    const { to, cc, bcc, unreadable } = await mail({
      to: ["a@example.com", "n/a"],
      cc: "-",
      bcc: "B <b@example.com>",
    });
    assert.deepEqual({ to, cc, bcc }, { to: [A], cc: [], bcc: [B] });
    assert.deepEqual(unreadable, [
      { address: "n/a", code: "INVALID_RECIPIENT" },
      { address: "-", code: "INVALID_RECIPIENT" },
    ]);
  });

  it("may have an empty group in To where Bcc names somebody", async () => {
    const { to, bcc, unreadable } = await mail({
      to: "undisclosed-recipients:;",
      bcc: "a@example.com, b@example.com",
    });
    assert.deepEqual([to, bcc, unreadable], [[], [A, B], undefined]);
  });

  it("tells an entry short and without control characters", async () => {
    const { unreadable } = await mail({
      to: [A, `${"x".repeat(100)}\u001B`, `${"y".repeat(300)}@example.com`],
    });
    assert.deepEqual(
      unreadable?.map(({ address, code }) => [address.length, code]),
      [
        [80, "INVALID_RECIPIENT"],
        [80, "LIMIT_ADDRESS"],
      ],
    );
    assert.ok(!/\p{Cc}/u.test(JSON.stringify(unreadable)));
  });
});
