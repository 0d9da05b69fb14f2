/**
 * That bytes of a serial port arrive at once although no timer runs, on this Node.js; and that this measurement would
 * notice the opposite. Needs socat.
 */
import assert from "node:assert/strict";
import { SerialPort } from "serialport";
import { SerialTransport } from "../../../lib/serial/serial-transport";
import { lineDelays } from "../../support/line-delays";
import { PtyPair } from "../../support/pty-pair";
import { VirtualClock } from "../../support/virtual-clock";

/** Milliseconds a line may take on a loaded machine; without the remedy it takes until the next line at least. */
const AT_ONCE_MS = 100;

/** Does this Node.js run promise reactions after a bare native callback? Not from 26.4 on. */
function runsReactions(version = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 26 || (major === 26 && minor < 4);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe(`lines from a serial port on Node.js ${process.versions.node}, while no timer runs`, () => {
  let pair: PtyPair;

  beforeEach(async () => {
    pair = await PtyPair.open();
  });

  afterEach(() => pair.close());

  it("arrive at once", async () => {
    const serial = new SerialTransport({
      path: pair.host,
      baudRate: 115_200,
      flowControl: "none",
      dtr: "leave",
      rts: "leave",
      clock: new VirtualClock(),
    });
    await serial.open();
    const delays = await lineDelays(serial, pair.modem);
    await serial.close();
    assert.ok(median(delays) < AT_ONCE_MS, `milliseconds: ${delays.map(Math.round).join(" ")}`);
  });

  it("arrive late from serialport alone where Node.js runs no promise reactions: else the remedy can go", async () => {
    const port = new SerialPort({ path: pair.host, baudRate: 115_200, hupcl: false, autoOpen: false });
    await new Promise<void>((resolve, reject) => {
      port.open((error) => (error === null ? resolve() : reject(error)));
    });
    const delays = await lineDelays(port, pair.modem);
    await new Promise((resolve) => port.close(resolve));
    assert.equal(
      median(delays) < AT_ONCE_MS,
      runsReactions(),
      `milliseconds: ${delays.map(Math.round).join(" ")}`,
    );
  });
});
