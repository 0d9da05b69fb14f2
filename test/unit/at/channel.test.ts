/**
 * The channel against what went wrong in other engines. Names in parentheses number the field reports:
 *
 *   P1 resync, properties     P2..P9, P14 here     P3, P4, P10 result-codes too     P11, P12 command
 *   P15, P16 tokenizer        B1, B5 command       B2, B3, B6 tokenizer             D1..D4 data-phase, resync
 *   S2, S3, S4, S6, S7, S9 test/system/serial (S4 test/unit/serial too)     S5 resync      S10 tokenizer
 *
 * What cannot occur here:
 *   P13  prompt without a blank, or cut in two: no command of this package takes its data at a prompt, all at CONNECT.
 *   B4   bytes lost without flow control: the engine sends as asked; acknowledged uploads are in data-phase.
 *   S1   OK to AT+IPR at the new rate: the rate of the module is never changed, only found (baud-rate).
 *   S8   results on another port: a setting of the module, read and written by the layer above (test/unit/nodes).
 */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ModemError } from "../../../lib/errors";
import { asking, openBench, openSyncedBench, telling, withCode } from "../../support/at-bench";

const CSQ = "\r\n+CSQ: 19,99\r\n\r\nOK\r\n";

describe("a channel", () => {
  describe("answers", () => {
    it("gives the information text of the answer, header included", async () => {
      const { clock, channel } = openBench({ "AT+CSQ": CSQ });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
    });

    it("waits for the result code, not for the first information line (P2)", async () => {
      const { clock, modem, channel } = await openSyncedBench({ "AT+CSQ": "\r\n+CSQ: 19,99\r\n" });
      const first = channel.execute(asking("AT+CSQ", "+CSQ"));
      const second = channel.execute(telling("AT"));
      await clock.advance(10);
      assert.deepEqual(modem.written, ["AT+CSQ"]);
      modem.send("\r\nOK\r\n");
      assert.deepEqual(await clock.until(first), ["+CSQ: 19,99"]);
      modem.send("\r\nOK\r\n");
      await clock.until(second);
    });

    it("takes text for a result only as a whole line (P3, P4)", async () => {
      const { clock, channel } = await openSyncedBench({
        "AT+CGMR": "\r\nOKAY\r\nBOOK\r\nno ERROR\r\n\r\nOK\r\n",
        "AT+COPS?": '\r\n+COPS: 0,0,"OK",7\r\n\r\nOK\r\n',
      });
      const text = await clock.until(channel.execute(asking("AT+CGMR", undefined, { freeText: true })));
      assert.deepEqual(text, ["OKAY", "BOOK", "no ERROR"]);
      assert.deepEqual(await clock.until(channel.execute(asking("AT+COPS?", "+COPS"))), [
        '+COPS: 0,0,"OK",7',
      ]);
    });

    it("needs no line end before a line (P8)", async () => {
      const { clock, channel, events } = await openSyncedBench({
        "AT+CSQ": "+CSQ: 1,99\r\n+QIND: x\r\nOK\r\n",
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 1,99"]);
      assert.deepEqual(events, ["unsolicited +QIND: x"]);
    });

    it("gives each line to one receiver only (P9)", async () => {
      const { clock, channel, events } = await openSyncedBench({ "AT+CSQ": `\r\n+CREG: 1\r\n${CSQ}` });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, ["unsolicited +CREG: 1"]);
    });

    it("rejects with what the command's parser says", async () => {
      const { clock, channel } = await openSyncedBench({ AT: "\r\nOK\r\n" });
      const command = {
        ...telling("AT"),
        parse: (): void => {
          throw new ModemError("MODEM_ANSWER");
        },
      };
      await assert.rejects(clock.until(channel.execute(command)), withCode("MODEM_ANSWER"));
      await clock.until(channel.execute(telling("AT")));
    });

    it("reads numeric results of a module that stays in V0", async () => {
      const { clock, channel } = openBench({
        ATE0Q0V1: "0\r",
        "AT+CMEE?": "+CMEE: 1\r\n0\r",
        "AT+CSQ": "+CSQ: 19,99\r\n0\r",
        "AT+X": "4\r",
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      await assert.rejects(clock.until(channel.execute(telling("AT+X"))), withCode("MODEM_ERROR"));
    });
  });

  describe("unsolicited lines", () => {
    it("between a command and its answer change neither (P5)", async () => {
      const { clock, channel, events } = await openSyncedBench({
        "AT+CSQ": `\r\n+QIURC: "pdpdeact",1\r\n\r\n+CSQ: 19,99\r\n\r\nRING\r\n\r\nOK\r\n`,
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, ['unsolicited +QIURC: "pdpdeact",1', "unsolicited RING"]);
    });

    it("with the header of the answer are told by their shape (P6)", async () => {
      const { clock, channel, events } = await openSyncedBench({
        "AT+CREG?": '\r\n+CREG: 5\r\n\r\n+CREG: 0,1\r\n\r\n+CREG: 1,"00D5","01"\r\n\r\nOK\r\n',
      });
      const command = asking("AT+CREG?", "+CREG", { accepts: (line) => /^\+CREG: \d,\d/.test(line) });
      assert.deepEqual(await clock.until(channel.execute(command)), ["+CREG: 0,1"]);
      assert.deepEqual(events, ["unsolicited +CREG: 5", 'unsolicited +CREG: 1,"00D5","01"']);
    });

    it("that nobody knows block nothing (P7)", async () => {
      const { clock, channel, events } = await openSyncedBench({
        "AT+CSQ": `\r\n^WEIRD 7\r\n\r\n+NEW:1\r\n${CSQ}`,
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, ["unsolicited ^WEIRD 7", "unsolicited +NEW:1"]);
    });

    it("are not taken into a free-text answer", async () => {
      const { clock, channel, events } = await openSyncedBench({
        ATI: "\r\nQuectel\r\n\r\nNO CARRIER\r\n\r\n+CREG: 1\r\nEC25\r\nRevision: EC25EFAR06\r\n\r\nOK\r\n",
      });
      const answer = await clock.until(channel.execute(asking("ATI", undefined, { freeText: true })));
      assert.deepEqual(answer, ["Quectel", "EC25", "Revision: EC25EFAR06"]);
      assert.deepEqual(events, ["unsolicited NO CARRIER", "unsolicited +CREG: 1"]);
    });

    it("of an ending call do not end a command", async () => {
      const { clock, channel } = await openSyncedBench({ "AT+CSQ": `\r\nNO CARRIER\r\n\r\nBUSY\r\n${CSQ}` });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
    });

    it("reach a waiter that was there before the command, even in the same read as its OK (P14)", async () => {
      const { clock, channel } = await openSyncedBench({
        "AT+QSMTPPUT=300": "\r\nOK\r\n\r\n+QSMTPPUT: 0,0\r\n",
      });
      const waiter = channel.expect((line) => line.startsWith("+QSMTPPUT:"));
      await clock.until(channel.execute(telling("AT+QSMTPPUT=300")));
      waiter.start(330_000);
      assert.equal(await clock.until(waiter.promise), "+QSMTPPUT: 0,0");
      assert.equal(clock.timers, 0);
    });

    it("reach a waiter minutes later, while other commands run", async () => {
      const { clock, modem, channel } = await openSyncedBench({
        "AT+QSMTPPUT=300": "\r\nOK\r\n",
        "AT+CSQ": CSQ,
      });
      const waiter = channel.expect((line) => line.startsWith("+QSMTPPUT:"));
      await clock.until(channel.execute(telling("AT+QSMTPPUT=300")));
      waiter.start(330_000);
      await clock.advance(200_000);
      await clock.until(channel.execute(asking("AT+CSQ", "+CSQ")));
      await clock.advance(100_000);
      modem.send("\r\n+QSMTPPUT: 653,0\r\n");
      assert.equal(await clock.until(waiter.promise), "+QSMTPPUT: 653,0");
    });
  });

  describe("a waiter", () => {
    it("gives up when its time, started by the caller, is over", async () => {
      const { clock, channel } = await openSyncedBench();
      const waiter = channel.expect(() => true);
      await clock.advance(1_000_000);
      waiter.start(5_000);
      await assert.rejects(clock.until(waiter.promise, 5_001), withCode("MODEM_TIMEOUT"));
    });

    it("gives up when it is cancelled, and takes no line then", async () => {
      const { clock, modem, channel } = await openSyncedBench();
      const waiter = channel.expect(() => true);
      waiter.start(5_000);
      waiter.cancel();
      modem.send("\r\n+X: 1\r\n");
      await assert.rejects(clock.until(waiter.promise), withCode("MODEM_ABORTED"));
      assert.equal(clock.timers, 0);
    });

    it("fails when the connection ends, or had ended before", async () => {
      const { modem, channel } = await openSyncedBench();
      const waiter = channel.expect(() => true);
      modem.unplug();
      await assert.rejects(waiter.promise, withCode("PORT_UNPLUGGED"));
      await assert.rejects(channel.expect(() => true).promise, withCode("PORT_UNPLUGGED"));
    });
  });

  describe("an error", () => {
    it("carries the module's number and the command", async () => {
      const { clock, channel } = await openSyncedBench({
        'AT+QFUPL="RAM:a"': "\r\n+CME ERROR: 407\r\n",
        "AT+CPIN?": "\r\n+CME ERROR: SIM busy\r\n",
        "AT+X": "\r\nERROR\r\n",
      });
      await assert.rejects(clock.until(channel.execute(telling('AT+QFUPL="RAM:a"'))), {
        code: "MODEM_CME",
        modemCode: 407,
        command: 'AT+QFUPL="RAM:a"',
      });
      await assert.rejects(clock.until(channel.execute(telling("AT+CPIN?"))), {
        code: "MODEM_CME",
        modemCode: 14,
      });
      await assert.rejects(clock.until(channel.execute(telling("AT+X"))), {
        code: "MODEM_ERROR",
        modemCode: undefined,
      });
    });

    it("shows no secret of its command, although the module repeats it", async () => {
      const { clock, channel } = await openSyncedBench({
        'AT+QSMTPCFG="account","u","s3cret"': '\r\n+CME ERROR: bad "s3cret"\r\n',
      });
      const command = telling('AT+QSMTPCFG="account","u","s3cret"', { secrets: ["s3cret"] });
      await assert.rejects(clock.until(channel.execute(command)), (error: ModemError) => {
        assert.ok(!inspect(error).includes("s3cret"));
        return error.code === "MODEM_CME";
      });
    });
  });

  describe("an echo", () => {
    const ECHOING = {
      ATE0Q0V1: "ATE0Q0V1\r\r\nOK\r\n",
      "AT+CMEE?": "AT+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n",
    };

    it("that cannot be switched off changes no answer", async () => {
      const { clock, channel, events } = openBench({ ...ECHOING, "AT+CSQ": `AT+CSQ\r${CSQ}` });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, ["synced"]);
    });

    it("is the mark before which nothing is taken for the answer", async () => {
      const { clock, channel, events } = openBench({
        ...ECHOING,
        "AT+CSQ": `\r\nOK\r\n\r\n+CSQ: 0,0\r\nAT+CSQ\r${CSQ}`,
      });
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      assert.deepEqual(events, ["synced", "foreign OK", "unsolicited +CSQ: 0,0"]);
    });

    it("may be switched on and off by a command", async () => {
      const { clock, channel, events } = await openSyncedBench({
        ATE1: "\r\nOK\r\n",
        "AT+CSQ": `AT+CSQ\r${CSQ}`,
        ATE0: "ATE0\r\r\nOK\r\n",
        AT: "\r\nOK\r\n",
      });
      await clock.until(channel.execute(telling("ATE1")));
      assert.deepEqual(await clock.until(channel.execute(asking("AT+CSQ", "+CSQ"))), ["+CSQ: 19,99"]);
      await clock.until(channel.execute(telling("ATE0")));
      await clock.until(channel.execute(telling("AT")));
      assert.deepEqual(events, []);
    });

    it("of another program's command is told, without its arguments", async () => {
      const { clock, modem, channel, events } = await openSyncedBench({ "AT+CSQ": CSQ });
      modem.send("AT+CPIN=1234\r\r\nOK\r\n");
      await clock.until(channel.execute(asking("AT+CSQ", "+CSQ")));
      assert.deepEqual(events, ["foreign AT+CPIN=…", "foreign OK"]);
    });
  });

  describe("the queue", () => {
    it("runs one command at a time, high before normal before low, each in the order given", async () => {
      const { clock, modem, channel } = await openSyncedBench({
        "AT+A": "\r\nOK\r\n",
        "AT+B": "\r\nOK\r\n",
        "AT+C": "\r\nOK\r\n",
        "AT+D": "\r\nOK\r\n",
        "AT+E": "\r\nOK\r\n",
      });
      const all = [
        channel.execute(telling("AT+A"), { priority: "low" }),
        channel.execute(telling("AT+B")),
        channel.execute(telling("AT+C")),
        channel.execute(telling("AT+D"), { priority: "high" }),
        channel.execute(telling("AT+E"), { priority: "low" }),
      ];
      await clock.until(Promise.all(all));
      assert.deepEqual(modem.written, ["AT+D", "AT+B", "AT+C", "AT+A", "AT+E"]);
    });

    it("starts the next command only when the read that ended the last one is dealt with", async () => {
      const { clock, modem, channel, events } = await openSyncedBench({
        "AT+A": "\r\nOK\r\n\r\nOK\r\n",
        "AT+B": () => undefined,
      });
      const first = channel.execute(telling("AT+A"));
      const second = channel.execute(telling("AT+B"));
      await clock.until(first);
      await clock.advance(10);
      assert.deepEqual(modem.written, ["AT+A", "AT+B"]);
      assert.deepEqual(events, ["foreign OK"]);
      modem.send("\r\nERROR\r\n");
      await assert.rejects(clock.until(second), withCode("MODEM_ERROR"));
    });

    it("drops a command that its caller aborts before its turn", async () => {
      const { clock, modem, channel } = await openSyncedBench({ AT: () => undefined });
      const abort = new AbortController();
      const first = channel.execute(telling("AT"));
      const second = channel.execute(telling("AT+QSMTPPUT=300"), { signal: abort.signal });
      abort.abort(new Error("the node was closed"));
      await assert.rejects(second, { code: "MODEM_ABORTED" });
      await clock.advance(10);
      modem.send("\r\nOK\r\n");
      await clock.until(first);
      await clock.advance(10);
      assert.deepEqual(modem.written, ["AT"]);
    });

    it("tells when a command has its turn, and that is never where it is dropped before", async () => {
      const { clock, modem, channel } = await openSyncedBench({ AT: () => undefined });
      const begun: string[] = [];
      const first = channel.execute(telling("AT"), { onStart: () => begun.push("first") });
      const second = channel.execute(telling("AT+QSMTPPUT=300"), { onStart: () => begun.push("second") });
      await clock.advance(10);
      assert.deepEqual(begun, ["first"]);
      modem.send("\r\nRDY\r\n");
      await assert.rejects(clock.until(first), { code: "MODEM_RESET" });
      await assert.rejects(second, { code: "MODEM_RESET" });
      assert.deepEqual(begun, ["first"]);
      await clock.advance(30_000);
      const third = channel.execute(telling("AT+CSQ"), { onStart: () => begun.push("third") });
      await clock.advance(10);
      assert.deepEqual(begun, ["first", "third"]);
      assert.ok(!modem.written.includes("AT+QSMTPPUT=300"));
      await channel.close();
      await assert.rejects(third, { code: "PORT_CLOSED" });
    });

    it("takes no command whose signal was aborted before", async () => {
      const { clock, modem, channel } = await openSyncedBench();
      await assert.rejects(
        channel.execute(telling("AT"), { signal: AbortSignal.abort() }),
        withCode("MODEM_ABORTED"),
      );
      await clock.advance(10);
      assert.deepEqual(modem.written, []);
    });

    it("keeps the line taken for an aborted command until its result has come", async () => {
      const { clock, modem, channel } = await openSyncedBench({
        "AT+QIACT=1": () => undefined,
        "AT+CSQ": CSQ,
      });
      const abort = new AbortController();
      const first = channel.execute(telling("AT+QIACT=1", { timeoutMs: 150_000 }), { signal: abort.signal });
      const second = channel.execute(asking("AT+CSQ", "+CSQ"));
      await clock.advance(1_000);
      abort.abort();
      await assert.rejects(first, withCode("MODEM_ABORTED"));
      await clock.advance(60_000);
      assert.deepEqual(modem.written, ["AT+QIACT=1"]);
      modem.send("\r\nOK\r\n");
      assert.deepEqual(await clock.until(second), ["+CSQ: 19,99"]);
    });

    it("writes nothing of a line that no command line can be (B5)", async () => {
      const { clock, modem, channel } = await openSyncedBench();
      for (const line of ["AT+X\rAT+QPOWD", 'AT+X="', "AT\x1a"]) {
        await assert.rejects(channel.execute(telling(line)), withCode("INVALID_ARGUMENT"));
      }
      await clock.advance(10);
      assert.equal(modem.bytes.includes("QPOWD"), false);
      assert.deepEqual(modem.written, []);
    });

    it("carries raw bytes in a command line as they are", async () => {
      const bytes = Buffer.from("Füllstand", "utf8").toString("latin1");
      const { clock, modem, channel } = await openSyncedBench({ [`AT+QSMTPSUB=1,"${bytes}"`]: "\r\nOK\r\n" });
      await clock.until(channel.execute(telling(`AT+QSMTPSUB=1,"${bytes}"`)));
      assert.ok(modem.bytes.includes(Buffer.from("Füllstand", "utf8")));
    });
  });

  describe("when the connection ends", () => {
    it("fails what is in flight, what waits and what comes later, and says so once", async () => {
      const { clock, modem, channel, events } = await openSyncedBench({ AT: () => undefined });
      const pending = [channel.execute(telling("AT")), channel.execute(telling("AT+X"))];
      await clock.advance(1);
      modem.unplug();
      modem.unplug();
      for (const promise of pending) await assert.rejects(promise, withCode("PORT_UNPLUGGED"));
      await assert.rejects(channel.execute(telling("AT")), withCode("PORT_UNPLUGGED"));
      await assert.rejects(channel.sync(), withCode("PORT_UNPLUGGED"));
      assert.deepEqual(events, ["closed PORT_UNPLUGGED"]);
      assert.equal(channel.state, "closed");
      assert.equal(clock.timers, 0);
    });

    it("by close fails everything with PORT_CLOSED, and closes the transport", async () => {
      const { clock, channel, events } = await openSyncedBench({ AT: () => undefined });
      const pending = channel.execute(telling("AT"));
      await clock.advance(1);
      await channel.close();
      await channel.close();
      await assert.rejects(pending, withCode("PORT_CLOSED"));
      assert.deepEqual(events, ["closed"]);
      assert.equal(clock.timers, 0);
    });

    it("in the middle of the ladder fails the synchronisation", async () => {
      const { clock, channel } = openBench({ ATE0Q0V1: () => undefined });
      const synced = channel.sync();
      await clock.advance(400);
      await channel.close();
      await assert.rejects(clock.until(synced), withCode("PORT_CLOSED"));
      assert.equal(clock.timers, 0);
    });
  });
});
