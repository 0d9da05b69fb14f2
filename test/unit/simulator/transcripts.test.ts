import assert from "node:assert/strict";
import { replay } from "../../support/replay";
import { parseTranscript, readTranscripts } from "../../support/transcript";

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
