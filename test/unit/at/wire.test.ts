import assert from "node:assert/strict";
import { Wire } from "../../../lib/at/wire";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

function wireAt(bitRate: number | undefined): {
  wire: Wire;
  transport: ScriptedTransport;
  clock: VirtualClock;
} {
  const clock = new VirtualClock();
  const transport = new ScriptedTransport();
  transport.bitRate = bitRate;
  return { wire: new Wire(transport, clock), transport, clock };
}

describe("the wire", () => {
  it("knows how long bytes take, ten bits each, and that USB takes no time", () => {
    assert.equal(wireAt(9_600).wire.lineTime(960), 1_000);
    assert.equal(wireAt(115_200).wire.lineTime(11_520), 1_000);
    assert.equal(wireAt(undefined).wire.lineTime(11_520), 0);
  });

  it("gives a write ten seconds beyond its own time on the line, and says what is wrong then", async () => {
    const { wire, transport, clock } = wireAt(1_200);
    transport.drain = () => new Promise((resolve) => clock.after(19_999, resolve));
    await clock.until(wire.write(Buffer.alloc(1_200)));
    assert.equal(clock.timers, 0);
    transport.drain = () => new Promise(() => undefined);
    const start = clock.now();
    await assert.rejects(clock.until(wire.write(Buffer.alloc(1_200))), {
      code: "MODEM_TIMEOUT",
      message: /the serial line accepts no bytes/,
    });
    assert.equal(clock.now() - start, 20_000);
  });
});
