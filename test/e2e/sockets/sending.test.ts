/** Bytes on their way to the peer, where the module refuses, is full, is asked in vain or answers nonsense. */
import assert from "node:assert/strict";
import { isModemError, type ErrorCode } from "../../../lib/errors";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import { scriptedRig, type LineScript } from "../../support/line-script";
import { result } from "../../support/module-replies";
import { collected, type Collected, type SocketRig, type SocketRigOptions } from "../../support/socket-rig";

const BLOCK = 1460;
const COUNTS = /^AT\+QISEND=0,0$/;
const BLOCKS = /^AT\+QISEND=0,[1-9]/;
const ERROR = result("ERROR");

describe("What is written to a socket of the module", () => {
  let rig: SocketRig;
  let line: LineScript;
  let socket: ModuleSocket;
  let seen: Collected;
  let server: Collected;
  /** Milliseconds until what is on its way is acknowledged. */
  let roundTripMs = 0;

  async function open(module: SocketRigOptions["module"] = {}): Promise<void> {
    roundTripMs = module.timing?.roundTripMs ?? 0;
    ({ rig, line } = await scriptedRig({ module }));
    socket = await rig.connect();
    seen = collected(socket);
    server = collected(rig.peer());
    line.clear();
  }
  afterEach(async () => {
    line.end();
    await rig.clock.advance(roundTripMs);
    socket.destroy();
    await rig.clock.until(rig.sockets.settled());
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  async function took(work: Promise<unknown>): Promise<number> {
    const start = rig.clock.now();
    await rig.clock.until(work);
    return rig.clock.now() - start;
  }

  async function breaks(code: ErrorCode, limit: number): Promise<Error> {
    await rig.clock.run(() => seen.closed(), limit);
    const error = seen.error();
    assert.ok(isModemError(error, code), String(error));
    return error;
  }

  it("is asked for after 16 blocks each, so that its progress can be shown", async () => {
    await open({ variants: { "send-buffer": "65536" }, timing: { line: 115_200 } });
    const told: number[] = [];
    socket.on("acknowledged", (bytes: number) => told.push(bytes));
    socket.write(Buffer.alloc(40 * BLOCK));
    await rig.clock.run(() => socket.bytesWritten === 40 * BLOCK);
    assert.equal(line.count(COUNTS), 2);
    assert.equal(told.length, 2);
    assert.ok((told[0] ?? 0) <= 16 * BLOCK && (told[0] ?? 0) > 0);
    assert.ok((told[1] ?? 0) > (told[0] ?? 0) && (told[1] ?? 0) <= 32 * BLOCK);
    await rig.clock.until(socket.drained());
    assert.equal(told.at(-1), 40 * BLOCK);
    assert.equal(told.length, 3);
    await rig.clock.until(socket.drained());
    await rig.clock.advance(60_000);
    assert.equal(told.length, 3);
  });

  it("has passed where no more than the named number of bytes is not acknowledged", async () => {
    await open({ timing: { roundTripMs: 1_000 } });
    socket.write(Buffer.alloc(4 * BLOCK));
    assert.equal(await took(socket.drained(4 * BLOCK)), 0);
    assert.equal(line.count(BLOCKS), 4);
    assert.equal(line.count(COUNTS), 0);
    await rig.clock.advance(500);
    socket.write(Buffer.alloc(BLOCK));
    const first = await took(socket.drained(BLOCK));
    assert.ok(first >= 500 && first < 900, `${first} ms`);
    const rest = await took(socket.drained());
    assert.ok(first + rest >= 1_000 && first + rest < 1_700, `${first + rest} ms`);
  });

  it("is asked for at growing distances by whoever waits for it, and soon enough for a short wait", async () => {
    await open({ timing: { roundTripMs: 400 } });
    socket.write("QUIT\r\n");
    const short = await took(socket.drained());
    assert.ok(short >= 400 && short < 900, `${short} ms`);
    await rig.close();
    await open({ timing: { roundTripMs: 60_000 } });
    socket.write("QUIT\r\n");
    const long = await took(socket.drained());
    assert.ok(long >= 60_000 && long < 62_100, `${long} ms`);
    assert.ok(line.count(COUNTS) >= 33 && line.count(COUNTS) <= 50, `${line.count(COUNTS)} questions`);
  });

  it("is watched every 5 s until it is acknowledged, and no longer", async () => {
    await open({ timing: { roundTripMs: 32_000 } });
    socket.write("QUIT\r\n");
    await rig.clock.advance(31_000);
    assert.equal(line.count(COUNTS), 6);
    await rig.clock.advance(60_000);
    assert.equal(line.count(COUNTS), 7);
    assert.equal(seen.error(), undefined);
  });

  it("goes out although the question for its number was refused twice, and is lost with the third", async () => {
    await open();
    line.answer(COUNTS, ERROR, ERROR);
    socket.write("one");
    await rig.clock.until(socket.drained());
    assert.equal(seen.error(), undefined);
    line.answer(COUNTS, ERROR, ERROR, ERROR);
    socket.write("two");
    await assert.rejects(rig.clock.until(socket.drained()), (error) => {
      assert.ok(isModemError(error, "SOCKET_CLOSED"), String(error));
      assert.ok(isModemError(error.cause, "MODEM_ERROR"), String(error.cause));
      return true;
    });
    assert.equal(server.bytes().toString(), "onetwo");
  });

  it("is lost with the watched connection whose number is refused, without anybody waiting", async () => {
    await open({ timing: { roundTripMs: 60_000 } });
    line.always(COUNTS, ERROR);
    socket.write("one");
    await breaks("SOCKET_CLOSED", 6_000);
    assert.equal(line.count(COUNTS), 3);
  });

  it("fails with what is wrong with the line where the question is not answered, and is asked for once", async () => {
    await open();
    line.always(COUNTS, undefined);
    socket.write("one");
    await assert.rejects(rig.clock.until(socket.drained()), (error) => isModemError(error, "MODEM_TIMEOUT"));
    assert.equal(line.count(COUNTS), 1);
  });

  it("goes out after two refusals of the block, which the module has not taken, and is lost with the third", async () => {
    await open();
    line.answer(BLOCKS, ERROR, ERROR);
    socket.write("once");
    await rig.clock.until(socket.drained());
    assert.equal(server.bytes().toString(), "once");
    line.clear();
    line.always(BLOCKS, ERROR);
    socket.write("never");
    await breaks("SOCKET_CLOSED", 1_000);
    assert.equal(line.count(BLOCKS), 3);
    assert.equal(server.bytes().toString(), "once");
  });

  it("goes out at once after a refusal, whatever is not yet acknowledged", async () => {
    await open({ timing: { roundTripMs: 60_000 } });
    socket.write(Buffer.alloc(BLOCK));
    await rig.clock.advance(100);
    line.answer(BLOCKS, ERROR);
    socket.write(Buffer.alloc(BLOCK));
    await rig.clock.run(() => server.bytes().length === 2 * BLOCK, 1_000);
  });

  it("is not sent again where the module has not answered a block", async () => {
    await open();
    line.always(BLOCKS, undefined);
    socket.write("once");
    await breaks("MODEM_TIMEOUT", 130_000);
    assert.equal(line.count(BLOCKS), 1);
  });

  it("goes out after three minutes of silence, refused or not acknowledged at first", async () => {
    await open({ timing: { roundTripMs: 400 } });
    for (const text of ["one", "two"]) {
      await rig.clock.advance(180_000);
      line.answer(BLOCKS, ERROR);
      socket.write(text);
      await rig.clock.until(socket.drained());
      assert.equal(seen.error(), undefined);
    }
    await rig.clock.advance(180_000);
    socket.write("three");
    await rig.clock.until(socket.drained());
    assert.equal(server.bytes().toString(), "onetwothree");
  });

  it("fills the buffer of the module and waits for what has to leave it, no more", async () => {
    await open({ variants: { "send-buffer": "5840" }, timing: { roundTripMs: 300 } });
    const bytes = Buffer.from(Array.from({ length: 28 * BLOCK }, (_value, at) => (at * 7) & 0xff));
    socket.write(bytes);
    const ms = await took(socket.drained());
    assert.ok(server.bytes().equals(bytes));
    assert.ok(ms < 4_500, `${ms} ms`);
    assert.ok(line.count(BLOCKS) <= 29, `${line.count(BLOCKS)} blocks for 28`);
  });

  it("asks a module that is full at the pace of its network for no more than it can take", async () => {
    const timing = { line: 115_200, uplink: 5_000, roundTripMs: 300 };
    await open({ variants: { "send-buffer": "5840" }, timing });
    socket.write(Buffer.alloc(28 * BLOCK));
    await rig.clock.until(socket.drained());
    assert.equal(server.bytes().length, 28 * BLOCK);
    assert.ok(line.count(BLOCKS) <= 30, `${line.count(BLOCKS)} blocks for 28`);
  });

  it("is lost when the module stays full for two minutes, however long the connection was idle before", async () => {
    await open();
    await rig.clock.advance(300_000);
    line.clear();
    rig.module.faults.set([{ at: { socket: "send", nth: "every" }, fault: { kind: "sendFail" } }]);
    const start = rig.clock.now();
    socket.write("never");
    await breaks("SOCKET_STALLED", 125_000);
    assert.ok(rig.clock.now() - start > 120_000);
    assert.ok(line.count(BLOCKS) >= 60 && line.count(BLOCKS) <= 75, `${line.count(BLOCKS)} blocks`);
  });

  it("is not lost while single bytes are acknowledged within two minutes each", async () => {
    await open({ timing: { roundTripMs: 100_000 } });
    for (let sent = 0; sent < 5; sent++) {
      socket.write("x");
      await rig.clock.advance(60_000);
    }
    await rig.clock.until(socket.drained());
    assert.equal(server.bytes().toString(), "xxxxx");
    assert.equal(seen.error(), undefined);
  });

  for (const [what, counts] of [
    ["fewer", "+QISEND: 3,3,0"],
    ["more", "+QISEND: 5,4,1"],
  ] as const) {
    it(`ends with an error where the module has ${what} bytes than were sent`, async () => {
      await open();
      line.change("+QISEND: 4,4,0", counts);
      socket.write("four");
      await assert.rejects(rig.clock.until(socket.drained()), (error) => {
        assert.ok(isModemError(error, "SOCKET_DAMAGED"), String(error));
        assert.match(error.message, new RegExp(`the module has ${counts.charAt(9)} of 4 bytes`));
        return true;
      });
    });
  }

  it("is not taken for damage where the time to look comes in the middle of a block", async () => {
    await open({ timing: { roundTripMs: 60_000, line: 9_600 } });
    socket.write("x");
    await rig.clock.run(() => line.count(BLOCKS) === 1 && socket.writableLength === 0);
    await rig.clock.advance(4_000);
    line.change("SEND OK", "SEND FAIL");
    socket.write(Buffer.alloc(BLOCK, "y"));
    await rig.clock.run(() => socket.bytesWritten === BLOCK + 1, 20_000);
    assert.equal(server.bytes().length, BLOCK + 1);
    assert.equal(seen.error(), undefined);
  });

  it("all arrives although the peer has ended long before", async () => {
    await open({ variants: { "send-after-closed": "ok" }, timing: { line: 1_200 } });
    socket.write(Buffer.alloc(3 * BLOCK));
    rig.peer().end();
    await rig.clock.run(() => seen.closed(), 120_000);
    assert.equal(seen.error(), undefined);
    assert.equal(server.bytes().length, 3 * BLOCK);
  });
});
