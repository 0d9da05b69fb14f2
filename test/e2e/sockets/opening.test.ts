/** How the open of a socket ends, where the module tells it by no line, by the wrong one, or by a refusal. */
import assert from "node:assert/strict";
import { isModemError, type ErrorCode, type ModemError } from "../../../lib/errors";
import type { ModuleSocket } from "../../../lib/quectel/sockets/module-socket";
import { scriptedRig, type LineScript } from "../../support/line-script";
import { answer, result } from "../../support/module-replies";
import type { SocketRig } from "../../support/socket-rig";

const OPEN = /^AT\+QIOPEN=/;
const STATE = /^AT\+QISTATE=1,0/;
const REASON = /^AT\+QIGETERROR/;
const OK = answer();

const stateIs = (state: number): string =>
  answer(`+QISTATE: 0,"TCP","192.0.2.1",587,1025,${state},1,0,0,"usbat"`);

describe("The open of a socket of the module", () => {
  let rig: SocketRig;
  let line: LineScript;
  beforeEach(async () => {
    ({ rig, line } = await scriptedRig());
  });
  afterEach(async () => {
    line.end();
    await rig.clock.until(rig.sockets.settled());
    await rig.clock.advance(2_000);
    await rig.close();
    assert.equal(rig.clock.timers, 0, "timers are left");
  });

  /** The open fails; the error, and the milliseconds that it took. */
  async function failure(code: ErrorCode, signal?: AbortSignal): Promise<{ error: ModemError; ms: number }> {
    const start = rig.clock.now();
    let error: unknown;
    await assert.rejects(rig.connect(signal), (thrown) => {
      error = thrown;
      return true;
    });
    assert.ok(isModemError(error, code), String(error));
    return { error, ms: rig.clock.now() - start };
  }

  async function success(): Promise<number> {
    const start = rig.clock.now();
    (await rig.connect()).destroy();
    return rig.clock.now() - start;
  }

  /** Opens without waiting; what happens meanwhile is the test's business. */
  function opening(signal = new AbortController().signal): Promise<ModuleSocket> {
    const promise = rig.sockets.connect({ contextId: 1, host: "mail.example.com", port: 587 }, signal);
    promise.catch(() => undefined);
    return promise;
  }

  describe("whose result line is lost", () => {
    beforeEach(() => line.answer(OPEN, OK));

    for (const [number, code] of [
      [565, "SOCKET_DNS_FAILED"],
      [566, "SOCKET_CONNECT_FAILED"],
      [573, "PDP_NO_APN"],
    ] as const) {
      it(`has failed once the module shows no socket twice, for the reason that it names: ${number}`, async () => {
        line.answer(REASON, answer(`+QIGETERROR: ${number},"words"`));
        const { error, ms } = await failure(code);
        assert.equal(error.modemCode, number);
        assert.ok(ms >= 10_000 && ms < 11_000, `${ms} ms`);
        assert.equal(line.count(REASON), 1);
      });
    }

    it("is called off although the line comes while the state is asked for", async () => {
      line.answer(STATE, undefined);
      const abort = new AbortController();
      const promise = opening(abort.signal);
      await rig.clock.advance(5_100);
      line.tell("+QIOPEN: 0,0");
      await rig.clock.advance(100);
      abort.abort(new Error("called off"));
      await assert.rejects(rig.clock.until(promise), /called off/);
    });

    for (const [what, reason] of [
      ["names none", answer('+QIGETERROR: 0,"Operate successfully"')],
      ["does not know the question", result("ERROR")],
    ] as const) {
      it(`has failed without a reason where the module ${what}`, async () => {
        line.answer(REASON, reason);
        const { error } = await failure("SOCKET_CONNECT_FAILED");
        assert.match(error.message, /mail\.example\.com:587/);
      });
    }

    it("has failed, too, where the module shows it closing", async () => {
      line.always(STATE, stateIs(4));
      const { ms } = await failure("SOCKET_CONNECT_FAILED");
      assert.ok(ms < 11_000, `${ms} ms`);
    });

    it("has not failed where the module shows no socket once now and then", async () => {
      line.answer(STATE, OK, stateIs(1), OK, stateIs(4).replace(",4,", ",1,"), stateIs(2));
      const ms = await success();
      assert.ok(ms >= 25_000 && ms < 26_000, `${ms} ms`);
    });

    for (const [what, text] of [
      ["opening", stateIs(1)],
      ["nothing, as it does not know the question", result("ERROR")],
    ] as const) {
      it(`is over after 150 s in which the module shows ${what}`, async () => {
        line.always(STATE, text);
        const { error, ms } = await failure("SOCKET_TIMEOUT");
        assert.ok(ms >= 150_000 && ms < 156_000, `${ms} ms`);
        assert.match(error.message, /did not report a result/);
        assert.match(error.message, /mail\.example\.com:587/);
        assert.equal(line.count(STATE), 30);
      });
    }

    it("believes a result line more than the state that was asked for", async () => {
      line.answer(STATE, `\r\n+QIOPEN: 0,566\r\n${stateIs(2)}`);
      await failure("SOCKET_CONNECT_FAILED");
      line.answer(OPEN, OK);
      line.answer(STATE, `\r\n+QIOPEN: 0,0\r\n${OK}`);
      await success();
    });

    for (const [what, strike, code] of [
      ["a lost cable", () => rig.module.unplug(), "PORT_UNPLUGGED"],
      ["a restart of the module", () => rig.module.restart("restart"), "MODEM_RESET"],
    ] as const) {
      it(`fails at once with ${what}`, async () => {
        const promise = opening();
        await rig.clock.advance(1_000);
        const struck = rig.clock.now();
        strike();
        await assert.rejects(rig.clock.until(promise), (error) => isModemError(error, code));
        assert.ok(rig.clock.now() - struck < 100);
      });
    }

    for (const [what, after] of [
      ["between two questions", 1_000],
      ["while the module owes the state", 5_500],
    ] as const) {
      it(`ends at once when called off ${what}, and asks nothing more`, async () => {
        line.always(STATE, undefined);
        const abort = new AbortController();
        const promise = opening(abort.signal);
        await rig.clock.advance(after);
        const stopped = rig.clock.now();
        abort.abort(new Error("called off"));
        await assert.rejects(rig.clock.until(promise), /^Error: called off$/);
        assert.equal(rig.clock.now(), stopped);
        const asked = line.count(STATE);
        await rig.clock.advance(20_000);
        assert.equal(line.count(STATE), asked);
      });
    }
  });

  describe("that the module refuses", () => {
    it("is a failure of its reason, which the module tells when it is asked", async () => {
      line.answer(OPEN, result("ERROR"));
      line.answer(REASON, answer('+QIGETERROR: 561,"Open PDP context failed"'));
      const { error } = await failure("SOCKET_PDP_OPEN_FAILED");
      assert.equal(error.modemCode, 561);
      assert.ok(isModemError(error.cause, "MODEM_ERROR"), String(error.cause));
    });

    it("is a failure without reason where the module names none", async () => {
      line.answer(OPEN, result("ERROR"));
      line.answer(REASON, answer('+QIGETERROR: 0,"Operate successfully"'));
      const { error } = await failure("SOCKET_FAILED");
      assert.ok(isModemError(error.cause, "MODEM_ERROR"), String(error.cause));
    });

    it("says that the module has no sockets where it knows none of their commands", async () => {
      line.always(/^AT\+QI(?:OPEN|STATE)/, result("ERROR"));
      line.answer(REASON, answer('+QIGETERROR: 0,"Operate successfully"'));
      const { error } = await failure("SOCKET_UNSUPPORTED");
      assert.match(error.message, /AT\+QIOPEN, AT\+QISTATE/);
      assert.ok(isModemError(error.cause, "MODEM_ERROR"), String(error.cause));
    });

    for (const [what, play] of [
      ["another of their commands", () => line.always(/^AT\+QIOPEN/, result("ERROR"))],
      ["their test command alone", () => line.always(/^AT\+QI(?:OPEN=1|STATE)/, result("ERROR"))],
      // Its TCP/IP stack is not there at the moment.
      ["not even the command for the reason", () => line.always(/^AT\+QI/, result("ERROR"))],
    ] as const)
      it(`does not say that the module has no sockets where it knows ${what}`, async () => {
        play();
        await failure("SOCKET_FAILED");
        line.end();
      });

    it("is as its result line says where one came before the refusal", async () => {
      line.answer(OPEN, `\r\n+QIOPEN: 0,565\r\n${result("ERROR")}`);
      await failure("SOCKET_DNS_FAILED");
      assert.equal(line.count(REASON), 0);
    });

    for (const [number, code, isOfTarget] of [
      [565, "SOCKET_DNS_FAILED", true],
      [555, "SOCKET_UNSUPPORTED", false],
      [573, "PDP_NO_APN", false],
    ] as const) {
      it(`names ${isOfTarget ? "the server" : "no server"} where the fault is ${code}`, async () => {
        line.answer(OPEN, `${OK}\r\n+QIOPEN: 0,${number}\r\n`);
        const { error } = await failure(code);
        assert.equal(error.message.includes("mail.example.com"), isOfTarget, error.message);
      });
    }

    it("because the id is in use is tried with the next id", async () => {
      line.answer(OPEN, `${OK}\r\n+QIOPEN: 0,563\r\n`, result("ERROR"));
      line.answer(REASON, answer('+QIGETERROR: 563,"Socket identity has been used"'));
      const socket = await rig.connect();
      assert.deepEqual(
        line.lines.filter((text) => OPEN.test(text)).map((text) => text.slice(0, 13)),
        ["AT+QIOPEN=1,0", "AT+QIOPEN=1,1", "AT+QIOPEN=1,2"],
      );
      assert.equal(await rig.store.read("sockets"), '["2:587"]');
      socket.destroy();
    });

    it("while the question for the reason is not answered, ends when called off", async () => {
      line.answer(OPEN, result("ERROR"));
      line.answer(REASON, undefined);
      const abort = new AbortController();
      const promise = opening(abort.signal);
      await rig.clock.advance(100);
      abort.abort(new Error("called off"));
      const stopped = rig.clock.now();
      await assert.rejects(rig.clock.until(promise), /called off/);
      assert.equal(rig.clock.now(), stopped);
    });
  });

  it("ends with its own result line, not with that of another or any other line", async () => {
    line.answer(OPEN, OK);
    const promise = opening();
    let isOver = false;
    void promise.finally(() => (isOver = true)).catch(() => undefined);
    await rig.clock.advance(100);
    line.tell("+QIOPEN: 1,566", "+CREG: 1", '+QIURC: "closed",1', "+QIOPEN: 0");
    await rig.clock.advance(100);
    assert.equal(isOver, false);
    line.tell("+QIOPEN: 0,570");
    await assert.rejects(rig.clock.until(promise), (error) => isModemError(error) && error.modemCode === 570);
  });

  it("that is called off before the module has answered ends at once", async () => {
    line.answer(OPEN, undefined);
    const abort = new AbortController();
    const promise = opening(abort.signal);
    await rig.clock.advance(1_000);
    abort.abort(new Error("called off"));
    const stopped = rig.clock.now();
    await assert.rejects(rig.clock.until(promise), /called off/);
    assert.equal(rig.clock.now(), stopped);
  });
});
