/** Where the data of a command end: the last byte, a second CONNECT, an abort on either side of it, a slow line. */
import assert from "node:assert/strict";
import type { Command } from "../../../lib/at/command";
import { asking, openSyncedBench, telling, withCode, type Bench } from "../../support/at-bench";

const CONNECT = "\r\nCONNECT\r\n";
const OK = "\r\nOK\r\n";

function upload(size: number, acknowledged = false): Command<readonly string[]> {
  const payload = { size, source: Buffer.alloc(size, 0x2e), acknowledged };
  return asking("AT+UP", "+UP", { timeoutMs: 1_000, payload });
}

const download: Command<Buffer | undefined> = {
  line: "AT+DOWN",
  headers: [],
  timeoutMs: 1_000,
  download: true,
  parse: (response) => response.data,
};

/** A module that says CONNECT, takes `size` bytes, and answers when the test lets it. */
function takingBench(size: number): Promise<Bench> {
  return openSyncedBench({
    "AT+UP": (_line, modem) => {
      modem.dataLeft = size;
      return CONNECT;
    },
    AT: OK,
  });
}

function escapes({ modem }: Bench): number {
  return modem.bytes.toString("latin1").split("+++").length - 1;
}

/** The command fails for its caller; then seconds pass. */
async function abortIn(bench: Bench, command: Command<unknown>): Promise<void> {
  const abort = new AbortController();
  const outcome = bench.channel.execute(command, { signal: abort.signal });
  await bench.clock.advance(10);
  abort.abort(new Error("the node was closed"));
  await assert.rejects(outcome, withCode("MODEM_ABORTED"));
  await bench.clock.advance(900);
}

describe("the end of a payload", () => {
  it("is the end of the data state: a command aborted behind it is left to its result, without +++", async () => {
    const bench = await takingBench(4);
    await abortIn(bench, upload(4));
    await bench.clock.advance(80);
    assert.equal(bench.channel.state, "command");
    bench.modem.send(OK);
    await bench.clock.until(bench.channel.execute(telling("AT")));
    assert.equal(escapes(bench), 0);
  });

  it("is the end of the data state: a result that does not come is no reason for +++", async () => {
    const bench = await takingBench(4);
    await assert.rejects(bench.clock.until(bench.channel.execute(upload(4))), withCode("MODEM_TIMEOUT"));
    await bench.clock.until(bench.channel.execute(telling("AT")));
    assert.equal(escapes(bench), 0);
    assert.deepEqual(bench.events, ["outOfSync", "synced"]);
  });

  it("is passed once: a second CONNECT is not answered with the payload again", async () => {
    const bench = await takingBench(4);
    const outcome = bench.channel.execute(upload(4));
    await bench.clock.advance(10);
    const sent = bench.modem.bytes.length;
    bench.modem.send(CONNECT);
    await assert.rejects(bench.clock.until(outcome), {
      code: "MODEM_ANSWER",
      message: /the module entered data state unexpectedly/,
    });
    assert.equal(bench.modem.bytes.length, sent);
    await bench.clock.advance(1_200);
    assert.equal(escapes(bench), 1);
  });

  it("is told once, also when its result comes later", async () => {
    const bench = await takingBench(5_000);
    const seen: number[] = [];
    const outcome = bench.channel.execute(upload(5_000), { onProgress: (sent) => seen.push(sent) });
    await bench.clock.advance(100);
    bench.modem.send(OK);
    await bench.clock.until(outcome);
    assert.deepEqual(seen, [4096, 5000]);
  });

  it("is no empty write, from memory and from a source", async () => {
    const memory = Buffer.alloc(8192);
    const sources = [
      memory,
      async function* (): AsyncGenerator<Uint8Array> {
        yield memory.subarray(0, 5_000);
        yield memory.subarray(5_000);
      },
    ];
    for (const source of sources) {
      const { clock, modem, channel } = await takingBench(8192);
      const sizes: number[] = [];
      const write = modem.write.bind(modem);
      modem.write = (piece) => {
        sizes.push(piece.length);
        return write(piece);
      };
      modem.onData = () => modem.send(OK);
      const command = asking("AT+UP", "+UP", { timeoutMs: 1_000, payload: { size: 8192, source } });
      await clock.until(channel.execute(command));
      assert.deepEqual(sizes, ["AT+UP\r".length, 4096, 4096]);
    }
  });

  it("missing because the module never asked for data is told", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+UP": OK });
    await assert.rejects(clock.until(channel.execute(upload(4))), {
      code: "MODEM_ANSWER",
      message: /it did not request the data/,
    });
  });

  it("missing because the module was content with less is told with the number of bytes", async () => {
    const bench = await takingBench(2048);
    const outcome = bench.channel.execute(upload(2048, true));
    await bench.clock.advance(10);
    bench.modem.send(OK);
    await assert.rejects(bench.clock.until(outcome), {
      code: "MODEM_TIMEOUT",
      message: /the module took 1024 bytes only/,
    });
  });
});

