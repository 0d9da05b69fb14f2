import assert from "node:assert/strict";
import { frameCheck } from "../../../lib/simulator/line/multiplexer";
import { Terminal } from "./terminal";

/** Close-down on the control channel, as published for 27.010 in the basic option. */
const CLOSE_DOWN = "\xf9\x03\xef\x05\xc3\x01\xf2\xf9";
const DISCONNECT = "\xf9\x03\x53\x01\xfd\xf9";

const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");

describe("A port left in multiplexing mode", () => {
  it("has the checksum of 27.010", () => {
    assert.equal(frameCheck([0x03, 0xef, 0x05]), 0xf2);
    assert.equal(frameCheck([0x03, 0x3f, 0x01]), 0x1c);
    assert.equal(frameCheck([0x03, 0x53, 0x01]), 0xfd);
  });

  it("is deaf to AT and to +++, and says nothing unasked", async () => {
    const terminal = Terminal.with();
    terminal.modem.multiplex();
    assert.equal(await terminal.type("AT\r", 5000), "");
    assert.equal(await terminal.type("+++", 5000), "");
    terminal.modem.raiseUrc("+CREG: 2");
    assert.equal(await terminal.after(5000), "");
  });

  for (const [what, frame, answer] of [
    ["CLD", CLOSE_DOWN, "f901ef05c101"],
    ["DISC of the control channel", DISCONNECT, "f9017301"],
  ] as const) {
    it(`answers ${what} and takes AT again`, async () => {
      const terminal = Terminal.with();
      terminal.modem.multiplex("usbat");
      await terminal.type("AT\rAT\r");
      const bytes = hex(await terminal.type(`\xf9${frame}`));
      assert.ok(bytes.startsWith(answer), bytes);
      assert.ok(bytes.endsWith("f9"));
      assert.equal(await terminal.type("ATE0\r"), "ATE0\r\r\nOK\r\n");
    });
  }

  it("was left so by AT+CMUX=0 of another program", async () => {
    const terminal = Terminal.with();
    assert.match(await terminal.type("AT+CMUX=1\r"), /ERROR/);
    assert.match(await terminal.type("AT+CMUX=0\r"), /OK/);
    assert.equal(await terminal.type("AT\r", 1000), "");
    await terminal.type(CLOSE_DOWN);
    assert.match(await terminal.type("AT\r"), /OK/);
  });

  it("keeps to itself what is damaged, for another channel, or without end", async () => {
    const terminal = Terminal.with();
    terminal.modem.multiplex();
    for (const frame of [
      CLOSE_DOWN.replace("\xf2", "\xf3"),
      "\xf9\x07\xef\x05\xc3\x01\xf2\xf9",
      `\xf9${"x".repeat(5000)}\xf9`,
      "\xf9\xf9\xf9",
    ]) {
      assert.equal(await terminal.type(frame, 1000), "");
    }
    assert.notEqual(await terminal.type(CLOSE_DOWN), "");
  });

  it("is the one port that was left so; a restart frees it", async () => {
    const terminal = Terminal.with({
      faults: [{ at: { command: "+CSQ" }, fault: { kind: "multiplexed", port: "usbmodem" } }],
    });
    const other = terminal.beside("usbmodem");
    await terminal.type("AT+CSQ\r");
    assert.match(await terminal.type("AT\r"), /OK/);
    assert.equal(await other.type("AT\r", 1000), "");
    terminal.modem.restart();
    await terminal.after(1000);
    assert.match(await other.type("AT\r"), /OK/);
  });
});
