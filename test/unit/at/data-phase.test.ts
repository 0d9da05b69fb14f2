import assert from "node:assert/strict";
import type { Channel } from "../../../lib/at/channel";
import type { Command, Payload } from "../../../lib/at/command";
import { delay } from "../../../lib/clock";
import { asking, openSyncedBench, telling, withCode, type Bench } from "../../support/at-bench";

const LINE = 'AT+QFUPL="RAM:a",';

/** An upload of `size` bytes whose answer is a list of lines. */
function upload(
  source: Payload["source"],
  size: number,
  more: Partial<Payload> = {},
): Command<readonly string[]> {
  return asking(`${LINE}${size}`, "+QFUPL", { timeoutMs: 5_000, payload: { size, source, ...more } });
}

/** A module that says CONNECT and, after `size` bytes, the result. */
async function uploadBench(size: number, result = `\r\n+QFUPL: ${size},0\r\n\r\nOK\r\n`): Promise<Bench> {
  return openSyncedBench({
    [`${LINE}${size}`]: (_line, modem) => {
      modem.dataLeft = size;
      modem.onData = () => modem.send(result);
      return "\r\nCONNECT\r\n";
    },
    AT: "\r\nOK\r\n",
  });
}

async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array> {
  let byte = 0;
  for (const size of sizes) yield Buffer.from(Array.from({ length: size }, () => byte++ & 0xff));
}

function bytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_value, index) => index & 0xff));
}

/** Nothing is left behind: the next command works, and no timer runs. */
async function assertReady({ clock, channel }: { clock: Bench["clock"]; channel: Channel }): Promise<void> {
  await clock.until(channel.execute(telling("AT")));
  assert.equal(channel.state, "idle");
  assert.equal(clock.timers, 0);
}

describe("a payload", () => {
  it("goes out after CONNECT, whole and unchanged, and the result behind it is the answer", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel } = bench;
    assert.deepEqual(await clock.until(channel.execute(upload(bytes(10_000), 10_000))), ["+QFUPL: 10000,0"]);
    assert.deepEqual(modem.data, bytes(10_000));
    await assertReady(bench);
  });

  it("does not go out before CONNECT", async () => {
    const { clock, modem, channel } = await openSyncedBench({ [`${LINE}4`]: () => undefined });
    const outcome = channel.execute(upload(bytes(4), 4));
    await clock.advance(1_000);
    const before = modem.bytes.length;
    modem.send("\r\nCONN");
    await clock.advance(1_000);
    assert.equal(modem.bytes.length, before);
    modem.dataLeft = 4;
    modem.onData = () => modem.send("\r\nOK\r\n");
    modem.send("ECT\r\n");
    await clock.until(outcome);
    assert.equal(modem.bytes.length, before + 4);
  });

  it("goes out after CONNECT with a number, too", async () => {
    const { clock, modem, channel } = await openSyncedBench({
      [`${LINE}4`]: (_line, modem) => {
        modem.dataLeft = 4;
        modem.onData = () => modem.send("\r\nOK\r\n");
        return "\r\nCONNECT 115200\r\n";
      },
    });
    await clock.until(channel.execute(upload(bytes(4), 4)));
    assert.deepEqual(modem.data, bytes(4));
  });

  it("may be read from a source in pieces of any size", async () => {
    const { clock, modem, channel } = await uploadBench(9_000);
    await clock.until(channel.execute(upload(() => pieces(1, 0, 5_000, 3_999), 9_000)));
    assert.deepEqual(modem.data, bytes(9_000));
  });

  it("waits for the transport before it hands over more", async () => {
    const { clock, modem, channel } = await uploadBench(10_000);
    let pending = 0;
    const write = modem.write.bind(modem);
    modem.write = async (piece) => {
      assert.equal(++pending, 1);
      await new Promise<void>((resolve) => clock.after(50, resolve));
      pending--;
      await write(piece);
    };
    await clock.until(channel.execute(upload(bytes(10_000), 10_000)));
    assert.deepEqual(modem.data, bytes(10_000));
  });

  it("has no pause in it", async () => {
    const { clock, channel } = await uploadBench(100_000);
    const start = clock.now();
    await clock.until(channel.execute(upload(bytes(100_000), 100_000)));
    assert.equal(clock.now(), start);
  });

  it("tells its progress in bytes", async () => {
    const { clock, channel } = await uploadBench(10_000);
    const seen: number[] = [];
    await clock.until(
      channel.execute(upload(bytes(10_000), 10_000), { onProgress: (sent) => seen.push(sent) }),
    );
    assert.deepEqual(seen, [4096, 8192, 10_000]);
  });

  it("is not sent when the module answers with an error", async () => {
    const { clock, modem, channel } = await openSyncedBench({ [`${LINE}4`]: "\r\n+CME ERROR: 407\r\n" });
    const before = modem.bytes.length;
    await assert.rejects(clock.until(channel.execute(upload(bytes(4), 4))), { modemCode: 407 });
    assert.equal(modem.bytes.length, before + LINE.length + 2);
    assert.equal(channel.state, "idle");
  });

  it("that the module did not ask for is no success, whatever it answers", async () => {
    const bench = await openSyncedBench({ [`${LINE}4`]: "\r\nOK\r\n", AT: "\r\nOK\r\n" });
    await assert.rejects(
      bench.clock.until(bench.channel.execute(upload(bytes(4), 4))),
      withCode("MODEM_ANSWER"),
    );
    await assertReady(bench);
    assert.deepEqual(bench.events, ["outOfSync", "synced"]);
  });

  it("may hold results, escapes, acknowledgements and control characters", async () => {
    const content = Buffer.from("\r\nOK\r\n+++A\x1a\0\r\nERROR\r\n+++", "latin1");
    const { clock, modem, channel } = await uploadBench(content.length);
    await clock.until(channel.execute(upload(content, content.length)));
    assert.deepEqual(modem.data, content);
  });

  it("lets unsolicited lines through that come meanwhile", async () => {
    const { clock, modem, channel, events } = await uploadBench(10_000);
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      modem.send("\r\n+CREG: 2\r\n");
      yield bytes(5_000);
    };
    assert.deepEqual(await clock.until(channel.execute(upload(source, 10_000))), ["+QFUPL: 10000,0"]);
    assert.deepEqual(events, ["unsolicited +CREG: 2"]);
  });

  it("has a time limit for standstill, not for its length", async () => {
    const { clock, modem, channel } = await uploadBench(40_960);
    const write = modem.write.bind(modem);
    modem.write = async (piece) => {
      await new Promise<void>((resolve) => clock.after(4_000, resolve));
      await write(piece);
    };
    const start = clock.now();
    await clock.until(channel.execute(upload(bytes(40_960), 40_960)));
    assert.ok(clock.now() - start > 40_000);
  });
});

