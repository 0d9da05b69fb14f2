import assert from "node:assert/strict";
import { ERROR, OK, SimulatedModem, cme } from "../../../lib/simulator";
import { Terminal } from "./terminal";

describe("A behaviour of the simulated module", () => {
  it("answers instead of the command, the newest first, until it is taken away", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0\r");
    const removeOlder = terminal.modem.define(({ name }, next) => (name === "+CSQ" ? ERROR : next()));
    const removeNewer = terminal.modem.define(({ name }, next) => (name === "+CSQ" ? cme(30) : next()));
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\n+CME ERROR: 30\r\n");
    removeNewer();
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\nERROR\r\n");
    removeOlder();
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\n+CSQ: 23,99\r\n\r\nOK\r\n");
  });

  it("gives the module a command it does not know", async () => {
    const terminal = Terminal.with();
    terminal.modem.define(({ name, argumentText, info }, next) => {
      if (name !== "+QNEW") return next();
      info(`+QNEW: ${argumentText}`);
      return OK;
    });
    assert.equal(
      await terminal.type('AT+QNEW="a;b",2\r'),
      'AT+QNEW="a;b",2\r\r\n+QNEW: "a;b",2\r\n\r\nOK\r\n',
    );
  });

  it("alters what the command says and how it ends", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0\r");
    terminal.modem.define(async (context, next) => {
      await next({ ...context, info: (line) => context.info(line.replace("23", "7")) });
      return ERROR;
    });
    assert.equal(await terminal.type("AT+CSQ\r"), "\r\n+CSQ: 7,99\r\n\r\nERROR\r\n");
  });

  it("that throws ends as ERROR and as a warning of the process", async () => {
    const terminal = Terminal.with();
    await terminal.type("ATE0\r");
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    terminal.modem.define(() => {
      throw new Error("not written well");
    });
    assert.equal(await terminal.type("AT\r;AT+CSQ\r"), "\r\nOK\r\n\r\nERROR\r\n");
    assert.match((await warned).message, /not written well/);
  });
});

describe("An expectation", () => {
  it("is met by the next command that fits", async () => {
    const terminal = Terminal.with();
    const expected = terminal.modem.expectCommand(({ name, form }) => name === "+CREG" && form === "write");
    await terminal.type("AT+CREG?;+CREG=2\r");
    assert.deepEqual((await expected).parameters, [{ kind: "number", value: 2, raw: "2" }]);
  });

  it("fails when the command does not come in time", async () => {
    const terminal = Terminal.with();
    const expected = terminal.modem.expectCommand(({ name }) => name === "+QSMTPPUT", { timeoutMs: 5000 });
    await assert.rejects(terminal.clock.until(expected), /did not come within 5000 ms/);
    assert.equal(terminal.clock.now(), 5000);
  });
});

describe("The log of the simulated module", () => {
  it("holds lines, bytes of both directions and payloads", async () => {
    const terminal = Terminal.with();
    await terminal.type('ATE0\rAT+QFUPL="RAM:x",3\r');
    await terminal.type("abc");
    const { log } = terminal.modem;
    assert.deepEqual(log.lines(), ["ATE0", 'AT+QFUPL="RAM:x",3']);
    assert.deepEqual(log.lines("uart1"), []);
    assert.deepEqual(log.payloads(), [Buffer.from("abc")]);
    assert.equal(log.bytes("received", "usbat").toString(), 'ATE0\rAT+QFUPL="RAM:x",3\rabc');
    assert.match(log.bytes("sent", "usbat").toString(), /^ATE0\r\r\nOK\r\n\r\nCONNECT\r\n\r\n\+QFUPL: 3,/);
    log.clear();
    assert.deepEqual(log.lines(), []);
  });

  it("can be followed, and does not grow for ever", () => {
    const modem = new SimulatedModem();
    let followed = 0;
    const stop = modem.log.follow(() => followed++);
    for (let count = 0; count < 250_000; count++) modem.log.add({ kind: "event", text: String(count) });
    stop();
    modem.log.add({ kind: "event", text: "last" });
    assert.equal(followed, 250_000);
    assert.ok(modem.log.entries.length <= 100_000);
    assert.equal(modem.log.entries.at(-1)?.kind, "event");
  });
});
