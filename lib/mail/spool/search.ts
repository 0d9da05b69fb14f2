/** Looks into spools from outside, so that mails can be reported whose modem is gone from the flows or not in use. */
import { isMissing, type FileLayer } from "./files";
import { Spool } from "./spool";

export interface FoundSpool {
  readonly directory: string;
  /** Mails that have not ended, and failed ones. */
  readonly waiting: number;
  readonly failed: number;
}

/** Those of `directories` that are spools with mails. Rejects with the error of the disk. */
export async function findSpools(
  directories: readonly string[],
  files: FileLayer,
): Promise<readonly FoundSpool[]> {
  const spools: FoundSpool[] = [];
  for (const directory of directories) {
    const places = await placesIn(directory, files);
    const failed = places.filter((folder) => folder === "failed").length;
    if (places.length > 0) spools.push({ directory, waiting: places.length - failed, failed });
  }
  return spools;
}

/** The folder of each record; none where no spool is. */
async function placesIn(directory: string, files: FileLayer): Promise<readonly string[]> {
  try {
    return (await new Spool(directory, files).find()).map(({ place }) => place.folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
