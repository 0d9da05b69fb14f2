/**
 * What must hold for any input. The seed of a failing run is printed by fast-check with the counterexample.
 *
 * Injection and quoting are in `command.test.ts`, the trace in `../serial/trace.test.ts`.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Channel } from "../../../lib/at/channel";
import { asking, openSyncedBench, type Bench } from "../../support/at-bench";
import { OrderlyModem, type OrderlyAnswer } from "../../support/orderly-modem";
import { Tokenizer } from "../../../lib/at/tokenizer";
import { FastClock } from "../../support/fast-clock";
import { isModemError } from "../../../lib/errors";
import { RUNS, TIME } from "../../support/property";

/** Characters of a line as bytes, without line ends. */
const text = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe("properties: framing", function () {
  this.timeout(TIME);

  /** Tokens, raw bytes joined; `CONNECT <n>` announces raw bytes, `ACKS <n>` acknowledgements. */
  function tokens(pieces: readonly Buffer[]): string[] {
    const tokenizer = new Tokenizer();
    const seen: string[] = [];
    let data = "";
    for (const piece of pieces) {
      tokenizer.push(piece);
      for (let token = tokenizer.next(); token !== undefined; token = tokenizer.next()) {
        if (token.kind === "data") {
          data += token.bytes.toString("latin1");
          if (token.left === 0) seen.push(`data ${data}`);
          if (token.left === 0) data = "";
        } else if (token.kind === "line") {
          seen.push(`line ${token.text}`);
          const announced = /^(CONNECT|ACKS|\+QIRD:) (\d{1,3}),?$/.exec(token.text);
          if (token.text === "PROMPTED") tokenizer.expectPrompt();
          if (token.text === "HEADED") tokenizer.expectHeader("+QIRD");
          if (token.text === "PLAIN") tokenizer.expectLines();
          if (announced?.[1] === "CONNECT" || announced?.[1] === "+QIRD:")
            tokenizer.expectBytes(Number(announced[2]));
          if (announced?.[1] === "ACKS") tokenizer.expectAcks(Number(announced[2]));
        } else {
          seen.push(token.kind);
        }
      }
    }
    return seen;
  }

  const part = fc.oneof(
    text.map((line) => `\r\n${line}\r\n`),
    fc.constantFrom("\r\nOK\r\n", "0\r", "\r", "\n", "\0", "A", "\r\n+QFUPL: 1,2\r\n"),
    fc.uint8Array({ maxLength: 40 }).map((raw) => {
      const bytes = Buffer.from(raw).toString("latin1");
      return `\r\nCONNECT ${raw.length}\r\n${bytes}`;
    }),
    fc.constantFrom("\r\nPROMPTED\r\n", "\r\nHEADED\r\n", "\r\nPLAIN\r\n", "> ", "\r\n>\r\n", ","),
    fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom("\r\n", ",")).map(([raw, end]) => {
      return `\r\n+QIRD: ${raw.length}${end}${Buffer.from(raw).toString("latin1")}`;
    }),
    fc.nat({ max: 3 }).map((count) => `\r\nACKS ${count}\r\n${"A".repeat(count)}`),
    fc.uint8Array({ maxLength: 30 }).map((raw) => Buffer.from(raw).toString("latin1")),
    fc.nat({ max: 9000 }).map((length) => "z".repeat(length)),
  );

  it("the tokens do not depend on how the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat()), (parts, places) => {
        const bytes = Buffer.from(parts.join(""), "latin1");
        assert.deepEqual(tokens(cut(bytes, places)), tokens([bytes]));
      }),
      { numRuns: RUNS },
    );
  });
});

