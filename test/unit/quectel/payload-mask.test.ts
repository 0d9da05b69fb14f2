import assert from "node:assert/strict";
import fc from "fast-check";
import { PayloadMask } from "../../../lib/quectel/sockets/payload-mask";
import { Trace } from "../../../lib/serial/trace";
import { socketRig } from "../../support/socket-rig";
import { VirtualClock } from "../../support/virtual-clock";

type Turn = readonly [direction: "in" | "out", text: string];

const PRIVATE = [
  "AHB1bXA3AHMzY3JldA==",
  "pump7@example.com",
  "duty@example.com",
  "Water too high",
  "mx17.example",
];
const HELLO = "EHLO [10.20.30.40]\r\n";
const LOGIN = `AUTH PLAIN ${PRIVATE[0]}\r\n`;
const MAIL = `MAIL FROM:<${PRIVATE[1]}>\r\nRCPT TO:<${PRIVATE[2]}>\r\nDATA\r\n`;
const TEXT = `Subject: ${PRIVATE[3]}\r\n\r\nDATA sheets and mail for ${PRIVATE[2]}\r\nOK\r\n.\r\n`;
const BANNER = `220 ${PRIVATE[4]} ESMTP ready\r\n`;
const REPLIES = `250-${PRIVATE[4]} hello\r\n250 SIZE 100\r\n`;

const send = (payload: string): readonly Turn[] => [
  ["out", `AT+QISEND=0,${payload.length}\r`],
  ["in", "\r\n> "],
  ["out", payload],
  ["in", "\r\nSEND OK\r\n"],
];
const read = (payload: string, framing: "\r\n" | "," = "\r\n"): readonly Turn[] => [
  ["out", "AT+QIRD=0,1500\r"],
  ["in", `\r\n+QIRD: ${payload.length}${framing}${payload}\r\n\r\nOK\r\n`],
];
const poll: readonly Turn[] = [
  ["out", "AT+QIRD=0,0\r"],
  ["in", "\r\n+QIRD: 62,62,0\r\n\r\nOK\r\n"],
  ["out", "AT+QISEND=0,0\r"],
  ["in", "\r\n+QISEND: 80,80,0\r\n\r\nOK\r\n"],
  ["out", "AT+CSQ\r"],
  ["in", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],
];

function traced(turns: readonly Turn[], pieces: (text: string) => readonly string[] = (text) => [text]) {
  const trace = new Trace(new VirtualClock(), undefined, new PayloadMask());
  trace.enabled = true;
  for (const [direction, text] of turns) {
    // A command line is one write; bytes of the module and payloads come in any pieces.
    const parts = direction === "out" && text.startsWith("AT+") ? [text] : pieces(text);
    for (const part of parts) trace.record(direction, Buffer.from(part, "latin1"));
  }
  return trace.entries;
}

const shown = (turns: readonly Turn[], pieces?: (text: string) => readonly string[]): string =>
  traced(turns, pieces)
    .map(({ text }) => text)
    .join("");

