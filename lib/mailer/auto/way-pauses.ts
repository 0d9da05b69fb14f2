/**
 * WayPauses: which of two ways out has failed as such, and until when it is left out.
 *
 * An hour, doubled with each further failure up to a day, because asking a module again and again for what its firmware
 * does not have delays every mail. It is durable, as the history of the module's recovery is, and holds for this firmware
 * and these settings: with others, the way gets another chance at once.
 */
import type { Modem } from "../../quectel/connection/modem";
import { digestOf, readJson, type KeyValueStore } from "../../quectel/key-value-store";
import type { Way } from "./choice";

const FIRST_PAUSE_MS = 3_600_000;
const LONGEST_PAUSE_MS = 24 * FIRST_PAUSE_MS;
const STORE_KEY = "paused-ways";

/** `until` is a time of the monotonic clock in memory, of the host's wall clock in the store; milliseconds. */
interface Pause {
  readonly until: number;
  readonly ms: number;
}

type Pauses = Partial<Record<Way, Pause>>;

interface Kept {
  /** Undefined: it was not known yet. */
  readonly firmware?: string;
  /** Hash of the settings. */
  readonly settings: string;
  readonly pauses: Pauses;
}

export interface WayPausesOptions {
  readonly modem: Pick<Modem, "clock" | "identity" | "log">;
  readonly store: KeyValueStore;
  /** What mails go by, without secrets; only a hash of it is kept. */
  readonly settings: string;
}

export class WayPauses {
  private readonly settings: string;
  private pauses: Pauses = {};
  private firmware: string | undefined;
  private reading: Promise<void> | undefined;

  constructor(private readonly options: WayPausesOptions) {
    this.settings = digestOf(options.settings);
  }

  async has(way: Way): Promise<boolean> {
    await this.recall();
    return (this.pauses[way]?.until ?? 0) > this.options.modem.clock.now();
  }

  async begin(way: Way): Promise<void> {
    await this.recall();
    const before = this.pauses[way]?.ms;
    const ms = before === undefined ? FIRST_PAUSE_MS : Math.min(2 * before, LONGEST_PAUSE_MS);
    this.pauses = { ...this.pauses, [way]: { until: this.options.modem.clock.now() + ms, ms } };
    await this.keep();
  }

  /** The way works: its next failure is a first one. */
  async end(way: Way): Promise<void> {
    await this.recall();
    const { [way]: ended, ...others } = this.pauses;
    if (ended === undefined) return;
    this.pauses = others;
    await this.keep();
  }

  /** Reads what is kept, once, and forgets all of it with another firmware. */
  private async recall(): Promise<void> {
    this.reading ??= this.read();
    await this.reading;
    const firmware = this.options.modem.identity?.firmware;
    if (firmware === undefined || firmware === this.firmware) return;
    if (this.firmware !== undefined) this.pauses = {};
    this.firmware = firmware;
  }

  private async read(): Promise<void> {
    const kept = await readJson(this.options.store, STORE_KEY, isKept).catch(() => undefined);
    if (kept?.settings !== this.settings) return;
    const { clock } = this.options.modem;
    this.firmware = kept.firmware;
    // A clock that was set back meanwhile makes none of them last longer than it was to be.
    this.pauses = mapped(kept.pauses, ({ until, ms }) => ({
      until: clock.now() + Math.min(ms, until - clock.wall()),
      ms,
    }));
  }

  /** A disk that does not take it costs only the memory of the next start. */
  private async keep(): Promise<void> {
    const { firmware, settings, options } = this;
    const { clock, log } = options.modem;
    const pauses = mapped(this.pauses, ({ until, ms }) => ({
      until: Math.round(clock.wall() + until - clock.now()),
      ms,
    }));
    const kept: Kept = { ...(firmware !== undefined && { firmware }), settings, pauses };
    try {
      await options.store.write(STORE_KEY, JSON.stringify(kept));
    } catch (error) {
      log.warn(`which way out of the module has failed could not be saved: ${String(error)}`);
    }
  }
}

function mapped({ module, socket }: Pauses, change: (pause: Pause) => Pause): Pauses {
  return {
    ...(module !== undefined && { module: change(module) }),
    ...(socket !== undefined && { socket: change(socket) }),
  };
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { firmware, settings, pauses } = value as Partial<Record<keyof Kept, unknown>>;
  if (typeof settings !== "string" || typeof pauses !== "object" || pauses === null) return false;
  const { module, socket } = pauses as Partial<Record<Way, unknown>>;
  return (firmware === undefined || typeof firmware === "string") && isPause(module) && isPause(socket);
}

function isPause(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  const { until, ms } = value as Partial<Record<keyof Pause, unknown>>;
  return Number.isFinite(until) && typeof ms === "number" && ms >= FIRST_PAUSE_MS && ms <= LONGEST_PAUSE_MS;
}
