/** Files that never answer: what reads them is told so, and ordinary alarms go on. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MailServer } from "../support/mail-server";
import { FlowBench, helperNode, modemNode, sendNode } from "./support/flow-bench";

describe("attach-file with a path that is no file to be read", () => {
  const bench = new FlowBench();
  let server: MailServer;
  let folder: string;

  before(async () => {
    server = await MailServer.start();
    folder = await mkdtemp(join(tmpdir(), "dead-files-"));
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });
  afterEach(() => bench.end());

  const load = (source: string): Promise<void> =>
    bench.load([
      modemNode(server.port),
      {
        id: "attach",
        type: "quectel-attach-file",
        z: "tab",
        source,
        sourceType: "path",
        wires: [["send"], ["refused"]],
      },
      sendNode(),
      ...["sent", "failed", "refused"].map(helperNode),
    ]);
  const alarm = { to: "duty@example.com", topic: "Level", payload: "94 %" };

  it("is refused when it is a pipe, however often, and the next alarm goes out", async function () {
    if (process.platform === "win32") return;
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await load(pipe);
    for (let count = 1; count <= 8; count++) bench.inject("attach", { ...alarm });
    bench.inject("send", { ...alarm });
    assert.equal((await bench.received("sent")).smtp.status, "sent");
    for (let count = 1; count <= 8; count++) {
      const { error } = await bench.received("refused", count);
      assert.equal(error.code, "INVALID_ATTACHMENT");
      assert.match(error.message, /is no regular file/);
    }
  });

  it("is refused by its size, and not read first", async () => {
    const film = join(folder, "film.bin");
    await writeFile(film, "");
    await truncate(film, 1_200_000_000);
    await load(film);
    const before = process.memoryUsage().rss;
    bench.inject("attach", { ...alarm });
    assert.equal((await bench.received("refused")).error.code, "LIMIT_ATTACHMENT_SIZE");
    assert(process.memoryUsage().rss - before < 100e6);
  });
});