describe("an acknowledged payload", () => {
  /** Says A after each full 1024 bytes, `delay` ms later. */
  async function acknowledging(size: number, wait: number, last = true): Promise<Bench> {
    const bench = await openSyncedBench({
      [`${LINE}${size}`]: () => "\r\nCONNECT\r\n",
      AT: "\r\nOK\r\n",
    });
    const { clock, modem } = bench;
    const write = modem.write.bind(modem);
    let got = 0;
    let content = Buffer.alloc(0);
    modem.write = async (piece) => {
      if (modem.written.at(-1) !== `${LINE}${size}`) return write(piece);
      content = Buffer.concat([content, piece]);
      modem.data = content;
      const acks = Math.floor(content.length / 1024) - Math.floor(got / 1024);
      got = content.length;
      const done = got === size;
      assert.ok(acks <= 1, "a block was sent before the last was acknowledged");
      clock.after(wait, () => {
        const ack = acks === 1 && (last || !done) ? "A" : "";
        modem.send(done ? `${ack}\r\n+QFUPL: ${size},0\r\n\r\nOK\r\n` : ack);
      });
    };
    return bench;
  }

  for (const size of [1, 1023, 1024, 1025, 4096, 5000]) {
    it(`of ${size} bytes waits for A after each full 1024 bytes, and no longer`, async () => {
      const { clock, modem, channel } = await acknowledging(size, 3);
      const command = upload(bytes(size), size, { acknowledged: true });
      assert.deepEqual(await clock.until(channel.execute(command)), [`+QFUPL: ${size},0`]);
      assert.deepEqual(modem.data, bytes(size));
      assert.equal(channel.state, "idle");
    });
  }

  it("ends well although the module does not say A for the last full block", async () => {
    const { clock, channel } = await acknowledging(2048, 3, false);
    const command = upload(bytes(2048), 2048, { acknowledged: true });
    assert.deepEqual(await clock.until(channel.execute(command)), ["+QFUPL: 2048,0"]);
    assert.equal(channel.state, "idle");
  });

  it("is given up when an A does not come", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({
      [`${LINE}2048`]: "\r\nCONNECT\r\n",
      AT: "\r\nOK\r\n",
    });
    const command = upload(bytes(2048), 2048, { acknowledged: true });
    await assert.rejects(clock.until(channel.execute(command)), withCode("MODEM_TIMEOUT"));
    await clock.advance(1_200);
    assert.ok(modem.bytes.subarray(-1027).equals(Buffer.concat([bytes(1024), Buffer.from("+++")])));
    modem.send("\r\n+QFUPL: 1024,0\r\n\r\nOK\r\n");
    modem.replies[`AT+CMEE?;+CMEE?`] = "\r\n+CMEE: 1\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n";
    await clock.until(channel.execute(telling("AT")));
    assert.deepEqual(events, ["outOfSync", "synced"]);
  });
});

