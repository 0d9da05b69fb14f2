import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMessage } from "../../../lib/mail/message/message";
import { hostFiles } from "../../../lib/outbox/spool/files";
import { Spool } from "../../../lib/outbox/spool/spool";

describe("a file that a message may attach, and that is swapped before it is read", () => {
  let folder: string;
  let allowed: string;
  let spool: Spool;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "swapped-")));
    allowed = join(folder, "allowed");
    await mkdir(join(allowed, "camera"), { recursive: true });
    await writeFile(join(allowed, "camera", "picture.jpg"), "picture");
    await mkdir(join(folder, "private"));
    await writeFile(join(folder, "private", "picture.jpg"), "private key");
    spool = new Spool(join(folder, "spool"), hostFiles);
    await spool.prepare();
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Reads the message, swaps, and keeps the attachments. */
  const keepAfter = async (swap: () => Promise<unknown>) => {
    const attachments = [{ path: join(allowed, "camera", "picture.jpg") }];
    const policy = { allowFrom: false, attachmentPaths: [allowed] };
    const mail = await readMessage({ to: "duty@example.com", attachments }, {}, policy);
    await swap();
    return spool.keep("abcdefgh", { ...mail, message: {} }, 1000);
  };

  const refused = { code: "INVALID_ATTACHMENT" };

  it("is kept when nobody has touched it", async () => {
    assert.equal((await keepAfter(() => Promise.resolve())).attachments[0]?.size, 7);
  });

  it("is refused when a link to another file has taken its place", async () => {
    const swap = async (): Promise<void> => {
      await rm(join(allowed, "camera", "picture.jpg"));
      await symlink(join(folder, "private", "picture.jpg"), join(allowed, "camera", "picture.jpg"));
    };
    await assert.rejects(keepAfter(swap), refused);
    assert.deepEqual(await hostFiles.list(join(folder, "spool", "contents")), []);
  });

  it("is refused when a link has taken the place of its folder", async () => {
    const swap = async (): Promise<void> => {
      await rename(join(allowed, "camera"), join(allowed, "old"));
      await symlink(join(folder, "private"), join(allowed, "camera"));
    };
    await assert.rejects(keepAfter(swap), refused);
  });

  it("is refused, and nothing waits, when a pipe has taken its place", async function () {
    if (process.platform === "win32") return;
    const swap = async (): Promise<void> => {
      await rm(join(allowed, "camera", "picture.jpg"));
      execFileSync("mkfifo", [join(allowed, "camera", "picture.jpg")]);
    };
    await assert.rejects(keepAfter(swap), refused);
  });
});
