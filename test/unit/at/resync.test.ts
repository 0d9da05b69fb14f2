import assert from "node:assert/strict";
import fc from "fast-check";
import { frameCheck } from "../../../lib/simulator/line/multiplexer";
import { asking, openBench, openSyncedBench, telling, withCode } from "../../support/at-bench";
import type { Reply } from "../../support/scripted-transport";

const CSQ = "\r\n+CSQ: 19,99\r\n\r\nOK\r\n";
const OK = "\r\nOK\r\n";
const silent: Reply = () => undefined;

describe("the resync ladder", () => {
  it("listens first, switches echo off and words on, and asks what nothing else answers", async () => {
    const { clock, modem, channel, events } = openBench();
    const synced = channel.sync();
    await clock.advance(299);
    assert.deepEqual(modem.written, []);
    await clock.until(synced);
    assert.deepEqual(modem.written, ["ATE0Q0V1", "AT+CMEE?"]);
    assert.deepEqual(events, ["synced"]);
    assert.equal(channel.state, "idle");
    assert.equal(clock.timers, 0);
  });

  it("listens until the line is silent, but not for ever", async () => {
    const { clock, modem, channel } = openBench();
    const synced = channel.sync();
    for (let count = 0; count < 9; count++) {
      await clock.advance(200);
      assert.deepEqual(modem.written, []);
      modem.send("\r\n+QIND: x\r\n");
    }
    const chatter = setInterval(() => modem.send("\r\n+QIND: x\r\n"), 0);
    await clock.until(synced, 5_000).finally(() => clearInterval(chatter));
  });

  it("is started by the first command", async () => {
    const { clock, modem, channel } = openBench({ "AT+CSQ": CSQ });
    await clock.until(channel.execute(asking("AT+CSQ", "+CSQ")));
    assert.deepEqual(modem.written, ["ATE0Q0V1", "AT+CMEE?", "AT+CSQ"]);
  });

  it("runs once for all who want it, after the command in flight and before those that wait", async () => {
    const { clock, modem, channel } = await openSyncedBench({ "AT+A": OK, "AT+B": OK });
    const first = channel.execute(telling("AT+A"));
    const second = channel.execute(telling("AT+B"));
    await Promise.resolve();
    await clock.until(Promise.all([first, channel.sync(), channel.sync(), second]));
    assert.deepEqual(modem.written, ["AT+A", "ATE0Q0V1", "AT+CMEE?;+CMEE?", "AT+B"]);
  });

  it("does not take the OK of an earlier command for the answer to its probe", async () => {
    const { clock, modem, channel } = openBench({ ATE0Q0V1: silent, "AT+CMEE?": OK });
    await clock.until(channel.sync());
    assert.equal(modem.written.at(-1), "AT+CMEE?;+CMEE?");
  });

  it("does not take the late answer to one probe for the answer to the next", async () => {
    let asked = 0;
    const { clock, modem, channel } = openBench({
      "AT+CMEE?": silent,
      "AT+CMEE?;+CMEE?": () => {
        asked++;
        return "\r\n+CMEE: 1\r\n\r\nOK\r\n";
      },
    });
    const synced = channel.sync();
    await clock.advance(2_000);
    assert.equal(asked, 1);
    assert.equal(channel.state, "syncing");
    modem.send("\r\n+CMEE: 1\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n");
    await clock.until(synced);
    assert.equal(clock.timers, 0);
  });

  for (const pause of [0, 50]) {
    it(`tries again when another result follows the answer to its probe ${pause} ms later`, async () => {
      const { clock, modem, channel } = openBench({
        "AT+CMEE?": (_line, transport) => {
          clock.after(pause, () => transport.send("\r\nERROR\r\n"));
          return `\r\n+CMEE: 1\r\n\r\nOK\r\n${pause === 0 ? "\r\nERROR\r\n" : ""}`;
        },
      });
      await clock.until(channel.sync());
      assert.equal(modem.written.at(-1), "AT+CMEE?;+CMEE?");
    });
  }

  for (const [when, answer, before] of [
    [
      "after two tries to which no line came",
      silent,
      ["ATE0Q0V1", "AT+CMEE?", "", "ATE0Q0V1", "AT+CMEE?;+CMEE?"],
    ],
    [
      "after three tries where something came",
      "rubbish\r\n",
      ["ATE0Q0V1", "AT+CMEE?", "", "ATE0Q0V1", "AT+CMEE?;+CMEE?", "ATE0Q0V1", "AT+CMEE?;+CMEE?;+CMEE?"],
    ],
  ] as const) {
    it(`leaves a data state by +++ ${when}, with silence around it and no CR behind it (D1)`, async () => {
      const { clock, modem, channel } = openBench({ ATE0Q0V1: answer });
      for (const count of [1, 2, 3]) modem.replies[`AT${Array(count).fill("+CMEE?").join(";")}`] = silent;
      const times: { at: number; text: string }[] = [];
      const write = modem.write.bind(modem);
      modem.write = (bytes) => {
        times.push({ at: clock.now(), text: Buffer.from(bytes).toString() });
        return write(bytes);
      };
      const synced = channel.sync();
      await clock.until(synced);
      const plus = times.findIndex(({ text }) => text === "+++");
      assert.deepEqual(
        times.slice(0, plus).map(({ text }) => text.trim()),
        before,
      );
      const at = times[plus]?.at ?? 0;
      assert.ok(at - (times[plus - 1]?.at ?? 0) >= 1_000);
      assert.ok((times[plus + 1]?.at ?? 0) - at >= 1_000);
    });
  }

  it("lowers and raises DTR when +++ does not help, then gives up: nothing came, the modem is silent", async () => {
    const { clock, modem, channel } = openBench({ ATE0Q0V1: silent });
    for (const count of [1, 2, 3, 4]) modem.replies[`AT${Array(count).fill("+CMEE?").join(";")}`] = silent;
    const waiting = channel.execute(telling("AT"));
    await assert.rejects(clock.until(channel.sync(), 30_000), withCode("MODEM_SILENT"));
    await assert.rejects(waiting, withCode("MODEM_SILENT"));
    assert.deepEqual(modem.lines, [{ dtr: false }, { dtr: true }]);
    assert.equal(channel.state, "outOfSync");
    assert.equal(clock.timers, 0);
  });

  describe("for a port in multiplexing mode", () => {
    /** CLD on the control channel, DISC of it, and an end of the line for a module that has no multiplexer. */
    const CLOSE_DOWN = "\xf9\x03\xef\x05\xc3\x01\xf2\xf9\xf9\x03\x53\x01\xfd\xf9\r";

    /** What the module says to the close-down frames; before them it is deaf. */
    function multiplexedBench(answer: string, then: "answers" | "isSilent") {
      const bench = openBench();
      const { modem } = bench;
      const write = modem.write.bind(modem);
      const raw: string[] = [];
      let isDeaf = true;
      modem.write = (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        raw.push(text);
        if (text === CLOSE_DOWN) {
          modem.send(answer);
          isDeaf = then === "isSilent";
          return Promise.resolve();
        }
        return isDeaf ? Promise.resolve() : write(bytes);
      };
      bench.channel.on("multiplexed", () => bench.events.push("multiplexed"));
      return { ...bench, raw };
    }

    for (const [what, answer] of [
      ["CLD", "\xf9\x01\xef\x05\xc1\x01\xb9\xf9"],
      ["DISC", "\xf9\x01\x73\x01\xb6\xf9"],
    ] as const) {
      it(`sends the close-down frames last and says so, where ${what} is answered`, async () => {
        const { clock, channel, events, raw } = multiplexedBench(withChecksum(answer), "answers");
        await clock.until(channel.sync(), 60_000);
        assert.deepEqual(
          events.filter((event) => !event.startsWith("unsolicited")),
          ["multiplexed", "synced"],
        );
        const sent = raw.indexOf(CLOSE_DOWN);
        assert.ok(sent > raw.indexOf("+++") && raw.indexOf("+++") > 0, raw.join("|"));
        assert.equal(raw.filter((text) => text === CLOSE_DOWN).length, 1);
      });
    }

    it("is not said of a module that answers late, nor of one that is silent", async () => {
      const late = multiplexedBench("", "answers");
      await late.clock.until(late.channel.sync(), 60_000);
      assert.deepEqual(late.events, ["synced"]);
      const silent = multiplexedBench("", "isSilent");
      await assert.rejects(silent.clock.until(silent.channel.sync(), 60_000), withCode("MODEM_SILENT"));
    });

    it("fails by its name when frames come, but no answer to a command line", async () => {
      const { clock, channel } = multiplexedBench(withChecksum("\xf9\x01\xef\x05\xc1\x01?\xf9"), "isSilent");
      await assert.rejects(clock.until(channel.sync(), 60_000), withCode("PORT_MULTIPLEXED"));
    });

    it("is not taken from bytes without sense, as of a wrong line rate", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
          const noise = `\xf9\x01\xef${Buffer.from(bytes).toString("latin1")}\xf9`;
          fc.pre(!holdsControlFrame(Buffer.from(noise, "latin1")));
          const { clock, channel } = multiplexedBench(noise, "isSilent");
          await assert.rejects(clock.until(channel.sync(), 60_000), withCode("MODEM_OUT_OF_SYNC"));
        }),
        { numRuns: 20 },
      );
    });

    /** `frame` with the checksum of the simulated module in place of its last octet before the flag. */
    function withChecksum(frame: string): string {
      const check = frameCheck([...Buffer.from(frame.slice(1, 4), "latin1")]);
      return `${frame.slice(0, -2)}${String.fromCharCode(check)}\xf9`;
    }

    /** By the simulated module's reading of 27.010. */
    function holdsControlFrame(bytes: Buffer): boolean {
      return [...bytes.keys()].some((at) => {
        const [flag, address = 0, control = 0, length = 0] = bytes.subarray(at);
        const end = at + 5 + (length >> 1);
        return (
          flag === 0xf9 && bytes[end] === 0xf9 && bytes[end - 1] === frameCheck([address, control, length])
        );
      });
    }
  });

  it("gives up with another error when something came, but no answer", async () => {
    const { clock, modem, channel } = openBench({ ATE0Q0V1: "rubbish\r\n" });
    for (const count of [1, 2, 3, 4]) modem.replies[`AT${Array(count).fill("+CMEE?").join(";")}`] = silent;
    await assert.rejects(clock.until(channel.sync(), 30_000), withCode("MODEM_OUT_OF_SYNC"));
  });

  it("runs anew for a command that comes after it has failed", async () => {
    const { clock, modem, channel } = openBench({ ATE0Q0V1: silent });
    for (const count of [1, 2, 3, 4]) modem.replies[`AT${Array(count).fill("+CMEE?").join(";")}`] = silent;
    await assert.rejects(clock.until(channel.sync()), withCode("MODEM_SILENT"));
    for (const line of Object.keys(modem.replies)) delete modem.replies[line];
    modem.replies["AT+CSQ"] = CSQ;
    assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
  });

  it("fails in time when the serial line accepts no bytes", async () => {
    const { clock, modem, channel } = openBench();
    modem.drain = () => new Promise(() => undefined);
    await assert.rejects(clock.until(channel.sync(), 30_000), withCode("MODEM_TIMEOUT"));
  });
});