describe("data that are cut short", () => {
  it("by an error of the module are not sent on, and the line is cleared before the next command (D4)", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel, events } = bench;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      modem.dataLeft = 0;
      modem.send("\r\n+CME ERROR: 421\r\n");
      yield bytes(5_000);
    };
    await assert.rejects(clock.until(channel.execute(upload(source, 10_000))), { modemCode: 421 });
    assert.equal(modem.data.length, 4096);
    await assertReady(bench);
    assert.deepEqual(modem.written.slice(-3), ["ATE0Q0V1", "AT+CMEE?;+CMEE?", "AT"]);
    assert.deepEqual(events, ["outOfSync", "synced"]);
  });

  it("by an OK, because the module's time was over, are no success", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel } = bench;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      modem.dataLeft = 0;
      modem.send("\r\n+QFUPL: 4096,0\r\n\r\nOK\r\n");
      yield bytes(5_000);
    };
    await assert.rejects(clock.until(channel.execute(upload(source, 10_000))), withCode("MODEM_TIMEOUT"));
    await assertReady(bench);
  });

  for (const [name, source, code] of [
    ["a source that makes too few bytes", () => pieces(5_000, 10), "INVALID_ARGUMENT"],
    ["a source that makes too many bytes", () => pieces(5_000, 5_001), "INVALID_ARGUMENT"],
    [
      "a source that fails",
      async function* (): AsyncGenerator<Uint8Array> {
        yield bytes(5_000);
        throw new Error("disk");
      },
      undefined,
    ],
  ] as const) {
    it(`by ${name} are left by +++ with guard times, alone (D1, D2)`, async () => {
      const bench = await uploadBench(10_000);
      const { clock, modem, channel } = bench;
      const outcome = clock.until(channel.execute(upload(source, 10_000)));
      await assert.rejects(outcome, code === undefined ? /disk/ : withCode(code));
      const sent = modem.bytes.length;
      const at = clock.now();
      await clock.run(() => modem.bytes.length > sent);
      assert.ok(clock.now() - at >= 1_000);
      assert.equal(modem.bytes.subarray(sent).toString(), "+++");
      modem.dataLeft = 0;
      modem.send("\r\n+QFUPL: 8192,0\r\n\r\nOK\r\n");
      await assertReady(bench);
    });
  }

  it("by their caller are left at once, and the line stays taken until the result", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel } = bench;
    const abort = new AbortController();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      abort.abort();
      yield bytes(5_000);
    };
    const outcome = channel.execute(upload(source, 10_000), { signal: abort.signal });
    const next = channel.execute(telling("AT"));
    await assert.rejects(clock.until(outcome), withCode("MODEM_ABORTED"));
    assert.equal(channel.state, "escaping");
    await clock.advance(1_200);
    assert.equal(modem.bytes.subarray(-3).toString(), "+++");
    assert.equal(modem.data.length, 4096 + 3);
    modem.dataLeft = 0;
    modem.send("\r\n+QFUPL: 4096,0\r\n\r\nOK\r\n");
    await clock.until(next);
  });

  it("by their caller are left by a single +++, also where their source fails in its guard time", async () => {
    const { clock, modem, channel } = await uploadBench(10_000);
    const abort = new AbortController();
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      await delay(clock, 500);
      throw new Error("disk");
    };
    const outcome = channel.execute(upload(source, 10_000), { signal: abort.signal });
    await clock.advance(10);
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    const sent = modem.bytes.length;
    await clock.advance(1_200);
    assert.equal(modem.bytes.subarray(sent).toString(), "+++");
    await clock.advance(3_000);
    assert.equal(modem.bytes.subarray(sent).toString(), "+++");
  });

  it("before CONNECT by their caller are never begun", async () => {
    const { clock, modem, channel } = await openSyncedBench({ [`${LINE}4`]: () => undefined });
    const abort = new AbortController();
    const outcome = channel.execute(upload(bytes(4), 4), { signal: abort.signal });
    await clock.advance(10);
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    modem.send("\r\nCONNECT\r\n");
    await clock.advance(1_200);
    assert.ok(modem.bytes.toString("latin1").endsWith(`${LINE}4\r+++`));
    modem.send("\r\n+QFUPL: 0,0\r\n\r\nOK\r\n");
    await clock.until(channel.sync());
  });

  it("are not followed by +++ when the result comes before its guard time is over", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel } = bench;
    const outcome = channel.execute(upload(() => pieces(5_000), 10_000));
    await assert.rejects(clock.until(outcome), withCode("INVALID_ARGUMENT"));
    await clock.advance(500);
    modem.dataLeft = 0;
    modem.send("\r\n+QFUPL: 5000,0\r\n\r\nOK\r\n");
    await assertReady(bench);
    await clock.advance(5_000);
    assert.equal(modem.bytes.includes("+++"), false);
  });

  it("are left by the ladder when +++ brings no result", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel, events } = bench;
    await assert.rejects(
      clock.until(channel.execute(upload(() => pieces(5_000), 10_000))),
      withCode("INVALID_ARGUMENT"),
    );
    await clock.run(() => channel.state === "syncing", 20_000);
    modem.dataLeft = 0;
    await assertReady(bench);
    assert.deepEqual(events, ["outOfSync", "synced"]);
  });

  it("by a restart of the module are not sent on", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel, events } = bench;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      modem.dataLeft = 0;
      modem.send("\r\nRDY\r\n");
      yield bytes(5_000);
    };
    await assert.rejects(clock.until(channel.execute(upload(source, 10_000))), withCode("MODEM_RESET"));
    await assertReady(bench);
    assert.equal(modem.data.length, 4096);
    assert.deepEqual(events, ["reset ready", "unsolicited RDY", "synced"]);
  });

  it("by the end of the connection are over", async () => {
    const bench = await uploadBench(10_000);
    const { clock, modem, channel } = bench;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes(5_000);
      modem.unplug();
      yield bytes(5_000);
    };
    await assert.rejects(clock.until(channel.execute(upload(source, 10_000))), withCode("PORT_UNPLUGGED"));
    assert.equal(clock.timers, 0);
  });
});

