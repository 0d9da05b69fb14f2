/**
 * Three programs of other people on a pseudo-terminal: picocom, a terminal; gnokii, for phones with AT commands; smsd of
 * smstools, which polls a modem for messages.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SimulatedModem } from "../../../lib/simulator";
import { servePty } from "../../../lib/simulator/serve/pty-server";
import { waitFor } from "../../support/wait-for";
import { inTemporaryFolder, run, tool } from "./tools";

/** Runs `work` with the path of a terminal that leads to a simulated module. */
async function atTerminal(
  work: (terminal: string, folder: string, modem: SimulatedModem) => Promise<void>,
): Promise<void> {
  tool("socat", "socat");
  await inTemporaryFolder(async (folder) => {
    const modem = new SimulatedModem();
    const terminal = join(folder, "modem");
    const served = await servePty(modem, terminal);
    try {
      await work(terminal, folder, modem);
    } finally {
      await served.close();
      modem.powerOff();
    }
  });
}

describe("picocom", () => {
  it("shows what a person types and what the module answers", async () => {
    const picocom = tool("picocom", "picocom");
    await atTerminal(async (terminal) => {
      const child = spawn(picocom, ["--quiet", "--baud", "115200", "--exit-after", "2000", terminal], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      let shown = "";
      child.stdout.on("data", (bytes: Buffer) => (shown += bytes.toString("latin1")));
      child.stdin.end("AT+CGMM;+CSQ\r");
      const [code] = await once(child, "close");
      assert.equal(code, 0, shown);
      assert.match(shown, /AT\+CGMM;\+CSQ\r\r\nEC25\r\n\+CSQ: 23,99\r\n\r\nOK\r\n/);
    });
  });
});

describe("gnokii", () => {
  const gnokii = async (terminal: string, folder: string, option: string): Promise<string> => {
    const settings = join(folder, "gnokiirc");
    await writeFile(settings, `[global]\nport = ${terminal}\nmodel = AT\nconnection = serial\n`);
    const { code, output } = await run(tool("gnokii", "gnokii-cli"), ["--config", settings, option]);
    assert.equal(code, 0, output);
    return output;
  };

  it("identifies the module and reads its clock", () =>
    atTerminal(async (terminal, folder) => {
      const identity = await gnokii(terminal, folder, "--identify");
      assert.match(identity, /IMEI +: \d{15}\b/);
      assert.match(identity, /Manufacturer +: Quectel/);
      assert.match(identity, /Model +: EC25/);
      assert.match(await gnokii(terminal, folder, "--getdatetime"), /Date: 2008\/01\/04/);
    }));
});

describe("smsd of smstools", () => {
  it("finds the card ready and the module registered, sets PDU mode, and polls for messages again and again", async () => {
    const smsd = tool("smsd", "smstools");
    await atTerminal(async (terminal, folder, modem) => {
      const folders = ["outgoing", "checked", "incoming", "failed", "sent"] as const;
      for (const name of folders) await mkdir(join(folder, name));
      const log = join(folder, "smsd.log");
      const settings = join(folder, "smsd.conf");
      await writeFile(
        settings,
        [
          "devices = GSM1",
          "loglevel = 7",
          `logfile = ${log}`,
          `infofile = ${join(folder, "smsd.info")}`,
          `pidfile = ${join(folder, "smsd.pid")}`,
          ...folders.map((name) => `${name} = ${join(folder, name)}`),
          "delaytime = 1",
          "[GSM1]",
          `device = ${terminal}`,
          "incoming = yes",
          "baudrate = 115200",
          "",
        ].join("\n"),
      );
      const child = spawn(smsd, ["-c", settings, "-t"], { stdio: "ignore" });
      const ended = once(child, "close");
      try {
        const polls = (): number => modem.log.lines().filter((line) => line === "AT+CPMS?").length;
        await waitFor("three polls of smsd", () => polls() >= 3, 60_000);
      } finally {
        child.kill("SIGTERM");
        await ended;
      }
      const said = await readFile(log, "latin1");
      assert.match(said, /Modem is registered to the network/);
      assert.match(said, /Signal Strength Indicator: \(23,99\)/);
      assert.match(said, /Used memory is 0 of 255/);
      assert.doesNotMatch(said, /ERROR/);
    });
  });
});
