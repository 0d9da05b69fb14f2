/** The program as a user starts it: its pseudo-terminal, its end, and what it says when something is missing. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { lstat, open, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SimulatedModem } from "../../../lib/simulator";
import { servePty } from "../../../lib/simulator/serve/pty-server";
import { waitFor } from "../../support/wait-for";
import { inTemporaryFolder, run, tool } from "./tools";

const program = ["--import", "tsx", resolve(__dirname, "../../../lib/simulator/cli.ts")];

describe("The pseudo-terminal of the simulated module", () => {
  it("may be closed and opened again, by programs one after the other", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "modem");
      const served = await servePty(new SimulatedModem(), path);
      try {
        for (let visit = 0; visit < 3; visit++) assert.match(await ask(path, "AT+CSQ"), /\+CSQ: 23,99/);
      } finally {
        await served.close();
      }
      assert.equal(await isThere(path), false);
    }));

  it("vanishes when the module is unplugged and comes back when it is plugged in", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "modem");
      const modem = new SimulatedModem();
      const served = await servePty(modem, path);
      try {
        modem.unplug();
        await waitFor("the end of the terminal", async () => !(await isThere(path)));
        modem.plug();
        await waitFor("the terminal", () => isThere(path));
        assert.match(await ask(path, "AT+CSQ"), /\+CSQ: 23,99/);
      } finally {
        await served.close();
      }
    }));

  it("comes back too when the module is plugged in before the terminal is quite gone", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "modem");
      const modem = new SimulatedModem();
      const served = await servePty(modem, path);
      try {
        const before = await madeAt(path);
        modem.unplug();
        modem.plug();
        // Asked once each time: the old terminal may go between two questions.
        await waitFor("a new terminal", async () => ![undefined, before].includes(await madeAt(path)));
        assert.match(await ask(path, "AT+CSQ"), /\+CSQ: 23,99/);
      } finally {
        await served.close();
      }
    }));

  it("replaces a link to nowhere that a former run left, and nothing else", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "modem");
      await symlink(join(folder, "gone"), path);
      await (await servePty(new SimulatedModem(), path)).close();
      await writeFile(path, "precious");
      await assert.rejects(servePty(new SimulatedModem(), path), /exists already/);
      assert.equal(await readFile(path, "latin1"), "precious");
    }));

  it("says what socat says when it cannot be made", () =>
    inTemporaryFolder((folder) =>
      assert.rejects(
        servePty(new SimulatedModem(), join(folder, "no/such/folder")),
        /socat made no pseudo-terminal/,
      ),
    ));
});

describe("quectel-modem-simulator", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends with ${signal}, its terminal gone`, () =>
      inTemporaryFolder(async (folder) => {
        const path = join(folder, "modem");
        const { child, lines } = start(["--pty", path, "--tcp", "0", "--fast", "--trace"]);
        await waitFor("its addresses", () => lines.some((line) => line.startsWith("usbmodem: tcp://")));
        assert.ok(lines.includes(`usbat: ${path}`));
        assert.match(await ask(path, "AT+CSQ"), /\+CSQ: 23,99/);
        const end = once(child, "exit");
        child.kill(signal);
        assert.deepEqual(await end, [0, null]);
        assert.equal(await isThere(path), false);
        assert.ok(lines.some((line) => line.includes("usbat > AT+CSQ\\r")));
      }));
  }

  it("says that socat is missing", async () => {
    const { code, output } = await run(process.execPath, [...program, "--pty", "/nowhere/modem"], {
      env: { PATH: "" },
    });
    assert.equal(code, 2);
    assert.match(output, /install the package socat/);
  });

  it("prints its help and its variants", async () => {
    const { code, output } = await run(process.execPath, [...program, "--help"]);
    assert.equal(code, 0);
    assert.match(output, /^quectel-modem-simulator: a simulated Quectel EC25/);
    assert.match(
      (await run(process.execPath, [...program, "--list-variants"])).output,
      /^subject-coding {2}\[hex\] raw/,
    );
  });

  it("refuses wrong arguments in one line", async () => {
    const { code, output } = await run(process.execPath, [...program, "--tcp", "x"]);
    assert.equal(code, 2);
    assert.equal(output, 'quectel-modem-simulator: --tcp takes [HOST:]PORT; "x" is none\n');
  });
});

function start(args: readonly string[]): { readonly child: ChildProcess; readonly lines: readonly string[] } {
  tool("socat", "socat");
  const child = spawn(process.execPath, [...program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  let rest = "";
  child.stdout.on("data", (bytes: Buffer) => {
    const pieces = (rest + bytes.toString()).split("\n");
    rest = pieces.pop() ?? "";
    lines.push(...pieces);
  });
  return { child, lines };
}

/** Opens the terminal, sends a line, reads to OK, closes. */
async function ask(path: string, line: string): Promise<string> {
  const terminal = await open(path, "r+");
  try {
    await terminal.write(`${line}\r`);
    let text = "";
    while (!text.includes("OK\r\n")) {
      const { buffer, bytesRead } = await terminal.read(Buffer.alloc(256), 0, 256, null);
      text += buffer.subarray(0, bytesRead).toString("latin1");
    }
    return text;
  } finally {
    await terminal.close();
  }
}

/** When the link to the terminal was made, ms; undefined while there is none. */
async function madeAt(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).birthtimeMs;
  } catch {
    return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
