/** FailedMails: the mails that were given up, kept for `retry`; of each only the name of its file is in memory. */
import { ModemError } from "../errors";
import { contentNames, type Found, type Place, type SpoolRecord } from "./spool/record";
import { loadRecord, type Spool } from "./spool/spool";
import type { OutboxTime } from "./time";

export type FailedPlace = Extract<Place, { folder: "failed" }>;

const SECONDS_PER_DAY = 24 * 60 * 60;

export class FailedMails {
  private readonly places = new Map<string, FailedPlace>();

  constructor(
    private readonly spool: Spool,
    private readonly time: OutboxTime,
    private readonly trouble: (error: ModemError) => void,
  ) {}

  get count(): number {
    return this.places.size;
  }

  /** On the disk. */
  get bytes(): number {
    let bytes = 0;
    for (const place of this.places.values()) bytes += place.bytes;
    return bytes;
  }

  has(id: string): boolean {
    return this.places.has(id);
  }

  /** Oldest first. */
  ids(): string[] {
    return [...this.places].sort(([, a], [, b]) => a.since - b.since).map(([id]) => id);
  }

  add(id: string, place: FailedPlace): void {
    this.places.set(id, place);
  }

  /**
   * From now on it does not count as failed, and its files are the caller's alone: of a retry and a removal that come
   * together one gets it. Throws OUTBOX_NOT_FOUND.
   */
  take(id: string): FailedPlace {
    const place = this.placeOf(id);
    this.places.delete(id);
    return place;
  }

  /** Where a mail of `bytes` that fails now is kept. */
  placeFor(bytes: number): FailedPlace {
    return { folder: "failed", since: Math.floor(this.time.now().time / 1000), bytes };
  }

  /** Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED or the error of the disk. */
  async load(id: string): Promise<SpoolRecord> {
    return loadRecord(this.spool, { id, place: this.placeOf(id) });
  }

  /** Removes a mail for good. Rejects with OUTBOX_NOT_FOUND or OUTBOX_DISK. */
  async remove(id: string): Promise<void> {
    const place = this.take(id);
    const found: Found = { id, place };
    const contents = await loadRecord(this.spool, found).then(contentNames, () => []);
    try {
      await this.spool.remove(found);
    } catch (cause) {
      this.places.set(id, place);
      throw diskErrorOf(id, cause);
    }
    await this.spool.drop(id, contents).catch((cause: unknown) => {
      throw diskErrorOf(id, cause);
    });
  }

  /** Removes mails that failed more than `days` of running time ago. Never rejects. */
  async removeOld(days: number): Promise<void> {
    const before = this.time.now().time / 1000 - days * SECONDS_PER_DAY;
    // Chosen first: one that cannot be removed is put back behind the others, and would be met for ever.
    const old = [...this.places].filter(([, { since }]) => since <= before);
    for (const [id] of old) {
      if (!this.has(id)) continue;
      await this.remove(id).catch((error: unknown) => {
        if (error instanceof ModemError) this.trouble(error);
      });
    }
  }

  private placeOf(id: string): FailedPlace {
    const place = this.places.get(id);
    if (place === undefined) throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return place;
  }
}

function diskErrorOf(id: string, cause: unknown): ModemError {
  return new ModemError("OUTBOX_DISK", { detail: `failed mail ${id}`, cause });
}
