/** A socket of the module believes the module's counts, and nothing else: what the line has changed is found out. */
import assert from "node:assert/strict";
import { isModemError } from "../../../lib/errors";
import { collected, socketRig, type SocketRig } from "../../support/socket-rig";

describe("a socket of the module, where the line changes what the module says,", () => {
  let rig: SocketRig;
  let change: (text: string) => string;

  beforeEach(async () => {
    change = (text) => text;
    rig = socketRig({
      watch: (transport) => {
        const emit = transport.emit.bind(transport);
        transport.emit = ((event: string, bytes: Buffer) =>
          Reflect.apply(emit, transport, [
            event,
            event === "data" ? Buffer.from(change(bytes.toString("latin1")), "latin1") : bytes,
          ])) as typeof transport.emit;
      },
    });
    await rig.ready();
  });
  afterEach(async () => {
    await rig.clock.advance(30_000);
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  /** Changes the first text that has it, and no later one. */
  const once = (before: string, after: string): void => {
    change = (text) => {
      const changed = text.replace(before, after);
      if (changed !== text) change = (rest) => rest;
      return changed;
    };
  };

  for (const result of ["SEND FAIL", "ERROR"]) {
    it(`sends no block again that the module has taken and called ${result}`, async () => {
      const { clock } = rig;
      const socket = await rig.connect();
      const server = collected(rig.peer());
      once("SEND OK", result);
      socket.write("once");
      socket.write(" and twice");
      await clock.until(socket.drained());
      assert.equal(server.bytes().toString(), "once and twice");
      socket.destroy();
    });
  }

  it("does not call bytes acknowledged of which the module has another number", async () => {
    const { clock } = rig;
    const socket = await rig.connect();
    const seen = collected(socket);
    socket.write("four");
    await clock.advance(10);
    once("+QISEND: 4,4,0", "+QISEND: 3,3,0");
    await assert.rejects(clock.until(socket.drained()), (error) => isModemError(error, "SOCKET_DAMAGED"));
    socket.destroy();
    assert.equal(seen.error(), undefined);
  });

  for (const [what, before, after] of [
    ["a number that is too small", "+QIRD: 9\r\n", "+QIRD: 4\r\n"],
    ["a number that is too large", "+QIRD: 9\r\n", "+QIRD: 99\r\n"],
    ["a header that is none", "+QIRD: 9\r\n", "+QIRX: 9\r\n"],
  ] as const) {
    it(`ends with an error, not with a gap, after ${what}`, async () => {
      const { clock } = rig;
      const socket = await rig.connect();
      const seen = collected(socket);
      once(before, after);
      rig.peer().write("abcd efgh");
      await clock.advance(100);
      rig.peer().end("ijkl");
      await clock.run(() => seen.closed(), 120_000);
      assert.ok(isModemError(seen.error(), "SOCKET_DAMAGED"), String(seen.error()));
      assert.equal(seen.ended(), false);
    });
  }

  it("ends with an error, not with a gap, after a block that was lost", async () => {
    const { clock } = rig;
    const socket = await rig.connect();
    const seen = collected(socket);
    change = (text) => text.replace("+QIRD: 9\r\n", "+QIRD: 0\r\n").replace("abcd efgh", "");
    rig.peer().write("abcd efgh");
    await clock.advance(100);
    rig.peer().end();
    await clock.run(() => seen.closed(), 120_000);
    assert.ok(isModemError(seen.error(), "SOCKET_DAMAGED"), String(seen.error()));
    assert.equal(seen.bytes().length, 0);
  });

  it("ends with an error where the module throws away what waits at the end", async () => {
    await rig.close();
    rig = socketRig({ module: { variants: { "data-after-closed": "lost" } } });
    await rig.ready();
    const { clock } = rig;
    const socket = await rig.connect();
    rig.peer().end("never read");
    await clock.advance(100);
    const seen = collected(socket);
    await clock.run(() => seen.closed(), 30_000);
    assert.ok(isModemError(seen.error(), "SOCKET_DAMAGED"), String(seen.error()));
  });

  it("asks again where a command line was damaged on its way and nothing was read", async () => {
    const { clock, module } = rig;
    const socket = await rig.connect();
    const seen = collected(socket);
    module.faults.set([{ at: { command: "+QIRD" }, fault: { kind: "result", result: { kind: "error" } } }]);
    rig.peer().write("abcd");
    await clock.run(() => seen.bytes().length === 4, 10_000);
    assert.equal(seen.error(), undefined);
    socket.destroy();
  });
});
