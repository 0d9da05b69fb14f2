import assert from "node:assert/strict";
import { BAUD_RATES, findBaudRate } from "../../../lib/at/baud-rate";
import { withCode } from "../../support/at-bench";
import { ScriptedTransport } from "../../support/scripted-transport";
import { VirtualClock } from "../../support/virtual-clock";

/** Ports to a module that understands one rate, and answers rubbish, if anything, at the others. */
function ports(
  right: number,
  answer: string,
  rubbish = "\xfe\x80\xfe",
): {
  at: (rate: number) => ScriptedTransport;
  tried: number[];
  open: Set<ScriptedTransport>;
} {
  const tried: number[] = [];
  const open = new Set<ScriptedTransport>();
  const at = (rate: number): ScriptedTransport => {
    assert.equal(open.size, 0, "the last transport was not closed");
    tried.push(rate);
    const transport = new ScriptedTransport({ AT: rate === right ? answer : rubbish });
    transport.bitRate = rate;
    open.add(transport);
    transport.on("closed", () => open.delete(transport));
    return transport;
  };
  return { at, tried, open };
}

describe("the search for the baud rate", () => {
  it("tries 115200, 9600, 460800 and 921600 first, and stops where AT is answered", async () => {
    const clock = new VirtualClock();
    const { at, tried } = ports(921_600, "\r\nOK\r\n");
    assert.equal(await clock.until(findBaudRate(at, clock)), 921_600);
    assert.deepEqual(tried, [115_200, 9_600, 460_800, 921_600]);
    assert.equal(clock.timers, 0);
  });

  it("asks first where the module was found last", async () => {
    const clock = new VirtualClock();
    const { at, tried } = ports(57_600, "\r\nOK\r\n");
    assert.equal(await clock.until(findBaudRate(at, clock, { first: 57_600 })), 57_600);
    assert.deepEqual(tried, [57_600]);
  });

  it("asks a rate once that is named first and is a usual one, and one that is not usual", async () => {
    for (const first of [9_600, 4_800]) {
      const clock = new VirtualClock();
      const { at, tried } = ports(1, "", "");
      await assert.rejects(clock.until(findBaudRate(at, clock, { first })), withCode("MODEM_SILENT"));
      assert.deepEqual(tried, [first, ...BAUD_RATES.filter((rate) => rate !== first)]);
    }
  });

  it("asks nothing where the line has no rate, as on USB", async () => {
    const clock = new VirtualClock();
    const { at, tried, open } = ports(1, "", "");
    const usb = (rate: number): ScriptedTransport => {
      const transport = at(rate);
      transport.bitRate = undefined;
      return transport;
    };
    assert.equal(await clock.until(findBaudRate(usb, clock)), 115_200);
    assert.deepEqual(tried, [115_200]);
    assert.equal(clock.now(), 0);
    assert.equal(open.size, 0);
  });

  it("takes an ERROR, with echo or without, for proof: rubbish stood before AT", async () => {
    const clock = new VirtualClock();
    assert.equal(await clock.until(findBaudRate(ports(9_600, "AT\r\r\nERROR\r\n").at, clock)), 9_600);
  });

  it("takes a numeric result for proof", async () => {
    const clock = new VirtualClock();
    assert.equal(await clock.until(findBaudRate(ports(9_600, "0\r").at, clock)), 9_600);
  });

  it("says MODEM_SILENT after all rates, and leaves no port open", async () => {
    const clock = new VirtualClock();
    const { at, tried, open } = ports(1, "", "");
    await assert.rejects(clock.until(findBaudRate(at, clock)), withCode("MODEM_SILENT"));
    assert.deepEqual(tried, [...BAUD_RATES]);
    assert.equal(open.size, 0);
  });

  it("ends when it is aborted, and leaves no port open", async () => {
    const clock = new VirtualClock();
    const { at, tried, open } = ports(1, "", "");
    const abort = new AbortController();
    const outcome = findBaudRate(at, clock, { signal: abort.signal });
    await clock.advance(100);
    abort.abort(new Error("closed"));
    await assert.rejects(clock.until(outcome), /closed/);
    assert.equal(tried.length, 1);
    assert.equal(open.size, 0);
  });

  it("fails with the port's own error", async () => {
    const clock = new VirtualClock();
    const { at, open } = ports(9_600, "\r\nOK\r\n");
    const unplugged = (rate: number): ScriptedTransport => {
      const transport = at(rate);
      transport.write = () => {
        transport.unplug();
        return Promise.reject(new Error("gone"));
      };
      return transport;
    };
    await assert.rejects(clock.until(findBaudRate(unplugged, clock)), /gone/);
    assert.equal(open.size, 0);
  });
});
