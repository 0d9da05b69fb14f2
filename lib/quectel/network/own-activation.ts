/**
 * OwnActivation: the note that a PDP context was activated here, kept over reconnects and restarts of the host.
 *
 * The module does not tell who has activated a context, and one that serves somebody else must never be taken away.
 * The note counts only for the same module and the same address: the network gives an address with each activation.
 */
import type { ActiveContext } from "../commands/pdp";
import { type KeyValueStore, readJson } from "../key-value-store";
import type { Logger } from "../settings";
import type { ModuleIdentity } from "../connection/modem-state";

const KEY = "own-pdp-context";
const NOTHING = "null";

/** Who the module is, and where to tell that a note was lost. */
export interface NotedModule {
  readonly identity: ModuleIdentity | undefined;
  readonly log: Logger;
}

interface Note {
  readonly imei: string;
  readonly contextId: number;
  /** As the module shows them. */
  readonly addresses: readonly string[];
}

export class OwnActivation {
  /** Notes are made one after another: that of a new activation is not taken for the one just given up. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: KeyValueStore,
    private readonly module: NotedModule,
    private readonly contextId: number,
  ) {}

  /** True where a context of this module was activated here and not given up since, active still or not. */
  async exists(): Promise<boolean> {
    return (await this.read()) !== undefined;
  }

  /** True for a context that is the one which was activated here. */
  async covers({ addresses }: ActiveContext): Promise<boolean> {
    const note = await this.read();
    return note !== undefined && addresses.length > 0 && note.addresses.join() === addresses.join();
  }

  /** Notes that the context was activated just now. A module without IMEI cannot be told from another. */
  async keep({ addresses }: ActiveContext): Promise<void> {
    const imei = this.module.identity?.imei;
    if (imei === undefined) return;
    const { contextId } = this;
    await this.inTurn(() => this.write(JSON.stringify({ imei, contextId, addresses } satisfies Note)));
  }

  /** The context is not active any more, or not by us. */
  async drop(): Promise<void> {
    await this.inTurn(async () => {
      if (await this.exists()) await this.write(NOTHING);
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work);
    return this.last;
  }

  private async read(): Promise<Note | undefined> {
    const note = await readJson(this.store, KEY, isNote).catch(() => undefined);
    const isThis = note?.imei === this.module.identity?.imei && note?.contextId === this.contextId;
    return isThis ? note : undefined;
  }

  /** Without the note the context only stays active for longer, so a full disk stops no mail. */
  private async write(text: string): Promise<void> {
    await this.store.write(KEY, text).catch((error: unknown) => {
      this.module.log.debug(`who activated the context could not be recorded: ${String(error)}`);
    });
  }
}

function isNote(value: unknown): value is Note {
  return (
    typeof value === "object" &&
    value !== null &&
    "imei" in value &&
    typeof value.imei === "string" &&
    "contextId" in value &&
    typeof value.contextId === "number" &&
    "addresses" in value &&
    Array.isArray(value.addresses) &&
    value.addresses.every((address) => typeof address === "string")
  );
}
