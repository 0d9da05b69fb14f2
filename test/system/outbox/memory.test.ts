/** What a long queue takes of the memory of a small gateway, while it grows and at the next start. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAILS = 1_000;
const MB = 1e6;

interface Told {
  readonly depth: number;
  /** Bytes. */
  readonly grown: number;
}

describe("A thousand mails that wait", function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "long-queue-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** @param heapMB what JavaScript may take in all. */
  const run = async (mails: number, attachment: number, text: number, heapMB: number): Promise<Told> => {
    const child = fork(join(__dirname, "long-queue.ts"), [folder, mails, attachment, text].map(String), {
      // Gives what is freed back to the host at once, so that only what is held counts.
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "65536" },
      execArgv: ["--expose-gc", `--max-old-space-size=${heapMB}`, "--import", "tsx"],
    });
    const told: Told[] = [];
    child.on("message", (message: Told) => told.push(message));
    const [code] = (await once(child, "close")) as [number | null];
    const [one] = told;
    assert.ok(code === 0 && one, `the process ended with ${code}`);
    return one;
  };

  it("with 300 kB each raise the memory of the process by less than 20 MB", async () => {
    const { depth, grown } = await run(MAILS, 300_000, 100, 500);
    console.log(`      memory grew by ${(grown / MB).toFixed(1)} MB`);
    assert.ok(depth >= MAILS);
    assert.ok(grown < 20 * MB, `grew by ${grown} bytes`);
  });

  it("with 120 kB of text each are found at the next start by a process that could not hold half of it", async () => {
    await run(MAILS, 0, 120_000, 500);
    assert.ok((await run(0, 0, 0, 60)).depth >= MAILS);
  });
});
