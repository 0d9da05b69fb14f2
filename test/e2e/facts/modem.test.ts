import assert from "node:assert/strict";
import { askFacts, restartModem } from "../../../lib/facts";
import { form } from "../../../lib/facts/forms";
import { Trace } from "../../../lib/serial/trace";
import { internet, simulatorTransport } from "../../../lib/simulator";
import { simulatedRig } from "../../support/simulated-rig";
import { answersOf, greetingServer, snapshot } from "../../unit/facts/facts-rig";

describe("Facts asked of a modem that somebody else holds", () => {
  it("are the same, and leave the modem ready", async () => {
    let trace: Trace | undefined;
    const rig = simulatedRig({
      module: { variants: { "missing-file": "418", "input-time": "idle" } },
      transport: (module) => () => {
        trace ??= new Trace(rig.clock, 8 * 1024 * 1024);
        return trace.watch(simulatorTransport(module)());
      },
    });
    await rig.ready();
    const before = snapshot(rig.module, rig.clock);
    const { modem } = rig;
    const report = await rig.clock.until(
      modem.lock.run(() => askFacts(modem, { clock: rig.clock, trace, restart: () => restartModem(modem) })),
    );
    const answers = answersOf(report);
    assert.equal(answers["missing-file"], "418");
    assert.equal(answers["input-time"], "idle");
    assert.equal(answers["smtp-after-restart"], "lost");
    assert.equal(answers["ready-urc"], "present");
    assert.equal(answers["restart-port"], "stays");
    assert.deepEqual(report.notRestored, []);
    assert.deepEqual(snapshot(rig.module, rig.clock), before);
    await rig.clock.until(modem.whenReady());
    await rig.clock.until(modem.close());
  });

  it("show how the module times a block, and where it reports, while the modem watches the line", async () => {
    const rig = simulatedRig({ module: { variants: { "send-timeout": "5", "socket-urc-port": "opening" } } });
    rig.module.state(internet).tcpServer = () => greetingServer("closes", []);
    await rig.ready();
    const { modem } = rig;
    await rig.clock.until(modem.execute(form("AT+QIACT=1")));
    const before = snapshot(rig.module, rig.clock);
    const connect = { contextId: 1, host: "mx.example.net", port: 25 };
    const report = await rig.clock.until(
      modem.lock.run(() => askFacts(modem, { clock: rig.clock, connect })),
    );
    const answers = answersOf(report);
    assert.equal(answers["send-timeout"], "5");
    assert.equal(answers["socket-urc-port"], "opening");
    assert.match(answers["send-buffer"] ?? "", /^notAsked/);
    assert.deepEqual(report.notRestored, []);
    assert.deepEqual(snapshot(rig.module, rig.clock), before);
    await rig.clock.until(modem.whenReady());
    await rig.clock.until(modem.close());
  });
});
