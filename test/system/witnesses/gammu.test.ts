/** gammu on a pseudo-terminal: a program for phones with 25 years of experience with modems that misbehave. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SimulatedModem } from "../../../lib/simulator";
import { servePty } from "../../../lib/simulator/serve/pty-server";
import { inTemporaryFolder, run, tool, type Outcome } from "./tools";

describe("gammu", () => {
  it("identifies the simulated module", async () => {
    const { code, output } = await gammu("identify");
    assert.equal(code, 0, output);
    assert.match(output, /Manufacturer +: Quectel/);
    assert.match(output, /EC25/);
    assert.match(output, /IMEI +: \d{15}/);
    assert.match(output, /SIM IMSI +: 001010123456789/);
  });

  it("sees it registered at home, with operator and packet service", async () => {
    const { code, output } = await gammu("networkinfo");
    assert.equal(code, 0, output);
    assert.match(output, /Network state +: home network/);
    assert.match(output, /Packet network state +: home network/);
    assert.match(output, /Name in phone +: "Example Mobile"/);
    assert.match(output, /GPRS +: attached/);
  });
});

async function gammu(command: string): Promise<Outcome> {
  const program = tool("gammu", "gammu");
  tool("socat", "socat");
  let outcome: Outcome = { code: null, output: "" };
  await inTemporaryFolder(async (folder) => {
    const terminal = join(folder, "modem");
    const settings = join(folder, "gammurc");
    await writeFile(settings, `[gammu]\ndevice = ${terminal}\nconnection = at115200\n`);
    const served = await servePty(new SimulatedModem(), terminal);
    try {
      outcome = await run(program, ["-c", settings, command]);
    } finally {
      await served.close();
    }
  });
  return outcome;
}
