/** A modem on a UART whose rate nobody has named: found quickly, used again, and found anew when it has changed. */
import assert from "node:assert/strict";
import { BAUD_RATES } from "../../../lib/at/baud-rate";
import type { Transport } from "../../../lib/serial/transport";
import { simulatorTransport } from "../../../lib/simulator";
import { setLineRate, storeLineRate } from "../../../lib/simulator/line/line-rate";
import { simulatedRig } from "../../support/simulated-rig";

const MINUTE = 60_000;
/** Longest time that asking at one rate takes, ms. */
const ASKING = 1_000;

/** A rig on a line of so many bit/s, and the rates at which its host has opened it. */
function ratedRig(rate: number) {
  const opened: number[] = [];
  const live = new Set<Transport>();
  const rig = simulatedRig({
    module: { timing: { line: rate, thinkingMs: 5 } },
    transport: (module) => ({
      atRate: (hostRate) => {
        const transport = simulatorTransport(module, { hostRate })();
        const open = transport.open.bind(transport);
        transport.open = () => {
          opened.push(hostRate);
          live.add(transport);
          return open();
        };
        transport.on("closed", () => live.delete(transport));
        return transport;
      },
    }),
  });
  return { ...rig, opened, live };
}

describe("a modem whose line rate nobody has named", () => {
  it("is found at each usual rate, a second for each wrong one before it", async () => {
    for (const [place, rate] of BAUD_RATES.entries()) {
      const { clock, modem, opened } = ratedRig(rate);
      modem.acquire();
      const begun = clock.now();
      await clock.run(() => modem.state.name === "registering" || modem.state.name === "ready", MINUTE);
      assert.deepEqual(opened, [...BAUD_RATES.slice(0, place + 1), rate]);
      assert.ok(clock.now() - begun < place * ASKING + 5_000, `${rate}: ${clock.now() - begun} ms`);
      await modem.close();
      assert.equal(clock.timers, 0);
    }
  });

  it("is connected at the rate found before, without asking, when its cable was pulled", async () => {
    const { clock, module, modem, opened, ready } = ratedRig(460_800);
    await ready();
    opened.length = 0;
    module.unplug();
    await clock.run(() => modem.state.name === "offline");
    module.plug();
    await clock.until(modem.whenReady(), 2 * MINUTE);
    assert.deepEqual([...new Set(opened)], [460_800]);
    await modem.close();
  });

  it("is found anew when another one with another rate has taken its place", async () => {
    const { clock, module, modem, opened, ready } = ratedRig(460_800);
    await ready();
    setLineRate(module, 57_600);
    storeLineRate(module);
    await clock.run(() => modem.state.name === "offline", 5 * MINUTE);
    opened.length = 0;
    await clock.until(modem.whenReady(), MINUTE);
    assert.deepEqual(opened, [460_800, 115_200, 9_600, 921_600, 57_600, 57_600]);
    await modem.close();
  });

  it("is told to restart at its own rate when it hangs, although no rate is answered", async () => {
    const { clock, module, modem, ready } = ratedRig(9_600);
    await ready();
    module.log.clear();
    module.hang();
    await clock.run(() => modem.state.name === "needsPowerCycle", 30 * MINUTE);
    const heard = module.log.entries.flatMap((entry) => (entry.kind === "received" ? [entry.bytes] : []));
    assert.match(Buffer.concat(heard).toString("latin1"), /AT\+CFUN=1,1\r/);
    await modem.close();
  });

  it("is found also while it takes all for the data of an upload that a former host has begun", async () => {
    const { clock, module, modem } = ratedRig(57_600);
    const former = simulatorTransport(module)();
    await former.open();
    await clock.until(former.write(Buffer.from('AT+QFUPL="RAM:a",50000,60\r')));
    await clock.advance(1_000);
    await former.close();
    modem.acquire();
    await clock.until(modem.whenReady(), 10 * MINUTE);
    await modem.close();
  });

  it("closes the port at once while rates are asked", async () => {
    const { clock, module, modem, opened, live } = ratedRig(19_200);
    module.hang();
    modem.acquire();
    await clock.run(() => opened.length === 3);
    const begun = clock.now();
    await clock.until(modem.close());
    assert.ok(clock.now() - begun < 100);
    assert.equal(live.size, 0);
    assert.equal(clock.timers, 0);
  });

  it("is missing when its port is, whatever the rate", async () => {
    const { clock, module, modem, opened } = ratedRig(9_600);
    module.unplug();
    modem.acquire();
    await clock.run(() => modem.state.name === "offline");
    assert.equal(modem.notReady()?.code, "PORT_NOT_FOUND");
    assert.deepEqual(opened, [115_200]);
    await modem.close();
  });
});