describe("What a trace shows of sockets", () => {
  it("is the length of each block with its SMTP verbs or reply codes, and all that stands around it", () => {
    const text = shown([
      ...read(BANNER),
      ...send(HELLO),
      ...read(REPLIES),
      ...send(LOGIN),
      ...send(MAIL),
      ...send(TEXT),
    ]);
    for (const part of [
      `+QIRD: ${BANNER.length}\r\n<${BANNER.length} bytes: 220>\r\n\r\nOK`,
      `> <${HELLO.length} bytes: EHLO>\r\nSEND OK`,
      `<${REPLIES.length} bytes: 250 250>`,
      `<${LOGIN.length} bytes: AUTH>`,
      `<${MAIL.length} bytes: MAIL RCPT DATA>`,
      `<${TEXT.length} bytes`,
    ]) {
      assert.ok(text.includes(part), part);
    }
    for (const word of PRIVATE) assert.ok(!text.includes(word), word);
  });

  const dialogue = fc
    .array(
      fc.oneof(
        fc.constantFrom(HELLO, LOGIN, MAIL, TEXT).map(send),
        fc.constantFrom(BANNER, REPLIES, TEXT).chain((text) => fc.constantFrom(read(text), read(text, ","))),
        fc.constant(poll),
        fc.constant<readonly Turn[]>([["in", '\r\n+QIURC: "recv",0\r\n']]),
        fc.constant<readonly Turn[]>([
          ["out", "AT+QISEND=0,5\r"],
          ["in", "\r\nERROR\r\n"],
        ]),
        fc.constant<readonly Turn[]>([
          ["out", "AT+QIRD=0,1500\r"],
          ["in", "\r\n+QIRD: 0\r\n\r\nOK\r\n"],
        ]),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.flat());

  it("is the same however reads and writes cut the bytes", () => {
    fc.assert(
      fc.property(dialogue, fc.integer({ min: 1, max: 9 }), (turns, size) => {
        const cut = (text: string): string[] => text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
        const whole = shown([...turns, ...poll]);
        assert.equal(shown([...turns, ...poll], cut), whole);
        assert.ok(whole.endsWith("+CSQ: 20,99\r\n\r\nOK\r\n"));
        for (const word of PRIVATE) assert.ok(!whole.includes(word), word);
      }),
      { numRuns: 60 },
    );
  });

  it("holds nothing private where a block is cut short at any byte, and what comes after it in full", () => {
    const after = "AT+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n";
    for (let cut = 0; cut < LOGIN.length; cut++) {
      const [command, prompt] = send(LOGIN);
      const sent = shown([
        command as Turn,
        prompt as Turn,
        ["out", LOGIN.slice(0, cut)],
        ["in", "\r\nERROR\r\n"],
        ["out", "AT+CMEE?\r"],
        ["in", "\r\n+CMEE: 1\r\n\r\nOK\r\n"],
      ]);
      const got = shown([
        ["out", "AT+QIRD=0,1500\r"],
        ["in", `\r\n+QIRD: ${REPLIES.length}\r\n${REPLIES.slice(0, cut)}`],
        ["out", "AT+CMEE?\r"],
        ["in", `${REPLIES.slice(cut, cut + 9)}\r\n+CMEE: 1\r\n\r\nOK\r\n`],
        ["out", "AT+CSQ\r"],
        ["in", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"],
      ]);
      for (const word of PRIVATE) assert.ok(!`${sent}${got}`.includes(word), word);
      assert.ok(sent.endsWith(after), sent);
      assert.ok(got.endsWith("+CSQ: 20,99\r\n\r\nOK\r\n"), got);
    }
  });

  const asked = (count: number): readonly Turn[] => [
    ["out", `AT+QISEND=0,${count}\r`],
    ["in", "\r\n> "],
  ];
  const news: Turn = ["in", '\r\n+QIURC: "recv",0\r\n'];
  const text = ["AT+QIRD=0,1500\r", '\r\n+QIURC: "recv",0\r\n', "\r\nERROR\r\n"] as const;

  for (const [what, turns, wanted] of [
    [
      "a block that the module refuses in the middle, and the refusal",
      [...asked(9), ["out", "QUIT"], ["in", "\r\nERROR\r\n"], ["out", "AT+CSQ\r"]],
      "AT+QISEND=0,9\r\r\n> <4 bytes: QUIT>\r\nERROR\r\nAT+CSQ\r",
    ],
    [
      "a refusal whose line end came in a piece of its own",
      [...asked(9), ["out", "QUIT"], ["in", "\r\n"], ["in", "ERROR\r\n"], ["out", "AT+CSQ\r"]],
      "AT+QISEND=0,9\r\r\n> \r\n<4 bytes: QUIT>ERROR\r\nAT+CSQ\r",
    ],
    [
      "a block in the middle of which the module has news",
      [...asked(6), ["out", "QUI"], news, ["out", "T\r\n"], ["in", "\r\nSEND OK\r\n"]],
      `AT+QISEND=0,6\r\r\n> ${news[1]}<6 bytes: QUIT>\r\nSEND OK\r\n`,
    ],
    [
      "news between a command and its prompt",
      [["out", "AT+QISEND=0,6\r"], news, ["in", "\r\n> "], ["out", "secret"], ["in", "\r\nSEND OK\r\n"]],
      `AT+QISEND=0,6\r${news[1]}\r\n> <6 bytes>\r\nSEND OK\r\n`,
    ],
    [
      "a line that holds the sign of a prompt and is none",
      [
        ["out", "AT+QISEND=0,6\r"],
        ["in", '\r\n+QIND: "a>b"\r\n'],
        ["in", text[2]],
        ["out", "AT+CSQ\r"],
      ],
      `AT+QISEND=0,6\r\r\n+QIND: "a>b"\r\n${text[2]}AT+CSQ\r`,
    ],
    [
      "a prompt that comes after a refusal",
      [
        ["out", "AT+QISEND=0,6\r"],
        ["in", text[2]],
        ["in", "\r\n> "],
        ["out", "AT+CSQ\r"],
      ],
      `AT+QISEND=0,6\r${text[2]}\r\n> AT+CSQ\r`,
    ],
    [
      "news between a read and its answer",
      [["out", text[0]], news, ["in", "\r\n+QIRD: 6\r\nsecret\r\nOK\r\n"]],
      `${text[0]}${news[1]}\r\n+QIRD: 6\r\n<6 bytes>\r\nOK\r\n`,
    ],
    [
      "a read that finds nothing",
      [
        ["out", text[0]],
        ["in", "\r\n+QIRD: 0\r\n\r\nOK\r\n"],
      ],
      `${text[0]}\r\n+QIRD: 0\r\n\r\nOK\r\n`,
    ],
    [
      "what looks like an answer to a read after a refusal",
      [
        ["out", text[0]],
        ["in", text[2]],
        ["in", "\r\n+QIRD: 6\r\nsix \r\n\r\nRDY\r\n"],
      ],
      `${text[0]}${text[2]}\r\n+QIRD: 6\r\nsix \r\n\r\nRDY\r\n`,
    ],
    [
      "a block that the host did not wait for, its rest in one piece with the next answer",
      [
        ["out", text[0]],
        ["in", "\r\n+QIRD: 30\r\n220 m"],
        ["out", "AT+CMEE?\r"],
        ["in", "x17.example\r\n+CMEE: 1\r\n\r\nOK\r\n"],
        ["in", news[1]],
      ],
      `${text[0]}\r\n+QIRD: 30\r\nAT+CMEE?\r<5 bytes: 220>OK\r\n${news[1]}`,
    ],
    [
      "a block that the host did not wait for, its rest in pieces",
      [
        ["out", text[0]],
        ["in", "\r\n+QIRD: 99\r\n220 m"],
        ["out", "AT+CMEE?\r"],
        ["in", "x17.example"],
        ["in", "\r\n\r\n"],
        ["in", "OK\r\n"],
        ["out", "AT+CSQ\r"],
      ],
      `${text[0]}\r\n+QIRD: 99\r\nAT+CMEE?\r<20 bytes: 220>OK\r\nAT+CSQ\r`,
    ],
    [
      "no more than twelve words of a block",
      send("NOOP\r\n".repeat(13)),
      `AT+QISEND=0,78\r\r\n> <78 bytes: ${"NOOP ".repeat(12).trim()}>\r\nSEND OK\r\n`,
    ],
  ] as readonly (readonly [string, readonly Turn[], string])[]) {
    it(`is right for ${what}`, () => {
      const entries = traced(turns);
      assert.equal(entries.map((entry) => entry.text).join(""), wanted);
      for (const entry of entries) {
        assert.equal(entry.isPayload === true, /^<\d+ bytes/.test(entry.text), entry.text);
      }
    });
  }

  it("is as bounded where the recording begins in the middle of a block", () => {
    const trace = new Trace(new VirtualClock(), undefined, new PayloadMask());
    const turns = [...send(LOGIN), ...poll];
    const flat = turns.flatMap(([direction, text]) =>
      direction === "out" && text.startsWith("AT+")
        ? [{ direction, text }]
        : text.split("").map((character) => ({ direction, text: character })),
    );
    for (let begin = 0; begin < flat.length; begin++) {
      trace.enabled = false;
      flat.forEach(({ direction, text }, at) => {
        trace.enabled = at >= begin;
        trace.record(direction, Buffer.from(text, "latin1"));
      });
      assert.ok(!trace.entries.some(({ text }) => text.includes("AHB1")));
      trace.clear();
    }
  });

  it("tells of a connection of a real dialogue with the module by lengths alone", async () => {
    const trace = new Trace(new VirtualClock(), undefined, new PayloadMask());
    trace.enabled = true;
    const rig = socketRig({
      serve: (peer) => {
        peer.write(BANNER);
        peer.on("data", () => peer.write(REPLIES));
      },
      watch: (transport) => {
        transport.on("data", (bytes) => trace.record("in", bytes));
        const write = transport.write.bind(transport);
        transport.write = (bytes) => {
          trace.record("out", bytes);
          return write(bytes);
        };
      },
    });
    await rig.ready();
    const socket = await rig.connect();
    let received = "";
    socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
    socket.write(`${HELLO}${LOGIN}`);
    await rig.clock.run(() => received.length >= BANNER.length + REPLIES.length);
    const text = trace.entries.map((entry) => entry.text).join("");
    for (const word of PRIVATE) assert.ok(!text.includes(word), word);
    assert.match(text, /<\d+ bytes: 220( 250 250)?>/);
    assert.match(text, /<\d+ bytes: EHLO/);
    socket.destroy();
    await rig.close();
  });
});
