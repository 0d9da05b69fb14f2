/** Data in command state: a payload behind the prompt `>`, and raw bytes behind a header with their number. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Block, Command } from "../../../lib/at/command";
import { openSyncedBench, telling, withCode, type Bench } from "../../support/at-bench";
import type { ScriptedTransport } from "../../support/scripted-transport";
import { RUNS, TIME } from "../../support/property";

/** What may come in bytes of a connection and must not be looked at. */
const HARD = [
  "\r\nOK\r\n",
  "\r\nSEND OK\r\n",
  "\r\nERROR\r\n",
  "> ",
  '\r\n+QIURC: "closed",0\r\n',
  "\r\nRDY\r\n",
  "+++",
  "\0",
  "\x1a\x1b",
  "\r\n+QIRD: 3\r\n",
];

/** `AT+QISEND=0,<length>`; gives back what ended it. */
function sending(bytes: Uint8Array): Command<string | undefined> {
  return {
    line: `AT+QISEND=0,${bytes.length}`,
    headers: [],
    endings: ["SEND OK", "SEND FAIL"],
    timeoutMs: 5_000,
    payload: { size: bytes.length, source: bytes, prompted: true },
    parse: (response) => response.ending,
  };
}

function reading(framing: Block["framing"] = "line"): Command<string> {
  return {
    line: "AT+QIRD=0,1500",
    headers: ["+QIRD"],
    timeoutMs: 1_000,
    block: { header: "+QIRD", longest: 1500, framing },
    parse: ({ data, lines }) => [...lines, data?.toString("latin1") ?? "none"].join("|"),
  };
}

/** The reply to `AT+QISEND`: the prompt, and `end` when all bytes have come. */
function taking(prompt: string, end: string) {
  return (line: string, modem: ScriptedTransport): string => {
    modem.dataLeft = Number(/,(\d+)$/.exec(line)?.[1]);
    modem.data = Buffer.alloc(0);
    modem.onData = () => modem.send(end);
    return prompt;
  };
}

async function assertReady({ clock, channel, modem }: Bench): Promise<void> {
  modem.replies["AT"] = "\r\nOK\r\n";
  await clock.until(channel.execute(telling("AT")));
  assert.equal(channel.state, "idle");
  assert.equal(clock.timers, 0);
}

