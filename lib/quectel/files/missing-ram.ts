/**
 * MissingRam: whether this firmware has no storage `RAM:`, kept by firmware, so that no mail asks for it in vain.
 *
 * Believed once the module has three times in a row told the space of its flash and refused to tell that of its RAM;
 * dropped as soon as it tells that too. Until then each upload tries the RAM first.
 */
import { readJson, type KeyValueStore } from "../key-value-store";
import type { Modem } from "../connection/modem";

interface Kept {
  readonly model: string;
  readonly firmware: string;
  readonly isMissing: boolean;
}

const STORE_KEY = "ram";
const NOTHING_KEPT: Kept = { model: "", firmware: "", isMissing: false };
/** Refusals that are believed; one may be due to a busy start or a damaged line. */
const ENOUGH = 3;

export class MissingRam {
  private found: Kept | undefined;
  private refusals = 0;

  constructor(
    private readonly modem: Pick<Modem, "identity">,
    private readonly store: KeyValueStore,
  ) {}

  /** The module has told the space of its RAM. */
  async told(): Promise<void> {
    this.refusals = 0;
    if (await this.isKnown()) await this.keep(false);
  }

  /** It has refused to, and told that of its flash; true: there is no RAM to be tried. */
  async refused(): Promise<boolean> {
    this.refusals++;
    if (await this.isKnown()) return true;
    if (this.refusals < ENOUGH) return false;
    await this.keep(true);
    return true;
  }

  private async isKnown(): Promise<boolean> {
    this.found ??= (await readJson(this.store, STORE_KEY, isKept)) ?? NOTHING_KEPT;
    const { model, firmware, isMissing } = this.found;
    const { identity } = this.modem;
    return isMissing && model === identity?.model && firmware === identity?.firmware;
  }

  private async keep(isMissing: boolean): Promise<void> {
    const { model = "", firmware = "" } = this.modem.identity ?? {};
    this.found = { model, firmware, isMissing };
    await this.store.write(STORE_KEY, JSON.stringify(this.found));
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { model, firmware, isMissing } = value as Partial<Record<keyof Kept, unknown>>;
  return typeof model === "string" && typeof firmware === "string" && typeof isMissing === "boolean";
}
