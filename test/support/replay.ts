/** Replays a transcript against the simulated module with the variants that it names, byte by byte. */
import assert from "node:assert/strict";
import { OK, SimulatedModem, cell, change, parseVariant, simulatorTransport } from "../../lib/simulator";
import type { Transcript } from "./transcript";
import { VirtualClock } from "./virtual-clock";

/** Sends the host's turns of a transcript to a simulated module, and compares what came before each of them and at the end. */
export async function replay(transcript: Transcript): Promise<void> {
  const clock = new VirtualClock();
  const modem = new SimulatedModem({
    clock,
    variants: Object.assign({}, ...transcript.variants.map(parseVariant)),
  });
  if (transcript.signal !== undefined) change(modem, cell, { rssi: transcript.signal });
  // The server of a transcript is not there; what the module says of it is.
  modem.define((context, next) => {
    if (context.name !== "+QSMTPPUT") return next();
    context.afterResult(() => modem.raiseUrc("+QSMTPPUT: 0,0"));
    return OK;
  });
  const transport = simulatorTransport(modem)();
  let received = Buffer.alloc(0);
  transport.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
  });
  await transport.open();
  for (const line of transcript.before) await transport.write(Buffer.from(`${line}\r`));
  await clock.advance(10);
  received = Buffer.alloc(0);
  for (const { from, bytes } of transcript.turns) {
    if (from === "host") {
      await transport.write(bytes);
      continue;
    }
    await clock.advance(10);
    assert.equal(received.toString("latin1"), bytes.toString("latin1"));
    received = Buffer.alloc(0);
  }
  assert.equal(received.length, 0);
  await transport.close();
}
