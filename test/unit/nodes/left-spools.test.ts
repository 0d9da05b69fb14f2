/** Which folders beside those of the modems are looked into for mails. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeAPI } from "node-red";
import { leftSpools } from "../../../nodes/runtime/disk/left-spools";

describe("Mails that a modem has left", () => {
  it("are not looked for in what cannot be the folder of one, such as lost+found of a disk of its own", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quectel-left-"));
    try {
      // Looking into a file fails for root too, as into that folder for everybody else.
      for (const name of ["lost+found", ".DS_Store"]) await writeFile(join(folder, name), "");
      const RED = { settings: { quectelModemSpoolDir: folder } } as unknown as NodeAPI;
      assert.deepEqual(await leftSpools(RED, () => []), []);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