describe("properties: answers", function () {
  this.timeout(TIME);

  let bench: Bench;

  /** One channel serves all runs; each leaves it idle, else it is replaced. */
  async function idleBench(): Promise<Bench> {
    if (bench?.channel.state !== "idle") bench = await openSyncedBench();
    bench.events.length = 0;
    bench.modem.bytes = Buffer.alloc(0);
    return bench;
  }

  const unsolicited = fc.constantFrom(
    "RING",
    "NO CARRIER",
    '+QIURC: "pdpdeact",1',
    "+CREG: 1",
    "+QSMTPPUT: 0,0",
    "+CPIN: READY",
    "+QIND: SMS DONE",
    "^UNKNOWN: x",
  );
  const information = fc.array(fc.tuple(fc.constantFrom("+X", "+Y"), text), { maxLength: 5 });
  const ending = fc.constantFrom("OK", "ERROR", "+CME ERROR: 10", "+CME ERROR: SIM busy");

  it("unsolicited lines at any place between the lines change no answer, and none is lost", async () => {
    await fc.assert(
      fc.asyncProperty(
        information,
        ending,
        fc.array(fc.tuple(fc.nat(), unsolicited), { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (lines, end, insertions, places) => {
          const { modem, channel, events } = await idleBench();
          const answer = lines.map(([header, rest]) => `${header}: ${rest}x`);
          const wire = [...answer, end].map((line) => ({ line, owner: "answer" }));
          for (const [place, line] of insertions) {
            wire.splice(place % wire.length, 0, { line, owner: "nobody" });
          }
          modem.replies["AT+X"] = () => {
            const bytes = Buffer.from(wire.map(({ line }) => `\r\n${line}\r\n`).join(""), "latin1");
            for (const piece of cut(bytes, places)) modem.send(piece.toString("latin1"));
            return undefined;
          };
          const outcome = await channel
            .execute({ ...asking("AT+X"), headers: ["+X", "+Y"] })
            .catch((error: unknown) => (isModemError(error) ? error.code : error));
          const expected = end === "OK" ? answer : end === "ERROR" ? "MODEM_ERROR" : "MODEM_CME";
          assert.deepEqual(outcome, expected);
          assert.deepEqual(
            events,
            wire.filter(({ owner }) => owner === "nobody").map(({ line }) => `unsolicited ${line}`),
          );
          assert.equal(channel.state, "idle");
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("any payload reaches the module byte by byte, acknowledged or not, from any source", async () => {
    const hard = fc.constantFrom(
      "\r\nOK\r\n",
      "+++",
      "A",
      "\x1a",
      "\r\nERROR\r\n",
      "\0",
      "\r\nRDY\r\n",
      "CONNECT\r\n",
    );
    const payload = fc
      .array(fc.oneof(hard, fc.uint8Array({ maxLength: 50 }), fc.nat({ max: 3000 })), {
        minLength: 1,
        maxLength: 8,
      })
      .map((parts) =>
        Buffer.concat(
          parts.map((part) =>
            typeof part === "number" ? Buffer.alloc(part, "A+\r\n") : Buffer.from(part as string, "latin1"),
          ),
        ),
      )
      .filter((bytes) => bytes.length > 0);
    await fc.assert(
      fc.asyncProperty(
        payload,
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 5 }),
        async (bytes, acknowledged, places) => {
          const { modem, channel } = await idleBench();
          modem.data = Buffer.alloc(0);
          modem.acknowledges = acknowledged;
          modem.replies["AT+QFUPL"] = () => {
            modem.dataLeft = bytes.length;
            modem.onData = (data) =>
              modem.send(`\r\n+QFUPL: ${data.length},${checksum(data).toString(16)}\r\n\r\nOK\r\n`);
            return "\r\nCONNECT\r\n";
          };
          const source = async function* (): AsyncGenerator<Uint8Array> {
            yield* cut(bytes, places);
          };
          const command = asking("AT+QFUPL", "+QFUPL", {
            payload: { size: bytes.length, source: places.length === 0 ? bytes : source, acknowledged },
          });
          assert.deepEqual(await channel.execute(command), [
            `+QFUPL: ${bytes.length},${checksum(bytes).toString(16)}`,
          ]);
          assert.ok(modem.data.equals(bytes));
          assert.equal(channel.state, "idle");
        },
      ),
      { numRuns: RUNS },
    );
  });

  function checksum(bytes: Buffer): number {
    let sum = 0;
    for (let at = 0; at < bytes.length; at += 2) sum ^= ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    return sum;
  }
});

describe("properties: time", function () {
  this.timeout(TIME);

  interface Timed {
    readonly clock: FastClock;
    readonly modem: OrderlyModem;
    readonly channel: Channel;
    /** Number of commands so far, so that no two have the same line. */
    count: number;
  }

  function timed(echo: boolean): Timed {
    const clock = new FastClock();
    const modem = new OrderlyModem(clock, { echo });
    return { clock, modem, channel: new Channel(modem, { clock }), count: 0 };
  }

  /** Gives the commands at once; resolves with their outcomes, an error as its code. */
  async function outcomes(bench: Timed, answers: readonly OrderlyAnswer[]): Promise<unknown[]> {
    const { clock, modem, channel } = bench;
    modem.answers.clear();
    const all = answers.map((answer) => {
      const line = `AT+X=${bench.count++}`;
      modem.answers.set(line, answer);
      return channel
        .execute(asking(line, "+X"))
        .catch((error: unknown) => (isModemError(error) ? error.code : error));
    });
    return clock.until(Promise.all(all));
  }

  /** What the commands come to, where each gets its own answer or none; their limit is 300 ms. */
  function expected(answers: readonly OrderlyAnswer[]): unknown[] {
    return answers.map(({ thinks, lines, ends }) => {
      if (thinks > 300) return "MODEM_TIMEOUT";
      if (ends === "OK") return lines;
      return ends === "ERROR" ? "MODEM_ERROR" : "MODEM_CME";
    });
  }

  const answers = (thinks: fc.Arbitrary<number>): fc.Arbitrary<OrderlyAnswer[]> =>
    fc.array(
      fc.record({
        thinks,
        lines: fc.array(
          text.map((line) => `+X: ${line}x`),
          { maxLength: 3 },
        ),
        ends: fc.constantFrom("OK", "ERROR", "+CME ERROR: 3"),
      }),
      { minLength: 1, maxLength: 3 },
    );

  it("a late answer never becomes the answer of another command, with echo or without", async () => {
    const benches = { on: timed(true), off: timed(false) };
    const thinks = fc.oneof(fc.nat({ max: 250 }), fc.integer({ min: 301, max: 3_000 }));
    await fc.assert(
      fc.asyncProperty(answers(thinks), fc.constantFrom("on", "off"), async (given, echo) => {
        try {
          assert.deepEqual(await outcomes(benches[echo], given), expected(given));
        } catch (error) {
          benches[echo] = timed(echo === "on");
          throw error;
        }
      }),
      // Several milliseconds each, because time passes in every run.
      { numRuns: RUNS / 4 },
    );
  });

  it("a module with echo and one without give the same answers", async () => {
    let benches = [timed(true), timed(false)];
    await fc.assert(
      fc.asyncProperty(answers(fc.nat({ max: 250 })), async (given) => {
        try {
          for (const bench of benches) assert.deepEqual(await outcomes(bench, given), expected(given));
        } catch (error) {
          benches = [timed(true), timed(false)];
          throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });

  it("whatever is late, aborted, restarted or said, every promise settles and the next command works", async () => {
    const event = fc.record({
      at: fc.nat({ max: 4_000 }),
      kind: fc.constantFrom("execute", "abort", "restart", "say", "sync"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.nat({ max: 600 }), async (events, thinks) => {
        const { clock, modem, channel } = timed(false);
        modem.answers.set("AT+X", { thinks, lines: ["+X: 1"], ends: "OK" });
        const abort = new AbortController();
        const pending: Promise<unknown>[] = [];
        const act = {
          execute: () => pending.push(channel.execute(asking("AT+X", "+X"), { signal: abort.signal })),
          abort: () => abort.abort(),
          restart: () => modem.restart(thinks),
          say: () => modem.say("\r\n+CREG: 1\r\n"),
          sync: () => pending.push(channel.sync()),
        };
        for (const { at, kind } of events) clock.after(at, act[kind]);
        // The last restart is over by then.
        await clock.until(new Promise<void>((resolve) => clock.after(4_601, resolve)));
        for (const outcome of await clock.until(Promise.allSettled(pending))) {
          if (outcome.status === "rejected") assert.ok(isModemError(outcome.reason));
        }
        await clock.until(channel.sync());
        modem.answers.set("AT+Y", { thinks: 10, lines: ["+Y: 2"], ends: "OK" });
        assert.deepEqual(await clock.until(channel.execute(asking("AT+Y", "+Y"))), ["+Y: 2"]);
        assert.equal(clock.timers, 0);
      }),
      { numRuns: RUNS / 10 },
    );
  });
});