describe("a time limit", () => {
  it("runs from the moment the last byte has left, not from the call (S5)", async () => {
    const { clock, modem, channel } = await openSyncedBench({ "AT+CSQ": silent });
    modem.drain = () => new Promise((resolve) => clock.after(5_000, resolve));
    const outcome = channel
      .execute(asking("AT+CSQ", "+CSQ"))
      .then(String, () => `failed at ${clock.now() - start}`);
    const start = clock.now();
    assert.equal(await clock.until(outcome), "failed at 5300");
  });

  it("that runs out leaves the line to the ladder, never to the next command (P1)", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({
      "AT+CSQ": silent,
      "AT+CREG?": "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
    });
    const late = channel.execute(asking("AT+CSQ", "+CSQ"));
    const next = channel.execute(asking("AT+CREG?", "+CREG"));
    await assert.rejects(clock.until(late), { code: "MODEM_TIMEOUT", command: "AT+CSQ" });
    modem.send(CSQ);
    assert.deepEqual(await clock.until(next), ["+CREG: 0,1"]);
    assert.deepEqual(modem.written, ["AT+CSQ", "ATE0Q0V1", "AT+CMEE?;+CMEE?", "AT+CREG?"]);
    assert.deepEqual(events, ["outOfSync", "synced"]);
  });

  it("that runs out does not make the late answer an unsolicited line, but keeps true ones", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+CSQ": silent });
    await assert.rejects(clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), withCode("MODEM_TIMEOUT"));
    modem.send(`\r\n+QIURC: "pdpdeact",1\r\n${CSQ}`);
    await clock.until(channel.sync());
    assert.deepEqual(events, ["outOfSync", 'unsolicited +QIURC: "pdpdeact",1', "synced"]);
  });

  it("that runs out for an aborted command is no second outcome", async () => {
    const { clock, channel, events } = await openSyncedBench({ "AT+CSQ": silent });
    const abort = new AbortController();
    const aborted = channel.execute(asking("AT+CSQ", "+CSQ"), { signal: abort.signal });
    await clock.advance(100);
    abort.abort();
    await assert.rejects(aborted, withCode("MODEM_ABORTED"));
    await clock.until(channel.sync());
    assert.deepEqual(events, ["outOfSync", "synced"]);
  });

  it("is not needed when the transport fails to write", async () => {
    const { clock, modem, channel } = await openSyncedBench();
    modem.write = () => Promise.reject(new Error("broken"));
    await assert.rejects(clock.until(channel.execute(telling("AT"))), /broken/);
  });
});

