/** Finds the spools below a folder, so that one whose modem is gone from the flows can be reported and adopted. */
import { join } from "node:path";
import { isMissing, type FileLayer } from "./files";
import { Spool } from "./spool";

export interface FoundSpool {
  readonly directory: string;
  /** Mails that have not ended, and failed ones. */
  readonly waiting: number;
  readonly failed: number;
}

/** The spools with mails in the folders below `root`. Rejects with the error of the disk. */
export async function findSpools(root: string, files: FileLayer): Promise<FoundSpool[]> {
  const spools: FoundSpool[] = [];
  for (const name of await listOrNone(files, root)) {
    const directory = join(root, name);
    try {
      const found = await new Spool(directory, files).find();
      const failed = found.filter(({ place }) => place.folder === "failed").length;
      if (found.length > 0) spools.push({ directory, waiting: found.length - failed, failed });
    } catch {
      // Not a spool.
    }
  }
  return spools;
}

async function listOrNone(files: FileLayer, path: string): Promise<string[]> {
  try {
    return await files.list(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
