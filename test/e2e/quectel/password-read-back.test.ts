import assert from "node:assert/strict";
import { PdpContext } from "../../../lib/quectel/network/pdp";
import type { NetworkSettings } from "../../../lib/quectel/settings";
import { Trace } from "../../../lib/serial/trace";
import { SimulatedModem, simulatorTransport } from "../../../lib/simulator";
import { FastClock } from "../../support/fast-clock";
import { modemOn, NETWORK } from "../../support/module-replies";

describe("the trace of a modem that repeats the password of its context", () => {
  it("never shows it, also when the module had it before Node-RED was started", async () => {
    const clock = new FastClock();
    const module = new SimulatedModem({ clock });
    const settings: NetworkSettings = {
      ...NETWORK,
      apn: "iot.example",
      apnAuth: "pap",
      apnUser: "machine",
      apnPassword: "unheard-of",
    };
    for (const start of ["first", "second"]) {
      const trace = new Trace(clock);
      trace.enabled = true;
      const connect = simulatorTransport(module);
      const { modem } = modemOn(() => trace.watch(connect()), clock, {
        settings,
        hide: (secrets) => trace.hide(secrets),
      });
      const pdp = new PdpContext(modem, settings);
      modem.acquire();
      await clock.until(modem.whenReady());
      await clock.until(pdp.activate());
      const text = trace.entries.map((entry) => entry.text).join("");
      assert.ok(text.includes("AT+QICSGP=1\r"), "the definition is not read");
      assert.ok(!text.includes("unheard-of"), `${start} start: ${text}`);
      pdp.close();
      await clock.until(modem.close());
    }
  });
});
