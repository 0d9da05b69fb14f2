import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { signalQuality } from "../../../lib/quectel/commands/network";
import { answer, HEALTHY, modemOn, result } from "../../support/module-replies";
import { ScriptedTransport, type Reply } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

function setUp(replies: Record<string, Reply> = {}) {
  const clock = new VirtualClock();
  const transports: ScriptedTransport[] = [];
  const factory = () => {
    const transport = new ScriptedTransport({ ...HEALTHY, ...replies });
    transports.push(transport);
    return transport;
  };
  return { clock, transports, ...modemOn(factory, clock) };
}

describe("modem", () => {
  it("opens with its first user and is ready after initialisation, SIM card and registration", async () => {
    const { modem, clock, states, transports } = setUp();
    assert.equal(modem.state.name, "offline");
    modem.acquire();
    await clock.until(modem.whenReady());
    assert.deepEqual(
      states.map((state) => state.name),
      ["connecting", "ready"],
    );
    assert.equal(modem.epoch, 1);
    assert.deepEqual(modem.identity, {
      manufacturer: "Quectel",
      model: "EC25",
      firmware: "EC25EFAR06A06M4G_20.200.20.200",
      imei: "861234567890127",
    });
    assert.deepEqual(
      transports[0]?.written.filter((line) => !line.includes("CMEE?")),
      [
        "ATE0Q0V1",
        "ATE0Q0V1",
        "AT+CMEE=1",
        "AT+CGSN",
        "AT+CGMI",
        "AT+CGMM",
        "AT+QGMR",
        "AT+CPIN?",
        "AT+CEREG?",
        "AT+QSMTPCFG=?",
      ],
    );
    await modem.release();
    assert.equal(modem.state.name, "offline");
  });

  it("stays open until its last user has gone", async () => {
    const { modem, clock } = setUp();
    modem.acquire();
    modem.acquire();
    await clock.until(modem.whenReady());
    await modem.release();
    assert.equal(modem.state.name, "ready");
    await modem.release();
    assert.equal(modem.state.name, "offline");
  });

  it("refuses commands with MODEM_NOT_READY while the module is not there", async () => {
    const { modem } = setUp();
    await assert.rejects(modem.execute(signalQuality()), { code: "MODEM_NOT_READY" });
    assert.throws(() => modem.expect(() => true), { code: "MODEM_NOT_READY" });
  });

  it("turns the module's error numbers into their own codes", async () => {
    const { modem, clock } = setUp({ "AT+CSQ": result("+CME ERROR: 14") });
    modem.acquire();
    await clock.until(modem.whenReady());
    await assert.rejects(clock.until(modem.execute(signalQuality())), { code: "SIM_BUSY", modemCode: 14 });
    await modem.close();
  });

  it("begins anew when the module has restarted, and says so", async () => {
    const { modem, clock, transports, states } = setUp({ "AT+CSQ": answer("+CSQ: 20,99") });
    modem.acquire();
    await clock.until(modem.whenReady());
    let started = 0;
    modem.on("started", () => started++);
    transports[0]?.send("\r\nRDY\r\n");
    assert.equal(modem.state.name, "connecting");
    await clock.until(modem.whenReady());
    assert.equal(started, 1);
    assert.equal(modem.epoch, 2);
    assert.equal(transports.length, 1);
    assert.equal(states.at(-1)?.name, "ready");
    await modem.close();
  });

  for (const [code, wanted, how] of [
    // 1, 2, 4, 8, then every 12.5 s.
    ["PORT_BUSY", 51, "with a growing wait when another program has the port"],
    // After a second, then every two: a module that is plugged in has mails to send.
    ["PORT_NOT_FOUND", 301, "every two seconds when the port is not there, and tells it once"],
  ] as const) {
    it(`connects again for ever ${how}`, async () => {
      const clock = new VirtualClock();
      let attempts = 0;
      const { modem, states } = modemOn(() => {
        attempts++;
        const transport = new ScriptedTransport();
        transport.open = () => Promise.reject(new ModemError(code));
        return transport;
      }, clock);
      modem.acquire();
      await clock.advance(10 * 60_000);
      assert.equal(modem.state.name, "offline");
      assert.equal(modem.notReady()?.code, code);
      assert.equal(attempts, wanted);
      assert.equal(states.filter(({ name }) => name === "ready").length, 0);
      if (code === "PORT_NOT_FOUND")
        assert.deepEqual(
          states.map(({ name }) => name),
          ["connecting", "offline"],
        );
      await modem.close();
      assert.equal(clock.timers, 0);
    });
  }
});
