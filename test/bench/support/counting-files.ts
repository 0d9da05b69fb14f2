/** The files of the host, counting how often they are made durable; `durable: false` only counts, to prepare a spool fast. */
import { syncedFiles } from "../../support/synced-files";

export class CountingFiles {
  syncs = 0;

  constructor(private readonly durable: boolean) {}

  readonly layer = syncedFiles((sync) => this.count(sync));

  private async count(sync: () => Promise<void>): Promise<void> {
    this.syncs++;
    if (this.durable) await sync();
  }
}
