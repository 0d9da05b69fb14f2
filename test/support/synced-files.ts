/** The files of the host, with every fsync in the hands of a test: counted, or left out where durability does not matter. */
import { hostFiles, type FileLayer } from "../../lib/outbox/spool/files";

/** @param fsync is given what makes a file or a folder durable. */
export function syncedFiles(fsync: (sync: () => Promise<void>) => Promise<void>): FileLayer {
  return {
    ...hostFiles,
    async create(path) {
      const writer = await hostFiles.create(path);
      return {
        writeFile: (bytes) => writer.writeFile(bytes),
        close: () => writer.close(),
        sync: () => fsync(() => writer.sync()),
      };
    },
    syncFolder: (path) => fsync(() => hostFiles.syncFolder(path)),
  };
}
