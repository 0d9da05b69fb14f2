/** ModemManager 1.20 finds the simulated module, enables it, and has nothing to complain about. */
import assert from "node:assert/strict";
import { watchModem, type Witness } from "./modem-manager";

/** Warnings about the host of the test: no system bus services, and a port that is no device. */
const aboutTheHost = ["sleep-monitor-systemd", "auth-provider", "Unknown device subsystem"];

/** What ModemManager writes at debug level about an answer it could not read. */
const unreadable = /failed to parse|couldn't parse|missing .* prefix|unexpected (reply|response)/i;

describe("ModemManager", () => {
  for (const plugin of ["generic", "quectel"]) {
    it(`registers the simulated module with the ${plugin} plugin and has no complaint`, async () => {
      const witness = await watchModem(plugin);
      const { generic, "3gpp": network } = witness.report;
      assert.equal(generic.plugin, plugin);
      assert.equal(generic.manufacturer, "Quectel");
      assert.equal(generic.model, "EC25");
      assert.deepEqual(generic["access-technologies"], ["lte"]);
      assert.ok(Number(generic["signal-quality"].value) >= 50, "rssi 23 is a good signal");
      assert.equal(network["registration-state"], "home");
      assert.equal(network["operator-code"], "00101");
      assert.equal(network["operator-name"], "Example Mobile");
      assert.match(network.imei, /^\d{15}$/);
      assert.ok(witness.modem.log.lines().length > 60, "it asked all it asks at a start");
      assert.deepEqual(complaints(witness), []);
    });
  }

  it("registers it just so at the pace of a line with 115200 bit/s", async () => {
    const witness = await watchModem("quectel", { timing: { line: 115_200, thinkingMs: 2 } });
    assert.equal(witness.report.generic.state, "registered");
    assert.deepEqual(complaints(witness), []);
  });
});

function complaints({ log }: Witness): readonly string[] {
  return log.filter(
    (line) =>
      (line.includes("<warn>") || line.includes("<error>") || unreadable.test(line)) &&
      !aboutTheHost.some((text) => line.includes(text)),
  );
}
