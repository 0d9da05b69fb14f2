/** The demo that a fresh clone starts with: `npm start`, with and without `--once`; needs `npm run build`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const START = resolve(__dirname, "../../../scripts/start.mjs");

interface Finished {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs the starter; `onLine` may send it a signal. */
function start(
  args: readonly string[],
  onLine?: (line: string, kill: () => void) => void,
): Promise<Finished> {
  return new Promise((done, fail) => {
    const lines: string[] = [];
    const child = spawn(process.execPath, [START, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        onLine?.(line, () => child.kill("SIGINT"));
      });
    }
    child.once("error", fail);
    child.once("close", (code) => done({ code, lines }));
  });
}

describe("npm start", function () {
  this.timeout(90_000);

  it("--once sends the demo mail, prints it as received and ends with 0", async () => {
    const { code, lines } = await start(["--once"]);
    assert.equal(code, 0, lines.join("\n"));
    assert.match(lines[0] ?? "", /^From: +\S/);
    assert.match(lines[1] ?? "", /^To: +\S+@\S+$/);
    assert.match(lines[2] ?? "", /^Subject: \S/);
    assert.ok((lines[4] ?? "").length > 0, "the mail has no text");
  });

  it("prints both addresses, with the port that is asked for, and ends cleanly with Ctrl-C", async () => {
    const { freePorts } = await import("../../../scripts/demo/ports.mjs");
    const [port] = await freePorts(1);
    let flows = "";
    const look = async (): Promise<void> => {
      flows = await (await fetch(`http://127.0.0.1:${port}/flows`)).text();
    };
    const { code, lines } = await start(["--port", String(port)], (line, interrupt) => {
      if (line.includes("Ctrl-C ends")) void look().finally(interrupt);
    });
    assert.equal(code, 0, lines.join("\n"));
    assert.ok(lines.includes(`Node-RED editor   http://127.0.0.1:${port}/`), lines.join("\n"));
    const inbox = lines.map((line) => /^Inbox +(http:\/\/127\.0\.0\.1:\d+\/)$/.exec(line)?.[1]).find(Boolean);
    // The flow is deployed, and its mail does not go to the mailbox that the sidebar shows.
    const [comment] = (JSON.parse(flows) as { type: string; name: string }[]).filter(
      ({ type }) => type === "comment",
    );
    assert.equal(comment?.name, `Press the button on the left. The mail arrives at ${inbox}`);
  });

  for (const [args, what] of [
    [["--port", "70000"], /^--port 70000 is no TCP port$/],
    [["--prot", "1880"], /^Unknown option '--prot'/],
  ] as const) {
    it(`says what is wrong with ${args.join(" ")}, and ends with 2`, async () => {
      const { code, lines } = await start(args);
      assert.equal(code, 2);
      assert.match(lines[0] ?? "", what);
    });
  }
});
