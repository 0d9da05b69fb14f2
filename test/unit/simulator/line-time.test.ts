import assert from "node:assert/strict";
import { OK } from "../../../lib/simulator";
import type { Timer } from "../../../lib/clock";
import { Wire } from "../../../lib/simulator/line/wire";
import { VirtualClock } from "../../support/virtual-clock";
import { Terminal } from "./terminal";

/** Milliseconds. */
const LATENESS = 3;

class LateClock extends VirtualClock {
  override after(ms: number, fire: () => void): Timer {
    return super.after(ms + LATENESS, fire);
  }
}

describe("The line of the simulated module", () => {
  it("takes ten bits a byte in both directions", async () => {
    const terminal = Terminal.with({ timing: { line: 9600 } });
    const typed = "AT+CSQ\r";
    const answer = "\r\n+CSQ: 23,99\r\n\r\nOK\r\n";
    terminal.write(`ATE0\r`);
    await terminal.after(1000);
    const start = terminal.clock.now();
    let received = "";
    terminal.write(typed);
    await terminal.clock.run(() => (received += terminal.take()).length === answer.length);
    assert.equal(received, answer);
    const expected = ((typed.length + answer.length) * 10 * 1000) / 9600;
    assert.ok(Math.abs(terminal.clock.now() - start - expected) < 0.01);
  });

  it("takes no longer for many bytes than for each of them", async () => {
    const terminal = Terminal.with({ timing: { line: 115_200 } });
    terminal.modem.define(async (context, next) => {
      if (context.name !== "+QFUPL") return next();
      await context.collect({ length: 100 * 1024, timeMs: 60_000 });
      return OK;
    });
    await terminal.type("ATE0\r", 100);
    await terminal.type("AT+QFUPL=1\r", 100);
    const start = terminal.clock.now();
    terminal.write("x".repeat(100 * 1024));
    await terminal.clock.until(terminal.line.drained());
    const bytesAlone = (100 * 1024 * 10 * 1000) / 115_200;
    assert.ok(Math.abs(terminal.clock.now() - start - bytesAlone) < 0.01);
  });

  it("keeps its rate when the timers of the host come late", async () => {
    const clock = new LateClock();
    let arrived = 0;
    const wire = new Wire(clock, () => 921_600, {
      bytes: (bytes) => (arrived += bytes.length),
      packetEnd: () => undefined,
    });
    wire.send([{ kind: "bytes", bytes: Buffer.alloc(100 * 1024) }]);
    await clock.until(wire.drained());
    assert.equal(arrived, 100 * 1024);
    const bytesAlone = (100 * 1024 * 10 * 1000) / 921_600;
    assert.ok(clock.now() >= bytesAlone && clock.now() < bytesAlone + 2 * LATENESS, `${clock.now()} ms`);
  });

  it("changes its rate with AT+IPR at once", async () => {
    const terminal = Terminal.with({ timing: { line: 9600 } });
    await terminal.type("ATE0+IPR=115200\r", 1000);
    const start = terminal.clock.now();
    terminal.write("AT\r");
    await terminal.clock.run(() => terminal.take() === "\r\nOK\r\n");
    assert.ok(terminal.clock.now() - start < 1);
  });

  it("waits its thinking time for each command", async () => {
    const terminal = Terminal.with({ timing: { thinkingMs: 30 } });
    await terminal.type("ATE0\r", 100);
    assert.equal(await terminal.type("AT+CSQ;+CSQ\r", 59), "\r\n+CSQ: 23,99\r\n");
    assert.equal(await terminal.after(1), "+CSQ: 23,99\r\n\r\nOK\r\n");
  });

  it("takes one host at a time, and the next when that has closed", async () => {
    const terminal = Terminal.with();
    assert.throws(() => terminal.beside("usbat"), /cannot be opened/);
    terminal.line.close();
    assert.equal(await terminal.beside("usbat").type("AT\r"), "AT\r\r\nOK\r\n");
  });

  it("sends nothing to a host that comes later", async () => {
    const terminal = Terminal.with();
    terminal.line.close();
    terminal.modem.raiseUrc("+CREG: 2");
    terminal.reopen();
    assert.equal(await terminal.after(1), "");
  });
});
