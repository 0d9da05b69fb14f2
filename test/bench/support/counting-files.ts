/** The files of the host, counting how often they are made durable; `durable: false` only counts, to prepare a spool fast. */
import { type FileLayer, hostFiles } from "../../../lib/outbox/spool/files";

export class CountingFiles {
  syncs = 0;

  constructor(private readonly durable: boolean) {}

  readonly layer: FileLayer = {
    ...hostFiles,
    create: async (path) => {
      const writer = await hostFiles.create(path);
      return {
        writeFile: (bytes) => writer.writeFile(bytes),
        close: () => writer.close(),
        sync: () => this.count(() => writer.sync()),
      };
    },
    syncFolder: (path) => this.count(() => hostFiles.syncFolder(path)),
  };

  private async count(sync: () => Promise<void>): Promise<void> {
    this.syncs++;
    if (this.durable) await sync();
  }
}