describe("a restart of the module", () => {
  for (const [sign, cause] of [
    ["RDY", "ready"],
    ["APP RDY", "ready"],
    ["POWERED DOWN", "poweredDown"],
    ["NORMAL POWER DOWN", "poweredDown"],
    ["+CFUN: 1", "functionality"],
  ] as const) {
    it(`seen by ${sign} fails the command in flight, those that wait, and the waiters`, async () => {
      const { clock, modem, channel, events } = await openSyncedBench({ "AT+QIACT=1": silent });
      const waiter = channel.expect(() => false);
      const pending = [
        channel.execute(telling("AT+QIACT=1")),
        channel.execute(telling("AT+X")),
        waiter.promise,
      ];
      await clock.advance(10);
      modem.send(`\r\n${sign}\r\n`);
      for (const promise of pending) await assert.rejects(promise, withCode("MODEM_RESET"));
      await clock.until(channel.sync());
      assert.deepEqual(events, [`reset ${cause}`, `unsolicited ${sign}`, "synced"]);
      assert.equal(clock.timers, 0);
    });
  }

  it("is noticed while nothing is in flight", async () => {
    const { clock, modem, channel, events } = await openSyncedBench();
    modem.send("\r\nRDY\r\n");
    await clock.until(channel.sync());
    assert.deepEqual(events, ["reset ready", "unsolicited RDY", "synced"]);
  });

  it("is told once, although +CFUN: 1 follows RDY", async () => {
    const { clock, modem, channel, events } = await openSyncedBench();
    modem.send("\r\nRDY\r\n");
    await clock.until(channel.sync());
    await clock.advance(5_000);
    modem.send("\r\n+CFUN: 1\r\n");
    assert.deepEqual(
      events.filter((event) => event.startsWith("reset")),
      ["reset ready"],
    );
  });

  it("is told once of a thousand RDY in one read, and again of the next read", async () => {
    const { clock, modem, channel, events } = await openSyncedBench();
    const resets = (): number => events.filter((event) => event === "reset ready").length;
    modem.send("\r\nRDY\r\n".repeat(1_000));
    assert.equal(resets(), 1);
    assert.equal(events.filter((event) => event === "unsolicited RDY").length, 1_000);
    modem.send("\r\nRDY\r\n".repeat(1_000));
    assert.equal(resets(), 2);
    await clock.until(channel.sync());
    assert.equal(events.at(-1), "synced");
  });

  it("is seen by an echo after echo was off", async () => {
    const { clock, channel, events } = await openSyncedBench({ "AT+CSQ": `AT+CSQ\r${CSQ}` });
    await assert.rejects(clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), withCode("MODEM_RESET"));
    await clock.until(channel.sync());
    assert.deepEqual(events, ["reset echo", "synced"]);
  });

  it("is seen by the ladder's own echo, when the module was silent for the command", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+CSQ": silent });
    modem.replies["ATE0Q0V1"] = "ATE0Q0V1\r\r\nOK\r\n";
    await assert.rejects(clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), withCode("MODEM_TIMEOUT"));
    await clock.until(channel.sync());
    assert.deepEqual(events, ["outOfSync", "reset echo", "synced"]);
  });

  it("is not seen in lines that also follow a SIM card or a PIN", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+CSQ": CSQ });
    const lines = ["+CPIN: READY", "+QUSIM: 1", "+QIND: PB DONE", "+QIND: SMS DONE", "+APIND: ATFWD READY"];
    modem.send(lines.map((line) => `\r\n${line}\r\n`).join(""));
    await clock.until(channel.execute(asking("AT+CSQ", "+CSQ")));
    assert.deepEqual(
      events,
      lines.map((line) => `unsolicited ${line}`),
    );
  });

  it("is not seen in the answer to AT+CFUN?", async () => {
    const { clock, channel, events } = await openSyncedBench({ "AT+CFUN?": "\r\n+CFUN: 1\r\n\r\nOK\r\n" });
    assert.deepEqual(await clock.until(channel.execute(asking("AT+CFUN?", "+CFUN"))), ["+CFUN: 1"]);
    assert.deepEqual(events, []);
  });

  it("lets a listener give the first commands of the new start", async () => {
    const { clock, modem, channel } = await openSyncedBench({ "AT+CSQ": CSQ });
    const waiting = channel.execute(telling("AT+OLD"));
    let first: Promise<unknown> | undefined;
    channel.once("reset", () => {
      first = channel.execute(asking("AT+CSQ", "+CSQ"), { priority: "high" });
    });
    modem.send("\r\nRDY\r\n");
    await assert.rejects(waiting, withCode("MODEM_RESET"));
    assert.deepEqual(await clock.until(first ?? Promise.reject(new Error("no reset"))), ["+CSQ: 19,99"]);
  });
});
