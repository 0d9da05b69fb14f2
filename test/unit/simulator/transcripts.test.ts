import assert from "node:assert/strict";
import { OK, SimulatedModem, cell, change, parseVariant, simulatorTransport } from "../../../lib/simulator";
import { parseTranscript, readTranscripts, type Transcript } from "../../support/transcript";
import { VirtualClock } from "../../support/virtual-clock";

describe("The simulated module", () => {
  for (const transcript of readTranscripts()) {
    it(`answers byte by byte as in ${transcript.name}: ${transcript.title}`, async () => {
      await replay(transcript);
    });
  }
});

describe("A transcript", () => {
  const head = "title: T\nfirmware: none\nsource: here\n\n";

  it("joins lines of the same side and reads escapes", () => {
    const { turns } = parseTranscript("x", `${head}# remark\nH> AT\\r\nM> \\r\\n\nM> \\x41\\\\K\n`);
    assert.deepEqual(turns, [
      { from: "host", bytes: Buffer.from("AT\r") },
      { from: "module", bytes: Buffer.from("\r\nA\\K") },
    ]);
  });

  it("is refused without source, with an unknown header, with a line of neither side, or an unknown escape", () => {
    assert.throws(() => parseTranscript("x", "title: T\nfirmware: none\n\nH> AT"), /no source/);
    assert.throws(() => parseTranscript("x", `modem: x\n${head}`), /not a header line/);
    assert.throws(() => parseTranscript("x", `${head}AT\n`), /neither H> nor M>/);
    assert.throws(() => parseTranscript("x", `${head}H> \\q\n`), /no such escape/);
  });
});

/** Sends the host's turns, and compares what came before each of them and at the end. */
async function replay(transcript: Transcript): Promise<void> {
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