describe("a payload behind a prompt", () => {
  for (const prompt of ["\r\n> ", "\r\n>", "\r\n>\r\n", "\r\n> \r\n", "> "]) {
    it(`goes out after ${JSON.stringify(prompt)}, and a declared result code ends the command`, async () => {
      const bench = await openSyncedBench({ "AT+QISEND=0,5": taking(prompt, "\r\nSEND OK\r\n") });
      const { clock, modem, channel } = bench;
      assert.equal(await clock.until(channel.execute(sending(Buffer.from("a\rb\n>")))), "SEND OK");
      assert.equal(modem.data.toString(), "a\rb\n>");
      assert.deepEqual(bench.events, []);
      await assertReady(bench);
    });
  }

  it("may be answered by any declared result code; the command makes of it what it likes", async () => {
    const { clock, channel } = await openSyncedBench({
      "AT+QISEND=0,1": taking("\r\n> ", "\r\nSEND FAIL\r\n"),
    });
    assert.equal(await clock.until(channel.execute(sending(Buffer.from("x")))), "SEND FAIL");
  });

  it("does not go out before the prompt, and not when the module answers with an error instead", async () => {
    const bench = await openSyncedBench({ "AT+QISEND=0,3": "\r\nERROR\r\n" });
    const { clock, modem, channel } = bench;
    const before = modem.bytes.length;
    await assert.rejects(clock.until(channel.execute(sending(Buffer.from("abc")))), withCode("MODEM_ERROR"));
    assert.equal(modem.bytes.length, before + "AT+QISEND=0,3\r".length);
    await assertReady(bench);
  });

  it("does not take a result code that another command declares for its own", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+X": () => undefined });
    const outcome = channel.execute(telling("AT+X", { timeoutMs: 5_000 }));
    await clock.advance(10);
    modem.send("\r\nSEND OK\r\n\r\nSEND FAIL\r\n\r\n> \r\nOK\r\n");
    await clock.until(outcome);
    assert.deepEqual(events, ["unsolicited SEND OK", "unsolicited SEND FAIL", "unsolicited >"]);
  });

  it("goes out to its end when its caller gives up, because the module waits for every byte of it", async () => {
    for (const moment of ["before the prompt", "behind it"]) {
      const bench = await openSyncedBench({ "AT+QISEND=0,1460": () => undefined });
      const { clock, modem, channel } = bench;
      const abort = new AbortController();
      const outcome = channel.execute(sending(Buffer.alloc(1460, "z")), { signal: abort.signal });
      await clock.advance(10);
      if (moment === "before the prompt") abort.abort();
      modem.send(taking("\r\n> ", "\r\nSEND OK\r\n")("AT+QISEND=0,1460", modem));
      abort.abort();
      await assert.rejects(clock.until(outcome), withCode("MODEM_ABORTED"));
      await assertReady(bench);
      assert.equal(modem.data.length, 1460, moment);
      assert.ok(!modem.bytes.includes("+++"));
    }
  });

  it("is filled up, never escaped, when bytes of it were lost on the line", async () => {
    const bench = await openSyncedBench();
    const { clock, modem, channel } = bench;
    const lost = 100;
    modem.replies["AT+QISEND=0,1460"] = () => {
      modem.dataLeft = 1460 + lost;
      modem.onData = () => modem.send("\r\nSEND OK\r\n");
      return "\r\n> ";
    };
    const outcome = channel.execute(sending(Buffer.alloc(1460, "z")));
    await assert.rejects(clock.until(outcome), withCode("MODEM_TIMEOUT"));
    await assertReady(bench);
    assert.ok(!modem.bytes.includes("+++"));
    assert.equal(modem.lines.length, 0);
    assert.equal(modem.dataLeft, 0);
  });

  it("is filled up when its prompt was damaged, however much it is, and when an earlier process left it", async () => {
    const bench = await openSyncedBench();
    const { clock, modem, channel } = bench;
    modem.replies["AT+QISEND=0,1460"] = () => {
      modem.dataLeft = 1460;
      return "\r\n? ";
    };
    await assert.rejects(
      clock.until(channel.execute(sending(Buffer.alloc(1460)))),
      withCode("MODEM_TIMEOUT"),
    );
    await assertReady(bench);
    modem.dataLeft = 1460;
    const start = clock.now();
    await clock.until(channel.sync());
    assert.ok(clock.now() - start < 5_000);
    assert.ok(!modem.bytes.includes("+++"));
  });
});