describe("a payload that stands still", () => {
  it("fails with what happened", async () => {
    const { clock, modem, channel } = await takingBench(4);
    const write = modem.write.bind(modem);
    modem.write = (bytes) => (bytes.length === 4 ? new Promise(() => undefined) : write(bytes));
    const outcome = channel.execute(upload(4));
    await assert.rejects(clock.until(outcome), {
      code: "MODEM_TIMEOUT",
      message: /the data transfer stalled/,
    });
  });

  it("has the time that a piece takes on a slow line", async () => {
    const { clock, modem, channel } = await takingBench(8192);
    modem.bitRate = 9_600;
    const write = modem.write.bind(modem);
    modem.write = async (piece) => {
      if (piece.length === 4096) await new Promise<void>((resolve) => clock.after(5_200, resolve));
      await write(piece);
    };
    modem.onData = () => modem.send(OK);
    await clock.until(channel.execute(upload(8192)));
    assert.equal(clock.timers, 0);
  });
});

describe("an escape from the data state", () => {
  it("is not sent for a command that still waits for its turn when its caller gives up", async () => {
    const bench = await takingBench(10_000);
    const { clock, channel } = bench;
    const outcome = channel.execute(upload(10_000, true));
    await clock.advance(10);
    const abort = new AbortController();
    const waiting = channel.execute(upload(4), { signal: abort.signal });
    abort.abort();
    await assert.rejects(waiting, withCode("MODEM_ABORTED"));
    assert.equal(channel.state, "data");
    await assert.rejects(clock.until(outcome), { code: "MODEM_TIMEOUT", message: /stalled/ });
  });

  it("begins its silence when the last byte has left the host", async () => {
    const bench = await takingBench(10_000);
    const { clock, modem } = bench;
    const abort = new AbortController();
    const command = asking("AT+UP", "+UP", {
      timeoutMs: 60_000,
      payload: {
        size: 10_000,
        source: async function* () {
          yield Buffer.alloc(5_000);
          await new Promise<void>((resolve) => clock.after(60_000, resolve));
        },
      },
    });
    const outcome = bench.channel.execute(command, { signal: abort.signal });
    await clock.advance(10);
    modem.drain = () => new Promise((resolve) => clock.after(2_000, resolve));
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    await clock.advance(3_000);
    assert.equal(escapes(bench), 0);
    await clock.advance(200);
    assert.equal(escapes(bench), 1);
  });

  for (const [name, bitRate, limit] of [
    ["7.2 s", undefined, 7_200],
    ["on a slow line also for the piece on its way", 9_600, 7_200 + Math.ceil((4096 * 10_000) / 9_600)],
  ] as const) {
    it(`waits for the result for ${name}`, async () => {
      const { clock, modem, channel, events } = await takingBench(10_000);
      const abort = new AbortController();
      const outcome = channel.execute(upload(10_000, true), { signal: abort.signal });
      await clock.advance(10);
      modem.bitRate = bitRate;
      abort.abort();
      await assert.rejects(outcome, withCode("MODEM_ABORTED"));
      await clock.advance(limit - 1);
      assert.deepEqual(events, []);
      await clock.advance(2);
      assert.deepEqual(events, ["outOfSync"]);
    });
  }

  it("is not begun anew by another CONNECT", async () => {
    const bench = await takingBench(10_000);
    const abort = new AbortController();
    const outcome = bench.channel.execute(upload(10_000, true), { signal: abort.signal });
    await bench.clock.advance(10);
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    await bench.clock.advance(500);
    bench.modem.send(CONNECT);
    await bench.clock.advance(5_000);
    assert.equal(escapes(bench), 1);
  });

  it("is not the business of a caller whose command waits in the queue", async () => {
    const bench = await takingBench(10_000);
    const { clock, modem, channel } = bench;
    const write = modem.write.bind(modem);
    modem.write = async (piece) => {
      await new Promise<void>((resolve) => clock.after(100, resolve));
      await write(piece);
    };
    modem.onData = () => modem.send(OK);
    const first = channel.execute(upload(10_000));
    const abort = new AbortController();
    const second = channel.execute(telling("AT"), { signal: abort.signal });
    await clock.advance(250);
    assert.equal(channel.state, "data");
    abort.abort();
    await assert.rejects(second, withCode("MODEM_ABORTED"));
    await clock.until(first);
    assert.equal(modem.data.length, 10_000);
    assert.equal(escapes(bench), 0);
  });
});

