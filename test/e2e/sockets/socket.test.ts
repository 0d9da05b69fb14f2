/** A TCP connection of the module as a stream: what its user sees of it. */
import assert from "node:assert/strict";
import { isModemError } from "../../../lib/errors";
import { collected, socketRig, type SocketRig, type SocketRigOptions } from "../../support/socket-rig";

describe("a socket of the module", () => {
  let rig: SocketRig;
  const open = async (options: SocketRigOptions = {}): Promise<SocketRig> => {
    rig = socketRig(options);
    await rig.ready();
    rig.commands();
    return rig;
  };
  afterEach(async () => {
    // QICLOSE waits a second for the peer.
    await rig.clock.advance(3_000);
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  it("carries bytes both ways, with few command lines, and is closed in the module at its end", async () => {
    const { clock, connect, peer, commands } = await open();
    const socket = await connect();
    const seen = collected(socket);
    const server = collected(peer());
    peer().write("220 mail.example.com ready\r\n");
    await clock.run(() => seen.bytes().length === 28);
    socket.write("EHLO x\r\n");
    await clock.run(() => server.bytes().length === 8);
    peer().end("221 bye\r\n");
    await clock.run(() => seen.closed());
    await clock.advance(100);
    assert.equal(seen.bytes().toString(), "220 mail.example.com ready\r\n221 bye\r\n");
    assert.equal(seen.ended(), true);
    assert.equal(seen.error(), undefined);
    assert.deepEqual(commands(), [
      "AT+QISDE=0",
      'AT+QICFG="dataformat"',
      'AT+QICFG="viewmode"',
      'AT+QICFG="recvind"',
      'AT+QIOPEN=1,0,"TCP","mail.example.com",587,0,0',
      "AT+QIRD=0,1500",
      "AT+QIRD=0,1500",
      "AT+QISEND=0,8",
      "AT+QIRD=0,1500",
      "AT+QIRD=0,1500",
      "AT+QIRD=0,1500",
      "AT+QIRD=0,0",
      "AT+QICLOSE=0,1",
    ]);
    assert.equal((await rig.store.read("sockets")) ?? "[]", "[]");
  });

  it("makes the module ready once in each of its starts", async () => {
    const { clock, connect, commands, module, modem } = await open();
    (await connect()).destroy();
    await clock.advance(2_000);
    commands();
    (await connect()).destroy();
    await clock.advance(2_000);
    assert.deepEqual(commands().slice(0, 1), ['AT+QIOPEN=1,0,"TCP","mail.example.com",587,0,0']);
    module.restart("restart");
    await clock.run(() => modem.state.name !== "ready");
    await clock.until(modem.whenReady());
    await clock.until(rig.pdp.activate());
    commands();
    (await connect()).destroy();
    assert.equal(commands()[0], "AT+QISDE=0");
  });

  it("puts right what another program has set: hex digits, another framing, lengths", async () => {
    const { clock, connect, peer, commands, modem } = await open();
    for (const line of ['AT+QICFG="dataformat",1,1', 'AT+QICFG="viewmode",1', 'AT+QICFG="recvind",1']) {
      await clock.until(modem.execute({ line, headers: [], timeoutMs: 1_000, parse: () => undefined }));
    }
    commands();
    const socket = await connect();
    const seen = collected(socket);
    peer().write("a\r\nb");
    await clock.run(() => seen.bytes().length === 4);
    assert.deepEqual(
      commands().filter((line) => /^AT\+QICFG="\w+",/.test(line)),
      ['AT+QICFG="dataformat",0,0', 'AT+QICFG="viewmode",0', 'AT+QICFG="recvind",0'],
    );
    socket.destroy();
  });

  it("reads on after end() until the peer has ended, and says so", async () => {
    const { clock, connect, peer } = await open();
    const socket = await connect();
    const seen = collected(socket);
    socket.end("QUIT\r\n");
    await clock.run(() => socket.writableFinished);
    peer().end("221 bye\r\n");
    await clock.run(() => seen.closed());
    assert.equal(seen.bytes().toString(), "221 bye\r\n");
    assert.equal(seen.ended(), true);
  });

  it("does not wait for a peer that never ends, nor for a reader who has stopped reading", async () => {
    for (const reads of [true, false]) {
      const { clock, connect, commands, module } = await open();
      const socket = await connect();
      let closed = false;
      socket.on("close", () => (closed = true));
      if (reads) socket.resume();
      const start = clock.now();
      socket.end("QUIT\r\n");
      await clock.run(() => closed);
      assert.ok(clock.now() - start < 12_000);
      await clock.run(() => module.log.lines().includes("AT+QICLOSE=0,1"));
      await clock.advance(2_000);
      commands();
      if (reads) await rig.close();
    }
  });

  it("tells when the peer has everything", async () => {
    const { clock, connect, peer } = await open({ module: { timing: { roundTripMs: 400 } } });
    const socket = await connect();
    const server = collected(peer());
    const start = clock.now();
    socket.write(Buffer.alloc(5_000));
    await clock.until(socket.drained());
    assert.equal(server.bytes().length, 5_000);
    assert.ok(clock.now() - start >= 400);
    socket.destroy();
    await assert.rejects(socket.drained());
  });

  it("emits timeout after silence, and not while bytes pass", async () => {
    const { clock, connect, peer } = await open();
    const socket = await connect();
    socket.resume();
    let timeouts = 0;
    socket.setTimeout(3_000, () => timeouts++);
    for (let second = 0; second < 5; second++) {
      await clock.advance(1_000);
      peer().write("x");
    }
    assert.equal(timeouts, 0);
    await clock.advance(3_100);
    assert.equal(timeouts, 1);
    assert.equal(socket.timeout, 3_000);
    socket.setTimeout(0);
    await clock.advance(10_000);
    assert.equal(timeouts, 1);
    assert.equal(socket.setNoDelay().setKeepAlive().ref().unref(), socket);
    socket.destroy();
  });

  it("lets status polls pass between two blocks", async () => {
    const { clock, connect, peer, modem } = await open({ module: { timing: { line: 115_200 } } });
    const socket = await connect();
    const server = collected(peer());
    socket.write(Buffer.alloc(30_000));
    let slowest = 0;
    let polls = 0;
    while (server.bytes().length < 29_000) {
      const start = clock.now();
      await clock.until(
        modem.execute({ line: "AT+CSQ", headers: ["+CSQ"], timeoutMs: 5_000, parse: () => undefined }),
      );
      slowest = Math.max(slowest, clock.now() - start);
      polls++;
    }
    // One block of 1460 bytes takes 127 ms on this line.
    assert.ok(slowest < 200, `${slowest} ms`);
    assert.ok(polls > 10);
    socket.destroy();
  });

  it("holds a peer back while nobody reads, and the writer while the peer does not", async function () {
    this.timeout(60_000);
    const { clock, connect, peer } = await open({ module: { variants: { "send-buffer": "5840" } } });
    const socket = await connect();
    await clock.advance(1_000);
    peer().write(Buffer.alloc(2_000_000));
    await clock.advance(60_000);
    assert.ok(socket.readableLength <= 32 * 1024, `${socket.readableLength} bytes held`);
    const seen = collected(socket);
    await clock.run(() => seen.bytes().length === 2_000_000);
    socket.destroy();
  });

  it("waits for the peer's acknowledgements when the module is full, and repeats nothing blindly", async () => {
    const { clock, connect, peer, commands } = await open({
      module: { variants: { "send-buffer": "5840" }, timing: { uplink: 5_000, roundTripMs: 300 } },
    });
    const socket = await connect();
    const server = collected(peer());
    const bytes = Buffer.from(Array.from({ length: 40_000 }, (_value, at) => (at * 7) & 0xff));
    commands();
    socket.write(bytes);
    await clock.until(socket.drained());
    assert.ok(server.bytes().equals(bytes));
    const sends = commands().filter((line) => /^AT\+QISEND=0,[1-9]/.test(line)).length;
    assert.ok(sends <= 30, `${sends} blocks for 28`);
    socket.destroy();
  });

  for (const [what, options, code] of [
    [
      "a peer that refuses",
      { at: { socket: "open" }, fault: { kind: "openError", error: 566 } },
      "SOCKET_CONNECT_FAILED",
    ],
    [
      "a name that is not found",
      { at: { socket: "open" }, fault: { kind: "openError", error: 565 } },
      "SOCKET_DNS_FAILED",
    ],
    [
      "a peer that does not answer",
      { at: { socket: "open" }, fault: { kind: "openError", error: 569 } },
      "SOCKET_TIMEOUT",
    ],
  ] as const) {
    it(`names ${what}, and the id is free again`, async () => {
      const { clock, connect, store } = await open({ module: { faults: [options] } });
      await assert.rejects(connect(), (error) => isModemError(error, code));
      await clock.advance(1_000);
      assert.equal(await store.read("sockets"), "[]");
      const socket = await connect();
      assert.equal(socket.remotePort, 587);
      assert.equal(socket.remoteHost, "mail.example.com");
      socket.destroy();
    });
  }

  it("says so where the module knows no sockets", async () => {
    const { connect } = await open({ module: { variants: { "socket-commands": "absent" } } });
    await assert.rejects(connect(), (error) => isModemError(error, "SOCKET_UNSUPPORTED"));
  });

  it("takes no notice of a result line that was lost, and none of a lost recv or closed", async () => {
    const { clock, connect, peer } = await open({
      module: {
        faults: (["+QIOPEN", '+QIURC: "recv"', '+QIURC: "closed"'] as const).map((urc) => ({
          at: { urc, nth: "every" },
          fault: { kind: "lose" },
        })),
      },
    });
    const socket = await connect();
    const seen = collected(socket);
    peer().write("one");
    await clock.run(() => seen.bytes().length === 3, 10_000);
    socket.write("more?");
    peer().write("two");
    await clock.run(() => seen.bytes().length === 6, 10_000);
    peer().end();
    await clock.run(() => seen.closed(), 120_000);
    assert.equal(seen.ended(), true);
  });

  it("is broken when the module stays full although the peer has everything", async () => {
    const { clock, connect, commands } = await open({
      module: { faults: [{ at: { socket: "send", nth: "every" }, fault: { kind: "sendFail" } }] },
    });
    const socket = await connect();
    const seen = collected(socket);
    socket.write("x");
    await clock.run(() => seen.closed(), 180_000);
    assert.ok(isModemError(seen.error(), "SOCKET_STALLED"));
    const count = commands().length;
    assert.ok(count < 250, `${count} command lines`);
  });

  it("sends a block once that the module has refused once, or has taken and called refused", async () => {
    for (const reply of [undefined, "lied"]) {
      const { clock, connect, peer, module } = await open();
      const socket = await connect();
      const server = collected(peer());
      module.faults.set([
        reply === undefined
          ? { at: { command: "+QISEND" }, fault: { kind: "result", result: { kind: "error" } } }
          : { at: { socket: "send" }, fault: { kind: "sendFail" } },
      ]);
      socket.write("once");
      await clock.until(socket.drained());
      assert.equal(server.bytes().toString(), "once");
      socket.destroy();
      await clock.advance(3_000);
      if (reply === undefined) await rig.close();
    }
  });

  it("is broken when no byte is acknowledged for two minutes", async () => {
    const { clock, connect } = await open({
      module: { faults: [{ at: { socket: "up", byte: 5 }, fault: { kind: "silence" } }] },
    });
    const socket = await connect();
    const seen = collected(socket);
    const start = clock.now();
    socket.write("hello hello");
    await clock.run(() => seen.closed());
    assert.ok(isModemError(seen.error(), "SOCKET_STALLED"));
    const after = clock.now() - start;
    assert.ok(after >= 120_000 && after < 135_000, `${after} ms`);
  });

  for (const [what, strike, code] of [
    ["restart of the module", (rig: SocketRig) => rig.module.restart("restart"), "MODEM_RESET"],
    ["lost cable", (rig: SocketRig) => rig.module.unplug(), "PORT_UNPLUGGED"],
    [
      "lost data connection",
      (rig: SocketRig) => {
        rig.module.faults.set([{ at: { command: "+CSQ" }, fault: { kind: "contextLoss" } }]);
        void rig.modem.execute({
          line: "AT+CSQ",
          headers: ["+CSQ"],
          timeoutMs: 1_000,
          parse: () => undefined,
        });
      },
      "PDP_LOST",
    ],
  ] as const) {
    it(`ends at once with a ${what}, all of them`, async () => {
      const { clock, connect } = await open();
      const all = [await connect(), await connect()].map(collected);
      const start = clock.now();
      strike(rig);
      await clock.run(() => all.every((seen) => seen.closed()));
      for (const seen of all) assert.ok(isModemError(seen.error(), code), String(seen.error()));
      assert.ok(clock.now() - start < 100);
    });
  }

  it("ends at once when we deactivate its context, and within two looks when another program does", async () => {
    const { clock, connect, pdp, modem } = await open();
    const ours = collected(await connect());
    const begun = clock.now();
    await clock.until(pdp.deactivate());
    await clock.run(() => ours.closed());
    assert.ok(isModemError(ours.error(), "PDP_LOST"));
    assert.ok(clock.now() - begun < 100);
    await clock.until(pdp.activate());
    const theirs = collected(await connect());
    const line = "AT+QIDEACT=1";
    await clock.until(modem.execute({ line, headers: [], timeoutMs: 40_000, parse: () => undefined }));
    await clock.run(() => theirs.closed(), 12_000);
    assert.ok(isModemError(theirs.error(), "SOCKET_CLOSED"));
  });

  it("closes what an earlier process left, and nothing of another program", async () => {
    const first = await open();
    const left = collected(await first.connect());
    await first.close();
    assert.ok(isModemError(left.error(), "PORT_CLOSED"));
    const { module, store } = first;
    rig = socketRig({ clock: first.clock, store }, module);
    await rig.ready();
    rig.commands();
    const foreign = { line: 'AT+QIOPEN=1,1,"TCP","mail.example.com",25,0,0', headers: [], timeoutMs: 1_000 };
    await rig.clock.until(rig.modem.execute({ ...foreign, parse: () => undefined }));
    const socket = await rig.connect();
    const closing = rig.commands().filter((line) => line.startsWith("AT+QICLOSE"));
    assert.deepEqual(closing, ["AT+QICLOSE=0,1"]);
    const second = await rig.connect();
    assert.ok(rig.commands().some((line) => line.startsWith("AT+QIOPEN=1,2")));
    socket.destroy();
    second.destroy();
    await rig.clock.advance(3_000);
    assert.ok(!rig.commands().includes("AT+QICLOSE=1,1"));
  });

  it("may be given up while it is opened, and is closed in the module", async () => {
    const { clock, sockets, module } = await open({ module: { timing: { roundTripMs: 5_000 } } });
    const abort = new AbortController();
    const opening = sockets.connect({ contextId: 1, host: "mail.example.com", port: 587 }, abort.signal);
    clock.after(100, () => abort.abort(new Error("given up")));
    await assert.rejects(clock.until(opening), /given up/);
    await clock.run(() => module.log.lines().includes("AT+QICLOSE=0,1"));
    await clock.advance(5_000);
  });
});