describe("a data state that no command asked for", () => {
  it("is left, and the command fails (D3: driver and module disagree about the state)", async () => {
    const { clock, modem, channel } = await openSyncedBench({ ATO: "\r\nCONNECT\r\n", AT: "\r\nOK\r\n" });
    await assert.rejects(clock.until(channel.execute(telling("ATO"))), withCode("MODEM_ANSWER"));
    assert.equal(channel.state, "escaping");
    await clock.advance(1_200);
    assert.equal(modem.bytes.subarray(-3).toString(), "+++");
    modem.send("\r\nOK\r\n");
    await clock.until(channel.execute(telling("AT")));
  });
});

describe("a download", () => {
  const read: Command<Buffer> = {
    line: "AT+QFREAD=1,12",
    headers: [],
    timeoutMs: 1_000,
    download: true,
    parse: (response) => response.data ?? Buffer.alloc(0),
  };

  it("gives exactly the bytes that CONNECT announces, whatever they are (P15)", async () => {
    const { clock, channel } = await openSyncedBench({
      "AT+QFREAD=1,12": "\r\nCONNECT 12\r\n\r\nOK\r\n\0\xffRDY\n\r\nOK\r\n",
      AT: "\r\nOK\r\n",
    });
    assert.equal(
      (await clock.until(channel.execute(read))).toString("latin1"),
      "\r\nOK\r\n\0\xffRDY\n".slice(0, 12),
    );
    assert.equal(channel.state, "idle");
  });

  it("may be empty, and may come in single bytes", async () => {
    const { clock, modem, channel } = await openSyncedBench({
      "AT+QFREAD=1,12": "\r\nCONNECT 0\r\n\r\nOK\r\n",
    });
    assert.equal((await clock.until(channel.execute(read))).length, 0);
    modem.replies["AT+QFREAD=1,12"] = (_line, transport) => {
      for (const byte of "\r\nCONNECT 3\r\nabc\r\nOK\r\n") transport.send(byte);
      return undefined;
    };
    assert.equal((await clock.until(channel.execute(read))).toString(), "abc");
  });

  it("that stops in the middle is given up", async () => {
    const { clock, modem, channel } = await openSyncedBench({
      "AT+QFREAD=1,12": "\r\nCONNECT 12\r\nabc",
      AT: "\r\nOK\r\n",
    });
    const start = clock.now();
    await assert.rejects(clock.until(channel.execute(read)), withCode("MODEM_TIMEOUT"));
    assert.equal(clock.now() - start, 1_000);
    modem.send("defghijkl\r\nOK\r\n");
    await clock.until(channel.execute(telling("AT")));
  });
});