describe("acknowledgements", () => {
  it("are not looked for where none were asked for: a line with A at its start is whole", async () => {
    const bench = await takingBench(2048);
    const outcome = bench.channel.execute(upload(2048));
    await bench.clock.advance(10);
    bench.modem.send(`\r\nALARM\r\n${OK}`);
    await bench.clock.until(outcome);
    assert.deepEqual(bench.events, ["unsolicited ALARM"]);
  });

  it("are one for each full block, and no more", async () => {
    const bench = await takingBench(1500);
    bench.modem.acknowledges = true;
    const outcome = bench.channel.execute(upload(1500, true));
    await bench.clock.advance(10);
    bench.modem.send(`\r\nALARM\r\n${OK}`);
    await bench.clock.until(outcome);
    assert.deepEqual(bench.events, ["unsolicited ALARM"]);
  });
});

describe("the end of a download", () => {
  for (const [name, answer] of [
    ["after its last byte", "\r\nCONNECT 3\r\nabc"],
    ["of no bytes", "\r\nCONNECT 0\r\n"],
  ] as const) {
    it(`${name} is the end of the data state: an abort behind it needs no +++`, async () => {
      const bench = await openSyncedBench({ "AT+DOWN": answer, AT: OK });
      await abortIn(bench, download);
      await bench.clock.advance(80);
      bench.modem.send(OK);
      await bench.clock.until(bench.channel.execute(telling("AT")));
      assert.equal(escapes(bench), 0);
    });
  }

  it("has not come with a part of the bytes: an abort there is followed by +++", async () => {
    const bench = await openSyncedBench({ "AT+DOWN": "\r\nCONNECT 12\r\nabc" });
    await abortIn(bench, download);
    await bench.clock.advance(300);
    assert.equal(escapes(bench), 1);
  });

  it("is not waited for when no byte comes", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+DOWN": "\r\nCONNECT 12\r\n" });
    await assert.rejects(clock.until(channel.execute(download)), withCode("MODEM_TIMEOUT"));
  });

  it("is unknown without a number behind CONNECT, which is refused", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+DOWN": CONNECT });
    await assert.rejects(clock.until(channel.execute(download)), withCode("MODEM_ANSWER"));
  });

  it("does not make a download of a command that wants none", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+X": "\r\nCONNECT 3\r\nabc\r\nOK\r\n" });
    await assert.rejects(clock.until(channel.execute(telling("AT+X"))), withCode("MODEM_ANSWER"));
  });

  it("of a command without data leaves none in the answer", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+DOWN": OK });
    assert.equal(await clock.until(channel.execute(download)), undefined);
  });
});
