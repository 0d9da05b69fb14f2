/** The module's twelve sockets: which are ours, that none is lost, and that none of another program is touched. */
import assert from "node:assert/strict";
import { isModemError, type ErrorCode } from "../../../lib/errors";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import { scriptedRig, type LineScript } from "../../support/line-script";
import { answer, KeptLog, result } from "../../support/module-replies";
import {
  collected,
  TARGET,
  type Collected,
  type SocketRig,
  type SocketRigOptions,
} from "../../support/socket-rig";

const ERROR = result("ERROR");
const STORE = "sockets";

describe("The sockets of a module", () => {
  let rig: SocketRig;
  let line: LineScript;

  async function open(options: SocketRigOptions = {}): Promise<void> {
    ({ rig, line } = await scriptedRig(options));
  }
  afterEach(async () => {
    line.end();
    await rig.clock.until(rig.sockets.settled());
    await rig.clock.advance(1_100);
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  const stored = (texts: readonly string[]) => {
    const store = memoryStore();
    void store.write(STORE, JSON.stringify(texts));
    return store;
  };
  const opens = (): readonly string[] =>
    line.lines.flatMap((text) => /^AT\+QIOPEN=1,(\d+)/.exec(text)?.[1] ?? []);
  const closes = (): readonly string[] =>
    line.lines.flatMap((text) => /^AT\+QICLOSE=(\d+)/.exec(text)?.[1] ?? []);
  async function done(socket: ModuleSocket): Promise<void> {
    socket.destroy();
    await rig.clock.until(rig.sockets.settled());
  }
  const refuses = (code: ErrorCode, text = /^/) =>
    assert.rejects(rig.connect(), (error) => {
      assert.ok(isModemError(error, code), String(error));
      assert.match(error.message, text);
      return true;
    });

  it("are given out one after the other, all twelve and no thirteenth, and given back when closed", async () => {
    await open();
    const all: ModuleSocket[] = [];
    for (let count = 0; count < 12; count++) all.push(await rig.connect());
    assert.deepEqual(opens(), "0 1 2 3 4 5 6 7 8 9 10 11".split(" "));
    await refuses("SOCKET_IN_USE");
    assert.equal(opens().length, 12);
    all[5]?.destroy();
    await rig.clock.until(rig.sockets.settled());
    assert.deepEqual(closes(), ["5"]);
    const again = await rig.connect();
    assert.equal(opens().at(-1), "5");
    for (const socket of [...all, again]) socket.destroy();
    await rig.clock.until(rig.sockets.settled());
    assert.deepEqual(closes().toSorted(), "0 1 10 11 2 3 4 5 5 6 7 8 9".split(" "));
    assert.equal(await rig.store.read(STORE), "[]");
  });

  it("are settled only when the module has closed them, and leave no listener behind", async () => {
    await open();
    const names = ["unsolicited", "started", "state"] as const;
    const before = names.map((name) => rig.modem.listenerCount(name));
    const first = await rig.connect();
    const second = await rig.connect();
    first.destroy();
    second.destroy();
    let isSettled = false;
    const settled = rig.sockets.settled().then(() => (isSettled = true));
    await rig.clock.advance(1);
    assert.equal(isSettled, false);
    await rig.clock.until(settled);
    assert.deepEqual(closes(), ["0", "1"]);
    assert.equal(await rig.store.read(STORE), "[]");
    assert.deepEqual(
      names.map((name) => rig.modem.listenerCount(name)),
      before,
    );
  });

  it("are free again where the module refuses to close one, or never opened it", async () => {
    await open();
    line.answer(/^AT\+QICLOSE/, ERROR);
    await done(await rig.connect());
    assert.equal(await rig.store.read(STORE), "[]");
    line.answer(/^AT\+QIOPEN/, `${answer()}\r\n+QIOPEN: 0,565\r\n`);
    await refuses("SOCKET_DNS_FAILED", /mail\.example\.com:587/);
    await rig.clock.until(rig.sockets.settled());
    assert.equal(await rig.store.read(STORE), "[]");
    assert.deepEqual(opens(), ["0", "0"]);
  });

  it("stay recorded while the module cannot be told to close them, which happens before the next is opened", async () => {
    const log = new KeptLog();
    await open({ modem: { log } });
    const seen = collected(await rig.connect());
    line.always(/^AT\+QICLOSE/, undefined);
    rig.module.unplug();
    await rig.clock.run(() => seen.closed());
    await rig.clock.until(rig.sockets.settled());
    assert.equal(await rig.store.read(STORE), '["0:587"]');
    assert.ok(
      log.lines.some((text) => text.startsWith("debug socket 0 of the module could not be closed: Modem")),
    );
    rig.module.plug();
    await rig.clock.until(rig.modem.whenReady());
    await rig.clock.until(rig.pdp.activate());
    line.end();
    line.clear();
    await done(await rig.connect());
    assert.deepEqual(opens(), ["0"]);
    assert.equal(await rig.store.read(STORE), "[]");
  });

  it("are not closed in a module that has restarted meanwhile: they may be another program's by now", async () => {
    await open();
    const seen = collected(await rig.connect());
    rig.module.restart("restart");
    await rig.clock.run(() => seen.closed());
    await rig.clock.until(rig.modem.whenReady());
    await rig.clock.until(rig.sockets.settled());
    await rig.clock.advance(5_000);
    assert.deepEqual(closes(), []);
    await rig.clock.until(rig.pdp.activate());
    await done(await rig.connect());
    assert.equal(await rig.store.read(STORE), "[]");
  });

  /** Another program opens this id; what its peer sees. */
  async function othersOpen(id: number, port = 587): Promise<Collected> {
    await rig.clock.until(
      rig.modem.execute({
        line: `AT+QIOPEN=1,${id},"TCP","mail.example.com",${port},0,0`,
        headers: [],
        timeoutMs: 1_000,
        parse: () => undefined,
      }),
    );
    await rig.clock.advance(1_000);
    const seen = collected(rig.peer());
    line.clear();
    return seen;
  }
  /** Another program opens the id 0 once the module was made ready for us; what its peer sees. */
  async function othersSocket(): Promise<Collected> {
    await done(await rig.connect());
    return othersOpen(0);
  }
  /** A disk that takes no change that leaves no record, while it is full. */
  function disk(texts: readonly string[] = []) {
    const store = stored(texts);
    const write = store.write.bind(store);
    const state = { store, isFull: false };
    store.write = (key, text) =>
      state.isFull && text === "[]" ? Promise.reject(new Error("ENOSPC")) : write(key, text);
    return state;
  }

  it("of another program stay connected where an open of ours is called off while it waits for its turn", async () => {
    await open();
    const others = await othersSocket();
    line.answer(/^AT\+QIGETERROR/, undefined);
    const before = rig.modem.execute({
      line: "AT+QIGETERROR",
      headers: [],
      timeoutMs: 1_000,
      parse: () => undefined,
    });
    before.catch(() => undefined);
    const abort = new AbortController();
    const connecting = rig.sockets.connect(TARGET, abort.signal);
    connecting.catch(() => undefined);
    await rig.clock.advance(100);
    abort.abort(new Error("called off"));
    await assert.rejects(rig.clock.until(connecting), /^Error: called off$/);
    await assert.rejects(rig.clock.until(before), (error) => isModemError(error, "MODEM_TIMEOUT"));
    await rig.clock.until(rig.modem.whenReady());
    await rig.clock.until(rig.sockets.settled());
    assert.deepEqual([opens(), closes()], [[], []]);
    assert.equal(others.closed(), false);
    assert.equal(await rig.store.read(STORE), "[]");
    // The id is free for the next one, who finds it taken and goes on.
    const next = await rig.connect();
    assert.deepEqual(opens(), ["0", "1"]);
    await done(next);
    others.stop();
  });

  /** An open of ours is called off in this moment; what the module had to say of it comes afterwards. */
  async function calledOff(...later: readonly string[]): Promise<void> {
    const abort = new AbortController();
    const connecting = rig.sockets.connect(TARGET, abort.signal);
    connecting.catch(() => undefined);
    await rig.clock.advance(100);
    abort.abort(new Error("called off"));
    const stopped = rig.clock.now();
    await assert.rejects(rig.clock.until(connecting), /^Error: called off$/);
    assert.equal(rig.clock.now(), stopped);
    await rig.clock.advance(100);
    assert.deepEqual([opens(), closes()], [["0"], []]);
    for (const text of later) line.tell(text);
    await rig.clock.until(rig.sockets.settled());
    assert.equal(await rig.store.read(STORE), "[]");
  }
  const OPEN = /^AT\+QIOPEN/;
  const REASON = /^AT\+QIGETERROR/;
  const IN_USE = answer('+QIGETERROR: 563,"Socket identity has been used"');

  for (const [how, play, later] of [
    ["by a line", () => line.answer(OPEN, undefined), ["OK", "+QIOPEN: 0,563"]],
    [
      "by an error",
      () => {
        line.answer(OPEN, undefined);
        line.answer(REASON, IN_USE);
      },
      ["ERROR"],
    ],
    [
      "by an error whose reason the module owes",
      () => {
        line.answer(OPEN, ERROR);
        line.answer(REASON, undefined, IN_USE);
      },
      ['+QIGETERROR: 563,"Socket identity has been used"', "OK"],
    ],
  ] as const)
    it(`of another program stay connected where an open of ours is called off and refused ${how}`, async () => {
      await open();
      const others = await othersSocket();
      play();
      await calledOff(...later);
      assert.deepEqual(closes(), []);
      assert.equal(others.closed(), false);
      others.stop();
    });

  for (const [what, later] of [
    ["goes on with it", ["OK"]],
    ["has opened it", ["OK", "+QIOPEN: 0,0"]],
    ["could not open it", ["OK", "+QIOPEN: 0,566"]],
    ["refuses it for another reason", ["ERROR"]],
  ] as const)
    it(`are closed where an open of ours is called off and the module ${what}`, async () => {
      await open();
      line.answer(OPEN, undefined);
      line.answer(REASON, answer('+QIGETERROR: 554,"Create socket failed"'));
      await calledOff(...later);
      assert.deepEqual(closes(), ["0"]);
    });

  it("of another program stay connected where ours cannot be recorded on the disk", async () => {
    const store = memoryStore();
    let isFull = false;
    const write = store.write.bind(store);
    store.write = (key, text) => (isFull ? Promise.reject(new Error("ENOSPC")) : write(key, text));
    await open({ store });
    const others = await othersSocket();
    isFull = true;
    await assert.rejects(rig.connect(), /ENOSPC/);
    await rig.clock.until(rig.sockets.settled());
    isFull = false;
    assert.deepEqual([opens(), closes()], [[], []]);
    assert.equal(others.closed(), false);
    others.stop();
  });

  it("of another program are asked for again once a full disk takes the records of ours", async () => {
    const kept = disk();
    await open({ store: kept.store });
    const others = await othersSocket();
    kept.isFull = true;
    await assert.rejects(rig.connect(), /ENOSPC/);
    kept.isFull = false;
    const next = await rig.connect();
    assert.deepEqual(opens(), ["0", "0", "1"]);
    await done(next);
    assert.equal(others.closed(), false);
    assert.equal(await rig.store.read(STORE), "[]");
    others.stop();
  });

  it("of another program stay connected after a start of the module where a full disk has kept the record of ours", async () => {
    const kept = disk();
    await open({ store: kept.store });
    const ours = await rig.connect();
    kept.isFull = true;
    await done(ours);
    assert.equal(await rig.store.read(STORE), '["0:587"]');
    rig.module.restart("restart");
    await rig.clock.advance(1_000);
    await rig.clock.until(rig.modem.whenReady());
    await rig.clock.until(rig.pdp.activate());
    const others = await othersOpen(0);
    kept.isFull = false;
    const next = await rig.connect();
    assert.deepEqual([opens(), closes()], [["0", "1"], []]);
    await done(next);
    assert.equal(others.closed(), false);
    assert.equal(await rig.store.read(STORE), "[]");
    others.stop();
  });

  it("of another program stay connected where a full disk has kept the record of one that an earlier process left", async () => {
    const kept = disk(["0:587"]);
    await open({ store: kept.store });
    const left = await othersOpen(0);
    kept.isFull = true;
    await assert.rejects(rig.connect(), /ENOSPC/);
    assert.deepEqual(closes(), ["0"]);
    left.stop();
    const others = await othersOpen(0);
    kept.isFull = false;
    const next = await rig.connect();
    assert.deepEqual([opens(), closes()], [["0", "1"], []]);
    await done(next);
    assert.equal(others.closed(), false);
    others.stop();
  });

  it("left by an earlier process are closed, but not one that leads to another port by now", async () => {
    await open({
      store: stored([
        "3:587",
        "4:587",
        "5:587",
        "banana",
        "",
        "x6:587",
        "6:587x",
        "99:587",
        "12:587",
        "11:587",
      ]),
    });
    for (const [id, port] of [
      [3, 587],
      [4, 25],
      [6, 587],
      [11, 587],
    ] as const)
      (await othersOpen(id, port)).stop();
    const socket = await rig.connect();
    assert.deepEqual(closes(), ["3", "11"]);
    assert.equal(await rig.store.read(STORE), '["0:587"]');
    await done(socket);
  });

  it("in use are not closed when the module is made ready anew after a fault", async () => {
    await open();
    const kept = collected(await rig.connect());
    const broken = collected(await rig.connect());
    line.answer(/^AT\+QIRD=1,1500/, answer("+QIRD: 0"));
    line.answer(/^AT\+QIRD=1,0/, answer("+QIRD: 9,9,0"));
    line.tell('+QIURC: "closed",1');
    await rig.clock.run(() => broken.closed());
    assert.ok(isModemError(broken.error(), "SOCKET_DAMAGED"));
    await rig.clock.until(rig.sockets.settled());
    line.clear();
    const socket = await rig.connect();
    assert.equal(line.lines[0], "AT+QISDE=0");
    assert.equal(line.count(/^AT\+QISTATE/), 0);
    assert.deepEqual(closes(), []);
    rig.peers[0]?.write("alive");
    await rig.clock.run(() => kept.bytes().toString() === "alive", 1_000);
    assert.equal(await rig.store.read(STORE), '["0:587","1:587"]');
    await done(socket);
  });

  it("are not made ready anew after a connection that ended well", async () => {
    await open();
    await done(await rig.connect());
    line.clear();
    await done(await rig.connect());
    assert.match(line.lines[0] ?? "", /^AT\+QIOPEN/);
  });

  for (const step of ["AT+QISTATE=1,3", "AT+QISDE=0"]) {
    it(`are given up at once when called off while ${step} is not answered`, async () => {
      await open({ store: stored(["3:587"]) });
      line.always(new RegExp(step.replace("+", "\\+")), undefined);
      const abort = new AbortController();
      const connecting = rig.sockets.connect(TARGET, abort.signal);
      connecting.catch(() => undefined);
      await rig.clock.advance(100);
      abort.abort(new Error("called off"));
      const stopped = rig.clock.now();
      await assert.rejects(rig.clock.until(connecting), /^Error: called off$/);
      assert.equal(rig.clock.now(), stopped);
      assert.deepEqual(opens(), []);
    });
  }

  it("are not used where the module insists on hex digits, which is named", async () => {
    await open();
    line.always(/^AT\+QICFG="dataformat"$/, answer('+QICFG: "dataformat",0,1'));
    line.answer(/^AT\+QICFG="dataformat",0,0$/, ERROR);
    await assert.rejects(rig.connect(), (error) => {
      assert.ok(isModemError(error, "SOCKET_UNSUPPORTED"), String(error));
      assert.match(error.message, /hex digits \(dataformat\)$/);
      return true;
    });
    assert.deepEqual(opens(), []);
    await done(await rig.connect());
    assert.equal(line.count(/^AT\+QICFG="dataformat",0,0$/), 2);
  });

  it("are used without a setting that the module does not know, which is not set either", async () => {
    await open();
    line.always(/^AT\+QICFG="\w+"$/, ERROR);
    line.always(/^AT\+QISDE/, ERROR);
    const socket = await rig.connect();
    const seen = collected(socket);
    assert.equal(line.count(/^AT\+QICFG="\w+",/), 0);
    rig.peer().write("a\r\nb");
    await rig.clock.run(() => seen.bytes().toString() === "a\r\nb", 1_000);
    await done(socket);
  });

  it("are read with a comma behind the length where the module insists on it", async () => {
    await open();
    await rig.clock.until(
      rig.modem.execute({
        line: 'AT+QICFG="viewmode",1',
        headers: [],
        timeoutMs: 1_000,
        parse: () => undefined,
      }),
    );
    line.answer(/^AT\+QICFG="viewmode",0$/, ERROR);
    const socket = await rig.connect();
    const seen = collected(socket);
    rig.peer().write("a,b");
    await rig.clock.run(() => seen.bytes().toString() === "a,b", 1_000);
    await done(socket);
  });

  it("end with the data connection, not with its beginning", async () => {
    await open();
    const seen = collected(await rig.connect());
    rig.pdp.emit("changed", true);
    await rig.clock.advance(10);
    assert.equal(seen.closed(), false);
    rig.pdp.emit("changed", false);
    await rig.clock.run(() => seen.closed(), 10);
    assert.ok(isModemError(seen.error(), "PDP_LOST"), String(seen.error()));
  });
});
