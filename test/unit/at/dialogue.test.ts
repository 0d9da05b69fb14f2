/** What of one command must not touch the next, and the signs of a restart between commands. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { asking, openBench, openSyncedBench, telling, withCode } from "../../support/at-bench";

const OK = "\r\nOK\r\n";

describe("a dialogue", () => {
  it("is not disturbed by a write that fails after its answer has come", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({
      "AT+A": OK,
      "AT+B": (_line, transport) => {
        clock.after(200, () => transport.send(OK));
        return undefined;
      },
    });
    const drain = modem.drain.bind(modem);
    modem.drain = () => {
      modem.drain = drain;
      return new Promise((_resolve, reject) => clock.after(100, () => reject(new Error("late"))));
    };
    await clock.until(channel.execute(telling("AT+A")));
    await clock.until(channel.execute(telling("AT+B")));
    assert.deepEqual(events, []);
  });

  it("sees a restart by an echo also after commands that were answered without", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+A": OK });
    await clock.until(channel.execute(telling("AT+A")));
    modem.replies["AT+A"] = `AT+A\r${OK}`;
    await assert.rejects(clock.until(channel.execute(telling("AT+A"))), withCode("MODEM_RESET"));
    await clock.until(channel.sync());
    assert.deepEqual(events, ["reset echo", "synced"]);
  });

  it("keeps the echo for the mark of every answer, where it cannot be switched off", async () => {
    const { clock, channel, events } = openBench({
      ATE0Q0V1: `ATE0Q0V1\r${OK}`,
      "AT+CMEE?": `AT+CMEE?\r\r\n+CMEE: 1\r\n${OK}`,
      "AT+A": `AT+A\r${OK}`,
      "AT+B": `${OK}AT+B\r${OK}`,
    });
    await clock.until(channel.execute(telling("AT+A")));
    await clock.until(channel.execute(telling("AT+B")));
    assert.deepEqual(events, ["synced", "foreign OK"]);
  });

  it("says nothing more once a listener has closed it, though more stands in the same read", async () => {
    const { modem, channel, events } = await openSyncedBench();
    channel.on("unsolicited", () => void channel.close());
    modem.send("\r\n+A: 1\r\n\r\n+B: 1\r\n");
    await Promise.resolve();
    assert.deepEqual(events, ["unsolicited +A: 1", "closed"]);
  });

  it("throws away a line without end, and goes on with the next", async () => {
    const { clock, modem, channel, events } = await openSyncedBench({ "AT+A": () => undefined });
    const outcome = channel.execute(telling("AT+A"));
    await clock.advance(10);
    modem.send(`${"x".repeat(10_000)}${OK}`);
    await clock.until(outcome);
    assert.deepEqual(events, []);
  });
});

describe("a command that its caller has aborted", () => {
  it("names the caller's reason", async () => {
    const { channel } = await openSyncedBench();
    const reason = new Error("the node was closed");
    await assert.rejects(channel.execute(telling("AT"), { signal: AbortSignal.abort(reason) }), {
      code: "MODEM_ABORTED",
      cause: reason,
    });
  });

  it("has its answer read by nobody", async () => {
    const { clock, modem, channel } = await openSyncedBench({ "AT+A": () => undefined });
    const abort = new AbortController();
    let parsed = 0;
    const command = { ...telling("AT+A"), parse: () => void parsed++ };
    const outcome = channel.execute(command, { signal: abort.signal });
    await clock.advance(10);
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    modem.send(OK);
    await clock.advance(10);
    assert.equal(channel.state, "idle");
    assert.equal(parsed, 0);
  });

  it("before anything was written makes the module be asked for nothing", async () => {
    const { clock, modem, channel } = openBench();
    const abort = new AbortController();
    const outcome = channel.execute(telling("AT"), { signal: abort.signal });
    abort.abort();
    await assert.rejects(outcome, withCode("MODEM_ABORTED"));
    await clock.advance(5_000);
    assert.equal(modem.bytes.length, 0);
  });
});

describe("an error of a command", () => {
  it("shows the line with what is no plain character replaced", async () => {
    const { channel } = await openSyncedBench();
    await assert.rejects(channel.execute(asking('AT+X="a\r\xe4"')), {
      code: "INVALID_ARGUMENT",
      command: 'AT+X="a??"',
      message: /the command line holds a control character or an odd quote/,
    });
  });

  it("has no number where the module gave none", async () => {
    const { clock, channel } = await openSyncedBench({ "AT+X": "\r\n+CME ERROR: moon phase\r\n" });
    await assert.rejects(clock.until(channel.execute(telling("AT+X"))), (error: Error) => {
      assert.match(inspect(error), /moon phase/);
      return withCode("MODEM_CME")(error) && "modemCode" in error && error.modemCode === undefined;
    });
  });
});

describe("the text of a short message", () => {
  const MESSAGE = '\r\n+CMT: "+4915550100",,"26/01/01,12:00:00+04"\r\n';

  for (const text of ["OK", "ERROR", "+CME ERROR: 652", "+CSQ: 31,0", "AT+CSQ"]) {
    it(`is no answer to the command in flight when it reads ${text}`, async () => {
      const { clock, channel, events } = await openSyncedBench({
        "AT+CSQ": `${MESSAGE}${text}\r\n\r\n+CSQ: 19,99\r\n${OK}`,
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, [`unsolicited ${MESSAGE.trim()}`, `unsolicited ${text}`]);
    });
  }

  it("is no restart of the module when it reads RDY, and the next RDY is one", async () => {
    const { modem, events } = await openSyncedBench();
    modem.send(`${MESSAGE}RDY\r\n`);
    assert.deepEqual(events, [`unsolicited ${MESSAGE.trim()}`, "unsolicited RDY"]);
    modem.send("\r\nRDY\r\n");
    assert.ok(events.includes("reset ready"));
  });

  it("is not looked for behind a status report, which has one in PDU form only", async () => {
    const { clock, channel } = await openSyncedBench({
      "AT+A": `\r\n+CDS: 6,12,"+4915550100",145,"26/01/01","26/01/01",0\r\n${OK}`,
      "AT+B": `\r\n+CDS: 25\r\nOK\r\n\r\nERROR\r\n`,
    });
    await clock.until(channel.execute(telling("AT+A")));
    await assert.rejects(clock.until(channel.execute(telling("AT+B"))), withCode("MODEM_ERROR"));
  });
});
