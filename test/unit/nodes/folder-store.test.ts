import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderStore } from "../../../nodes/runtime/disk/folder-store";
import { FaultyFiles } from "../../support/faulty-files";

describe("the notes about a modem", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "notes-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("are kept as files, one for each page, and none at the beginning", async () => {
    const notes = new FolderStore(join(folder, "notes"));
    assert.equal(await notes.read("files"), undefined);
    await Promise.all([notes.write("files", "one"), notes.write("files", "two"), notes.write("roots", "r")]);
    const later = new FolderStore(join(folder, "notes"));
    assert.deepEqual(await Promise.all([later.read("files"), later.read("roots")]), ["two", "r"]);
  });

  it("that the disk does not take name the disk and not the module, and let the mail wait", async () => {
    const file = join(folder, "no-folder");
    await writeFile(file, "");
    const notes = new FolderStore(file);
    const expected = { code: "OUTBOX_DISK", class: "transient", hint: /disk/, message: /ENOTDIR|EEXIST/ };
    await assert.rejects(notes.write("files", "[]"), expected);
    await assert.rejects(notes.read("files"), expected);
  });

  it("are on the disk when a write has ended, whatever happens then, and in their old form before", async () => {
    for (let cut = 1; ; cut++) {
      const files = new FaultyFiles();
      await new FolderStore("/modems/m/notes", files).write("files", "old");
      const until = files.operations + cut;
      let isWritten = false;
      files.fault = ({ number }) => (number === until ? "cut" : undefined);
      const notes = new FolderStore("/modems/m/notes", files);
      void notes.write("files", "new").then(() => (isWritten = true));
      await new Promise((resolve) => setImmediate(resolve));
      const after = await new FolderStore("/modems/m/notes", files.after("nothing")).read("files");
      if (isWritten) {
        assert.equal(after, "new");
        assert.ok(cut > 6);
        return;
      }
      assert.ok(after === "old" || after === "new", `${after} after operation ${cut}`);
    }
  });

  it("make the names of new folders durable with the first write, and only there", async () => {
    const files = new FaultyFiles();
    const synced: string[] = [];
    const syncFolder = files.syncFolder.bind(files);
    files.syncFolder = (path) => (synced.push(path), syncFolder(path));
    const notes = new FolderStore("/modems/m/notes", files);
    await notes.write("files", "first");
    assert.deepEqual(synced.splice(0), ["/modems/m/notes", "/modems/m", "/modems"]);
    await notes.write("files", "second");
    assert.deepEqual(synced, ["/modems/m/notes"]);
  });
});
