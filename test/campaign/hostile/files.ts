/** Paths in messages: only files below the allowed folders are read, whatever the path looks like and who swaps it. */
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMessage } from "../../../lib/mail/message/message";
import { hostFiles } from "../../../lib/outbox/spool/files";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";
import { anyText } from "./values";

const PUBLIC = "public";

export class FilesAttack {
  private constructor(private readonly folder: string) {}

  static async prepare(): Promise<FilesAttack> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "campaign-files-")));
    const allowed = join(folder, "allowed");
    await mkdir(join(allowed, "sub"), { recursive: true });
    await mkdir(join(folder, "allowed-not"));
    await mkdir(join(folder, "secret"));
    for (const path of ["allowed/a.txt", "allowed/sub/a.txt"]) await writeFile(join(folder, path), PUBLIC);
    for (const path of ["secret/a.txt", "allowed-not/a.txt", "a.txt"])
      await writeFile(join(folder, path), "PRIVATE");
    await symlink(join(folder, "secret", "a.txt"), join(allowed, "link.txt"));
    await symlink(join(folder, "secret"), join(allowed, "linked"));
    await symlink("../../secret/a.txt", join(allowed, "sub", "relative.txt"));
    await symlink(join(allowed, "a.txt"), join(folder, "into.txt"));
    return new FilesAttack(folder);
  }

  /** One path, as a flow might give it. */
  async tryPath(dice: Dice, found: Findings, where: string): Promise<void> {
    const parts = [
      "allowed",
      "allowed-not",
      "secret",
      "sub",
      "linked",
      "link.txt",
      "a.txt",
      "relative.txt",
      "into.txt",
      "..",
      ".",
      "",
      "%2e%2e",
      "..\\",
      "a.txt\0.jpg",
      "a.txt/",
    ];
    const way = Array.from({ length: dice.between(1, 5) }, () => dice.pick(parts)).join("/");
    const path = dice.hit(0.1)
      ? anyText(dice)
      : `${dice.pick([this.folder, `${this.folder}/allowed`, `file://${this.folder}`, "/proc/self/root" + this.folder, ""])}/${way}`;
    await this.read(path, found, where);
  }

  /** Swaps file and link while messages are read. */
  async race(rounds: number, found: Findings, where: string): Promise<void> {
    const spot = join(this.folder, "allowed", "sub", "race.txt");
    const over = new AbortController();
    const swap = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await writeFile(`${spot}.file`, PUBLIC);
        await rename(`${spot}.file`, spot);
        await symlink(join(this.folder, "secret", "a.txt"), `${spot}.link`);
        await rename(`${spot}.link`, spot);
      }
    };
    const swapping = swap();
    for (let round = 0; round < rounds; round++) await this.read(spot, found, where);
    over.abort();
    await swapping;
  }

  async end(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private async read(path: string, found: Findings, where: string): Promise<void> {
    const policy = { allowFrom: false, attachmentPaths: [join(this.folder, "allowed")] };
    let text = "";
    try {
      const { attachments } = await readMessage(
        { to: "duty@example.com", attachments: [{ path }] },
        {},
        policy,
      );
      for (const { content } of attachments) {
        if (content.kind !== "file") continue;
        for await (const chunk of hostFiles.streamReal(content.path)) text += Buffer.from(chunk).toString();
      }
    } catch (error) {
      // The file may be gone or be another one by now; the outbox makes an error of its own of that.
      if (!/no longer the file|ENOENT|ELOOP/.test(String(error)))
        found.expectError(error, /^INVALID_ATTACHMENT/, where);
      return;
    }
    if (text !== PUBLIC && text !== "")
      found.add("filesOutside", where, `${JSON.stringify(path)} gave ${text}`);
  }
}
