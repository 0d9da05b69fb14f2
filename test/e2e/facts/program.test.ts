/** The program as a person starts it, over TCP, against a simulated module in this process on the real clock. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { SimulatedModem } from "../../../lib/simulator";
import type { ServedPort } from "../../../lib/simulator/serve/served-modem";
import { smtpSettings } from "../../../lib/simulator/delivery/smtp-state";
import { serveTcp } from "../../../lib/simulator/serve/tcp-server";
import { parseTranscript } from "../../support/transcript";

const ROOT = resolve(__dirname, "../../..");
const PROGRAM = join(ROOT, "lib/facts/cli.ts");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: readonly string[];
}

/** Runs it to its end; `onLine` sees what it says on stderr and may send Ctrl-C. */
function run(
  args: readonly string[],
  onLine: (line: string, interrupt: () => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    const stderr: string[] = [];
    child.stdout.on("data", (bytes: Buffer) => {
      stdout += bytes.toString();
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      stderr.push(line);
      onLine(line, () => child.kill("SIGINT"));
    });
    child.once("error", fail);
    child.once("close", (code) => done({ code, stdout, stderr }));
  });
}

describe("quectel-modem-facts", function () {
  this.timeout(120_000);

  let folder: string;
  let module: SimulatedModem;
  let port: ServedPort & { readonly tcpPort: number };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "facts-"));
    module = new SimulatedModem();
    smtpSettings(module).password = "s3cret-word";
    port = await serveTcp(module, { tcpPort: 0 });
  });

  afterEach(async () => {
    await port.close();
    await rm(folder, { recursive: true });
  });

  const address = () => `127.0.0.1:${port.tcpPort}`;
  /** Echo as the next program on the port finds it. */
  const echo = () => module.log.lines().at(-1);

  it("prints the answers as JSON, writes the dialogue, and ends with 0", async () => {
    const out = join(folder, "module.txt");
    const { code, stdout, stderr } = await run(["--tcp", address(), "--json", "--out", out]);
    assert.equal(code, 0, stderr.join("\n"));
    const report: { facts: { id: string; answer: { kind: string; value?: string } }[] } = JSON.parse(stdout);
    const found = report.facts.find(({ id }) => id === "recipient-limit");
    assert.deepEqual(found?.answer, { kind: "known", value: "20" });
    const transcript = await readFile(out, "latin1");
    assert.ok(parseTranscript("module.txt", transcript).turns.length > 100);
    assert.ok(!`${stdout}${transcript}${stderr.join("\n")}`.includes("s3cret-word"));
    assert.equal(smtpSettings(module).password, "s3cret-word");
    assert.equal(echo(), "ATE1");
  });

  it("puts everything back after Ctrl-C, and ends with 1", async () => {
    const { code, stdout } = await run(["--tcp", address()], (line, interrupt) => {
      if (line.startsWith("password-readback")) interrupt();
    });
    assert.equal(code, 1);
    assert.match(stdout, /= subject-limit +100/);
    assert.match(stdout, /Stopped\./);
    assert.equal(smtpSettings(module).password, "s3cret-word");
    assert.equal(echo(), "ATE1");
  });

  it("ends with 2 and a sentence where nothing can be asked", async () => {
    const settings = join(folder, "mail.json");
    await writeFile(settings, '{"host":"mail.example.com","password":5}');
    const wrong = [
      { args: [], says: /--port PATH or --tcp/ },
      { args: ["--tcp", "127.0.0.1:1"], says: /quectel-modem-facts: / },
      { args: ["--tcp", address(), "--send", settings], says: /port of the mail settings/ },
    ];
    for (const { args, says } of wrong) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2);
      assert.match(stderr.join("\n"), says);
    }
  });
});