describe("a block of raw bytes", () => {
  const forms = [
    ["line", (bytes: string) => `\r\n+QIRD: ${bytes.length}\r\n${bytes}\r\n\r\nOK\r\n`],
    ["line", (bytes: string) => `\r\n+QIRD: ${bytes.length}\r\n${bytes}\r\nOK\r\n`],
    ["line", (bytes: string) => `\r\n+QIRD:${bytes.length}\r\n${bytes}\r\n\r\nOK\r\n`],
    ["comma", (bytes: string) => `\r\n+QIRD: ${bytes.length},${bytes}\r\n\r\nOK\r\n`],
  ] as const;

  it("is taken by its number, whatever is in it and however it is cut", async function () {
    this.timeout(TIME);
    const bench = await openSyncedBench();
    const { modem, channel, events } = bench;
    const content = fc
      .array(fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: "binary-ascii" })), { maxLength: 8 })
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.constantFrom(...forms),
        fc.array(fc.nat(), { maxLength: 6 }),
        async (bytes, [framing, form], places) => {
          modem.replies["AT+QIRD=0,1500"] = () => {
            let text = form(bytes);
            for (const place of places) {
              const at = place % (text.length + 1);
              modem.send(text.slice(0, at));
              text = text.slice(at);
            }
            return text;
          };
          assert.equal(await channel.execute(reading(framing)), bytes);
          assert.deepEqual(events, []);
          assert.equal(channel.state, "idle");
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("is empty where nothing is there, in both forms of the line", async () => {
    for (const text of ["\r\n+QIRD: 0\r\n\r\nOK\r\n", "\r\n+QIRD: 0\r\n\r\n\r\nOK\r\n"]) {
      const { clock, channel } = await openSyncedBench({ "AT+QIRD=0,1500": text });
      assert.equal(await clock.until(channel.execute(reading())), "");
    }
    const { clock, channel } = await openSyncedBench({ "AT+QIRD=0,1500": "\r\n+QIRD: 0,\r\n\r\nOK\r\n" });
    assert.equal(await clock.until(channel.execute(reading("comma"))), "");
  });

  it("does not begin behind a line with three numbers", async () => {
    const { clock, channel } = await openSyncedBench({
      "AT+QIRD=0,1500": "\r\n+QIRD: 26,20,6\r\n\r\nOK\r\n",
    });
    assert.equal(await clock.until(channel.execute(reading())), "+QIRD: 26,20,6|none");
  });

  it("lets unsolicited lines pass before and behind it", async () => {
    const { clock, channel, events } = await openSyncedBench({
      "AT+QIRD=0,1500": '\r\n+QIURC: "recv",1\r\n\r\n+QIRD: 2\r\nab\r\n\r\n+CREG: 1\r\n\r\nOK\r\n',
    });
    assert.equal(await clock.until(channel.execute(reading())), "ab");
    assert.deepEqual(events, ['unsolicited +QIURC: "recv",1', "unsolicited +CREG: 1"]);
  });

  for (const [what, text] of [
    ["says fewer", "\r\n+QIRD: 2\r\nabcdef\r\n\r\nOK\r\n"],
    ["says more", "\r\n+QIRD: 99\r\nabcdef\r\n\r\nOK\r\n"],
    ["says more than may be asked for", "\r\n+QIRD: 1501\r\nabcdef\r\n\r\nOK\r\n"],
    ["comes twice", "\r\n+QIRD: 2\r\nab\r\n+QIRD: 2\r\ncd\r\n\r\nOK\r\n"],
    ["comes without all its bytes", "\r\n+QIRD: 6\r\nabc"],
  ] as const) {
    it(`whose number ${what} fails, and the next command works`, async () => {
      const bench = await openSyncedBench({ "AT+QIRD=0,1500": text });
      const { clock, channel, modem } = bench;
      await assert.rejects(clock.until(channel.execute(reading())), { name: "ModemError" });
      await assertReady(bench);
      assert.ok(!modem.bytes.includes("+++"));
    });
  }

  it("given up by its caller is read to its end, and the next command gets its own answer", async () => {
    const bench = await openSyncedBench({ "AT+QIRD=0,1500": () => undefined });
    const { clock, channel, modem, events } = bench;
    const abort = new AbortController();
    const outcome = channel.execute(reading(), { signal: abort.signal });
    await clock.advance(10);
    modem.send("\r\n+QIRD: 8\r\n\r\nO");
    abort.abort();
    await assert.rejects(clock.until(outcome), withCode("MODEM_ABORTED"));
    modem.send("K\r\nx\r\n\r\nOK\r\n");
    await assertReady(bench);
    assert.deepEqual(events, []);
  });
});

describe("the result of an open", () => {
  it("is no answer of the command that asks for it, also when it comes before the OK", async () => {
    const { clock, channel } = await openSyncedBench({
      "AT+QIOPEN=1": "\r\n+QIOPEN: 0,0\r\n\r\nOK\r\n",
    });
    const waiter = channel.expect((line) => line === "+QIOPEN: 0,0");
    await clock.until(channel.execute(telling("AT+QIOPEN=1")));
    assert.equal(await waiter.promise, "+QIOPEN: 0,0");
  });
});
