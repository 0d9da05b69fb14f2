/** Bytes on their way from the peer, where lines and answers are lost, refused or wrong; and how a connection ends. */
import assert from "node:assert/strict";
import { isModemError, type ErrorCode, type ModemError } from "../../../lib/errors";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import { scriptedRig, type LineScript } from "../../support/line-script";
import { answer, result } from "../../support/module-replies";
import { collected, type Collected, type SocketRig, type SocketRigOptions } from "../../support/socket-rig";

const READ = /^AT\+QIRD=0,1500$/;
const COUNTS = /^AT\+QIRD=0,0$/;
const STATE = /^AT\+QISTATE=1,0$/;
const ERROR = result("ERROR");
const CLOSED = '+QIURC: "closed",0';

const block = (text: string): string => `\r\n+QIRD: ${text.length}\r\n${text}\r\n\r\nOK\r\n`;
const counts = (total: number, read = total): string => answer(`+QIRD: ${total},${read},${total - read}`);
const lost = (urc: string) => ({ at: { urc, nth: "every" }, fault: { kind: "lose" } }) as const;

describe("What a socket of the module receives", () => {
  let rig: SocketRig;
  let line: LineScript;
  let socket: ModuleSocket;

  async function open(options: SocketRigOptions = {}): Promise<void> {
    ({ rig, line } = await scriptedRig(options));
    socket = await rig.connect();
    line.clear();
  }
  afterEach(async () => {
    line.end();
    socket.destroy();
    await rig.clock.until(rig.sockets.settled());
    await rig.clock.advance(1_000);
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  async function breaks(seen: Collected, code: ErrorCode, limit = 1_000): Promise<ModemError> {
    await rig.clock.run(() => seen.closed(), limit);
    const error = seen.error();
    assert.ok(isModemError(error, code), String(error));
    assert.equal(seen.ended(), false);
    return error;
  }

  async function ends(seen: Collected, limit = 1_000): Promise<void> {
    await rig.clock.run(() => seen.closed(), limit);
    assert.equal(seen.error(), undefined);
    assert.equal(seen.ended(), true);
  }

  it("waits in the module while nobody reads, and comes at once when somebody does", async () => {
    await open();
    rig.peer().write("220 ready\r\n");
    await rig.clock.advance(60_000);
    assert.deepEqual(line.lines, []);
    const seen = collected(socket);
    await rig.clock.run(() => seen.bytes().length === 11, 50);
  });

  it("is looked for every 2 s while an answer is owed, and every 10 s after it", async () => {
    await open();
    const seen = collected(socket);
    await rig.clock.advance(61_000);
    assert.equal(line.count(READ), 30);
    rig.peer().write("220 ready\r\n");
    await rig.clock.run(() => seen.bytes().length === 11, 50);
    line.clear();
    await rig.clock.advance(61_000);
    assert.equal(line.count(READ), 6);
    socket.write("QUIT\r\n");
    await rig.clock.advance(11_000);
    line.clear();
    await rig.clock.advance(20_000);
    assert.equal(line.count(READ), 10);
  });

  it("is not looked for while the reader has stopped, nor by two looks at a time", async () => {
    await open();
    rig.peer().write(Buffer.alloc(60_000));
    socket.once("readable", () => undefined);
    await rig.clock.advance(5_000);
    line.clear();
    await rig.clock.advance(60_000);
    assert.equal(line.lines.length, 0);
    line.always(READ, undefined);
    const seen = collected(socket);
    await rig.clock.advance(100);
    line.tell('+QIURC: "recv",0', '+QIURC: "recv",0');
    await rig.clock.advance(5_000);
    assert.equal(line.count(READ), 1);
    assert.equal(seen.error(), undefined);
  });

  for (const [what, text] of [
    ["does not know the question for its state", ERROR],
    ["shows no state of it", answer()],
  ] as const) {
    it(`comes in full although the module ${what}, which is asked at each fifth look`, async () => {
      await open({ module: { faults: [lost('+QIURC: "recv"')] } });
      line.always(STATE, text);
      const seen = collected(socket);
      await rig.clock.advance(31_000);
      assert.equal(line.count(STATE), 3);
      rig.peer().write("late");
      await rig.clock.run(() => seen.bytes().length === 4, 3_000);
      line.clear();
      await rig.clock.advance(51_000);
      assert.equal(line.count(STATE), 1);
      assert.equal(seen.error(), undefined);
    });
  }

  it("has ended when the module shows the connection closing, and nothing waits", async () => {
    await open({ module: { faults: [lost('+QIURC: "closed"')] } });
    const seen = collected(socket);
    rig.peer().end("bye");
    await rig.clock.run(() => seen.bytes().length === 3, 3_000);
    await ends(seen, 61_000);
  });

  it("breaks with the fault of the line where the question for the state is not answered", async () => {
    await open();
    line.always(STATE, undefined);
    const seen = collected(socket);
    await breaks(seen, "MODEM_TIMEOUT", 25_000);
  });

  it("comes in full after two refusals of the read, and breaks with the third", async () => {
    await open();
    const seen = collected(socket);
    for (const text of ["one", "two"]) {
      line.answer(READ, ERROR, ERROR);
      rig.peer().write(text);
      await rig.clock.run(() => seen.bytes().toString().endsWith(text), 1_000);
    }
    assert.equal(seen.bytes().toString(), "onetwo");
    line.answer(READ, ERROR, ERROR, ERROR);
    rig.peer().write("three");
    await breaks(seen, "MODEM_ERROR");
  });

  it("comes in full where the answer was lost before the module gave anything out", async () => {
    await open();
    const seen = collected(socket);
    line.answer(READ, undefined);
    rig.peer().write("once");
    await rig.clock.run(() => seen.bytes().length === 4, 20_000);
    await rig.clock.advance(1_000);
    assert.equal(seen.bytes().toString(), "once");
    assert.equal(seen.error(), undefined);
  });

  it("breaks where the module gave out what did not arrive, and says so", async () => {
    await open();
    const seen = collected(socket);
    line.answer(READ, undefined);
    line.answer(COUNTS, counts(4));
    rig.peer().write("once");
    const error = await breaks(seen, "SOCKET_DAMAGED", 20_000);
    assert.match(error.message, /what the module sent did not arrive/);
    assert.ok(isModemError(error.cause, "MODEM_TIMEOUT"), String(error.cause));
    assert.equal(seen.bytes().length, 0);
  });

  it("breaks where the module knows the connection no more and has told no end of it", async () => {
    await open();
    const seen = collected(socket);
    line.always(READ, ERROR);
    line.always(COUNTS, ERROR);
    line.tell('+QIURC: "recv",0');
    const error = await breaks(seen, "SOCKET_CLOSED");
    assert.ok(isModemError(error.cause, "MODEM_ERROR"), String(error.cause));
    assert.equal(line.count(COUNTS), 3);
  });

  it("has ended where the module knows the connection no more after it has told its end", async () => {
    await open();
    const seen = collected(socket);
    line.always(READ, ERROR);
    line.always(COUNTS, ERROR);
    line.tell(CLOSED);
    await ends(seen);
  });

  it("breaks where the read after the end is not answered, and the module then knows the connection no more", async () => {
    await open();
    const seen = collected(socket);
    line.always(READ, undefined);
    line.always(COUNTS, ERROR);
    line.tell(CLOSED);
    await breaks(seen, "SOCKET_CLOSED", 20_000);
  });

  it("has ended where the module has told the end and does not count", async () => {
    await open();
    const seen = collected(socket);
    line.answer(READ, block("all"), answer("+QIRD: 0"));
    line.always(COUNTS, ERROR);
    line.tell(CLOSED);
    await ends(seen);
    assert.equal(seen.bytes().toString(), "all");
    assert.equal(line.count(COUNTS), 3);
  });

  it("breaks where the module has told the end and counts more than it gave out", async () => {
    await open();
    const seen = collected(socket);
    line.answer(READ, block("some"), answer("+QIRD: 0"));
    line.answer(COUNTS, ERROR, ERROR, counts(10));
    line.tell(CLOSED);
    const error = await breaks(seen, "SOCKET_DAMAGED");
    assert.match(error.message, /4 of 10 bytes arrived/);
  });

  it("breaks with the fault of the line where the count at the end is not answered, and is asked for once", async () => {
    await open();
    const seen = collected(socket);
    line.answer(READ, answer("+QIRD: 0"));
    line.always(COUNTS, undefined);
    line.tell(CLOSED);
    await breaks(seen, "MODEM_TIMEOUT", 20_000);
    assert.equal(line.count(COUNTS), 1);
  });

  it("breaks where the cable is lost after the end was told and before all was read", async () => {
    await open();
    const seen = collected(socket);
    line.always(READ, undefined);
    line.tell(CLOSED);
    await rig.clock.advance(100);
    rig.module.unplug();
    await breaks(seen, "PORT_UNPLUGGED", 100);
  });

  it("comes in full where the module refuses a read once after it has told the end", async () => {
    await open();
    rig.peer().end("221 bye");
    await rig.clock.advance(100);
    line.answer(READ, ERROR);
    const seen = collected(socket);
    await ends(seen);
    assert.equal(seen.bytes().toString(), "221 bye");
  });

  for (const [what, strike, code] of [
    ["the cable was lost", async () => rig.module.unplug(), "PORT_UNPLUGGED"],
    ["the port was closed", () => rig.clock.until(rig.modem.close()), "PORT_CLOSED"],
  ] as const) {
    it(`breaks where ${what} after the end was told, once somebody reads`, async () => {
      await open();
      rig.peer().end("never read");
      await rig.clock.advance(100);
      await strike();
      await rig.clock.advance(100);
      await breaks(collected(socket), code);
    });
  }

  it("breaks where the module restarts after the end was told and before anybody has read", async () => {
    await open();
    rig.peer().end("never read");
    await rig.clock.advance(100);
    let error: unknown;
    socket.on("error", (thrown) => (error = thrown));
    rig.module.restart("restart");
    await rig.clock.run(() => socket.destroyed, 60_000);
    assert.ok(isModemError(error, "MODEM_RESET"), String(error));
  });

  for (const [what, urc, code] of [
    ["its context has ended", '+QIURC: "pdpdeact",1', "PDP_LOST"],
    ["another context has ended", '+QIURC: "pdpdeact",2', undefined],
    ["another socket is closed", '+QIURC: "closed",1', undefined],
    ["data of another socket wait", '+QIURC: "recv",1', undefined],
  ] as const) {
    it(`${code === undefined ? "goes on" : `breaks with ${code}`} when the module says that ${what}`, async () => {
      await open();
      rig.pdp.close();
      const seen = collected(socket);
      line.tell(urc);
      await rig.clock.advance(500);
      assert.equal(seen.closed(), code !== undefined);
      if (code !== undefined) assert.ok(isModemError(seen.error(), code), String(seen.error()));
      assert.equal(line.count(READ), 0);
    });
  }

  it("comes at once where the module tells of it together with the result of the open", async () => {
    await open();
    for (const [news, text] of [
      ['+QIURC: "recv",1', undefined],
      ["+CREG: 1", undefined],
      ['+QIURC: "closed",1', undefined],
      ['+QIURC: "recv",0', "220"],
      [CLOSED, ""],
    ] as const) {
      socket.destroy();
      await rig.clock.until(rig.sockets.settled());
      line.change("+QIOPEN: 0,0\r\n", `+QIOPEN: 0,0\r\n\r\n${news}\r\n`);
      socket = await rig.connect();
      const seen = collected(socket);
      line.clear();
      if (text !== undefined) line.answer(READ, text === "" ? answer("+QIRD: 0") : block(text));
      await rig.clock.advance(200);
      assert.equal(line.count(READ) > 0, text !== undefined, news);
      assert.equal(seen.bytes().toString(), text ?? "");
      assert.equal(seen.ended(), news === CLOSED);
      assert.equal(seen.error(), undefined);
    }
  });

  it("comes in full after end(), however slowly the peer says it", async () => {
    await open();
    const seen = collected(socket);
    socket.end("QUIT\r\n");
    for (const character of "221 bye") {
      await rig.clock.advance(3_000);
      rig.peer().write(character);
    }
    await rig.clock.advance(1_000);
    rig.peer().end();
    await ends(seen, 15_000);
    assert.equal(seen.bytes().toString(), "221 bye");
  });

  it("is over after end() although the peer has closed and its acknowledgement can be asked for no more", async () => {
    await open({ module: { timing: { roundTripMs: 60_000 } } });
    const seen = collected(socket);
    socket.end("QUIT\r\n");
    await rig.clock.advance(200);
    line.always(/^AT\+QISEND=0,0$/, ERROR);
    line.always(COUNTS, counts(0));
    line.always(READ, answer("+QIRD: 0"));
    line.tell(CLOSED);
    await ends(seen);
    await rig.clock.advance(60_000);
  });

  it("breaks after end() where the acknowledgement can be asked for no more and nobody has closed", async () => {
    await open();
    const seen = collected(socket);
    line.always(/^AT\+QISEND=0,0$/, ERROR);
    socket.end("QUIT\r\n");
    await breaks(seen, "SOCKET_CLOSED");
  });

  it("leaves no timer behind when it is destroyed in the middle of its end", async () => {
    await open({ module: { timing: { roundTripMs: 500 } } });
    socket.end("QUIT\r\n");
    await rig.clock.advance(100);
    line.tell(CLOSED);
    await rig.clock.advance(1);
    socket.destroy();
    await rig.clock.advance(500);
  });

  it("says that it is over to a reader who has stopped, too, and closes within a quarter of a minute", async () => {
    await open();
    const commands = (): number => line.count(/^AT\+QICLOSE=0/);
    rig.peer().end("unread");
    await rig.clock.advance(100);
    socket.end();
    await rig.clock.advance(15_000);
    assert.equal(socket.destroyed, true);
    assert.equal(commands(), 1);
  });

  describe("and its timeout", () => {
    it("is never without one, and none after it was taken back", async () => {
      await open();
      collected(socket);
      let timeouts = 0;
      const count = (): void => void timeouts++;
      socket.on("timeout", count);
      rig.peer().write("x");
      socket.write("y");
      await rig.clock.advance(30_000);
      assert.equal(timeouts, 0);
      const once = (): void => void (timeouts += 100);
      socket.setTimeout(3_000, once);
      socket.setTimeout(0, once);
      assert.deepEqual(socket.listeners("timeout"), [count]);
      await rig.clock.advance(30_000);
      assert.equal(timeouts, 0);
    });

    it("counts what is sent as a sign of life", async () => {
      await open();
      collected(socket);
      let timeouts = 0;
      socket.setTimeout(3_000, () => timeouts++);
      for (let second = 0; second < 5; second++) {
        await rig.clock.advance(2_000);
        socket.write("x");
      }
      assert.equal(timeouts, 0);
      await rig.clock.advance(3_100);
      assert.equal(timeouts, 1);
    });

    it("is over with the connection", async () => {
      await open();
      socket.setTimeout(60_000);
      socket.destroy();
      socket.setTimeout(60_000);
    });
  });
});
