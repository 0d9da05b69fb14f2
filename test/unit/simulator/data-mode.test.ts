import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { OK, type Collected, type CollectOptions } from "../../../lib/simulator";
import { Terminal } from "./terminal";

/** A module whose AT+QFUPL=... collects as told and answers with what it got. */
async function collecting(options: CollectOptions, before = "ATE0\r"): Promise<Terminal> {
  const terminal = Terminal.with();
  terminal.modem.define(async (context, next) => {
    if (context.name !== "+QFUPL") return next();
    const collected: Collected = await context.collect(options);
    context.info(`+QFUPL: ${collected.end},${collected.bytes.toString("latin1")}`);
    return OK;
  });
  await terminal.type(before);
  await terminal.type("AT+QFUPL=1\r");
  return terminal;
}

const minute = 60_000;

describe("Data mode of the simulated module", () => {
  it("begins with CONNECT, echoes nothing and ends with the last byte", async () => {
    const terminal = Terminal.with();
    terminal.modem.define(async (context, next) => {
      if (context.name !== "+QFUPL") return next();
      await context.collect({ connect: "CONNECT 3", length: 3, timeMs: minute });
      return OK;
    });
    assert.equal(await terminal.type("AT+QFUPL=1\r"), "AT+QFUPL=1\r\r\nCONNECT 3\r\n");
    assert.equal(await terminal.type("a\r"), "");
    assert.equal(await terminal.type("\n"), "\r\nOK\r\n");
  });

  it("drops what comes in the packet behind the last byte, and takes the next packet as a command", async () => {
    const terminal = await collecting({ length: 3, timeMs: minute });
    assert.equal(await terminal.type("abcAT+CSQ\r"), "\r\n+QFUPL: length,abc\r\n\r\nOK\r\n");
    assert.equal(await terminal.type("AT\r"), "\r\nOK\r\n");
  });

  it("leaves nothing behind that would fill the memory of a module that runs for weeks", async () => {
    const terminal = Terminal.with();
    const signals: AbortSignal[] = [];
    terminal.modem.define(async (context, next) => {
      if (context.name !== "+QFUPL") return next();
      signals.push(context.signal);
      await context.collect({ length: 3, timeMs: minute });
      return OK;
    });
    await terminal.type("AT+QFUPL=1\r");
    await terminal.type("abc");
    assert.deepEqual(
      signals.map((signal) => getEventListeners(signal, "abort").length),
      [0],
    );
  });

  it("does not take the LF behind the command line for data", async () => {
    const terminal = Terminal.with();
    terminal.modem.define(async (context, next) => {
      if (context.name !== "+QFUPL") return next();
      const { bytes } = await context.collect({ length: 1, timeMs: minute });
      context.info(bytes.toString());
      return OK;
    });
    await terminal.type("ATE0\r");
    assert.equal(await terminal.type("AT+QFUPL=1\r\n"), "\r\nCONNECT\r\n");
    assert.equal(await terminal.type("x"), "\r\nx\r\n\r\nOK\r\n");
  });

  it("ends when its time from CONNECT is over", async () => {
    const terminal = await collecting({ length: 9, timeMs: 10_000 });
    await terminal.type("ab", 9000);
    assert.equal(await terminal.type("c", 1000), "\r\n+QFUPL: time,abc\r\n\r\nOK\r\n");
  });

  it("ends when its time from the last byte is over", async () => {
    const terminal = await collecting({ length: 9, timeMs: 10_000, timeFrom: "lastByte" });
    await terminal.type("ab", 9000);
    assert.equal(await terminal.type("c", 9000), "");
    assert.equal(await terminal.after(1000), "\r\n+QFUPL: time,abc\r\n\r\nOK\r\n");
  });

  it("ends with +++ between two silences of one second, which are no data", async () => {
    const terminal = await collecting({ length: 9, timeMs: minute });
    await terminal.type("ab", 1000);
    assert.equal(await terminal.type("+++", 999), "");
    assert.equal(await terminal.after(1), "\r\n+QFUPL: escape,ab\r\n\r\nOK\r\n");
  });

  it("ends with +++ that comes in pieces within a second", async () => {
    const terminal = await collecting({ length: 9, timeMs: minute });
    await terminal.after(1000);
    await terminal.type("++", 300);
    assert.equal(await terminal.type("+", 1001), "\r\n+QFUPL: escape,\r\n\r\nOK\r\n");
  });

  const payloads: readonly (readonly [why: string, pieces: readonly (readonly [string, number])[]])[] = [
    [
      "no silence stands before it",
      [
        ["ab", 999],
        ["+++", 5000],
        ["cdef", 1],
      ],
    ],
    [
      "no silence stands behind it",
      [
        ["ab", 1000],
        ["+++", 999],
        ["cdef", 1],
      ],
    ],
    [
      "a CR follows",
      [
        ["ab", 1000],
        ["+++\r", 5000],
        ["def", 1],
      ],
    ],
    [
      "a fourth follows",
      [
        ["ab", 1000],
        ["++++", 5000],
        ["def", 1],
      ],
    ],
    [
      "it takes longer than a second",
      [
        ["ab", 1000],
        ["+", 600],
        ["+", 600],
        ["+", 5000],
        ["cdef", 1],
      ],
    ],
    [
      "it is not whole",
      [
        ["ab", 1000],
        ["++", 5000],
        ["cdefg", 1],
      ],
    ],
  ];
  for (const [why, pieces] of payloads) {
    it(`takes +++ as data when ${why}`, async () => {
      const terminal = await collecting({ length: 9, timeMs: minute });
      let answer = "";
      for (const [piece, ms] of pieces) answer += await terminal.type(piece, ms);
      const sent = pieces.map(([piece]) => piece).join("");
      assert.equal(answer, `\r\n+QFUPL: length,${sent}\r\n\r\nOK\r\n`);
    });
  }

  it("has the guard time of S12", async () => {
    const terminal = await collecting({ length: 9, timeMs: minute }, "ATE0S12=100\r");
    await terminal.after(2000);
    assert.equal(await terminal.type("+++", 1999), "");
    assert.equal(await terminal.after(1), "\r\n+QFUPL: escape,\r\n\r\nOK\r\n");
  });

  it("ends when DTR goes off, but not under AT&D0", async () => {
    const terminal = await collecting({ length: 9, timeMs: minute });
    await terminal.type("ab");
    terminal.line.setDtr(false);
    assert.equal(await terminal.after(1), "\r\n+QFUPL: dtr,ab\r\n\r\nOK\r\n");

    const deaf = await collecting({ length: 9, timeMs: minute }, "ATE0&D0\r");
    deaf.line.setDtr(false);
    assert.equal(await deaf.after(1), "");
  });

  it("tells of each full block", async () => {
    const terminal = Terminal.with();
    terminal.modem.define(async (context, next) => {
      if (context.name !== "+QFUPL") return next();
      await context.collect({ length: 5, timeMs: minute, blockSize: 2, onBlock: () => context.raw("A") });
      return OK;
    });
    await terminal.type("ATE0\r");
    await terminal.type("AT+QFUPL=1\r");
    assert.equal(await terminal.type("abcde"), "AA\r\nOK\r\n");
  });

  it("holds unsolicited lines back until it ends, or loses them where firmware does so", async () => {
    for (const variant of ["held", "lost"] as const) {
      const terminal = Terminal.with({ variants: { "data-mode-urc": variant } });
      terminal.modem.define(async (context, next) => {
        if (context.name !== "+QFUPL") return next();
        await context.collect({ length: 1, timeMs: minute });
        return OK;
      });
      await terminal.type("ATE0\r");
      await terminal.type("AT+QFUPL=1\r");
      terminal.modem.raiseUrc("+CREG: 2");
      assert.equal(await terminal.after(1), "");
      assert.equal(
        await terminal.type("x"),
        variant === "held" ? "\r\nOK\r\n\r\n+CREG: 2\r\n" : "\r\nOK\r\n",
      );
    }
  });

  it("leaves other ports alone, or lets them wait where firmware does so", async () => {
    for (const variant of ["answers", "waits"] as const) {
      const terminal = Terminal.with({ variants: { "data-mode-other-port": variant } });
      const other = terminal.beside("usbmodem");
      await other.type("ATE0\r");
      await terminal.type('AT+QFUPL="RAM:x",2\r');
      assert.equal(await other.type("AT+CFUN?\r"), variant === "answers" ? "\r\n+CFUN: 1\r\n\r\nOK\r\n" : "");
      await terminal.type("ab");
      assert.equal(await other.after(1), variant === "answers" ? "" : "\r\n+CFUN: 1\r\n\r\nOK\r\n");
    }
  });

  it("is left without an answer when the module restarts", async () => {
    const terminal = await collecting({ length: 9, timeMs: minute });
    await terminal.type("ab");
    terminal.modem.restart();
    assert.match(await terminal.after(1), /^\r\nRDY\r\n/);
    assert.equal(await terminal.after(2 * minute), "");
  });
});
