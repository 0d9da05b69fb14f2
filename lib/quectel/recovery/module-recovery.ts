/**
 * ModuleRecovery: what is done to the module when mails do not go out, whichever mail comes next and whoever sends it.
 *
 * Renewing the context and restarting belong to the module, not to a mail, and so does what they are decided by: since
 * when nothing goes out, whether it ever did with these settings, when the module was restarted last. It is durable,
 * because a gateway that restarts with its module would else begin at the first rung each time. Which step is next is
 * decided by `recovery.ts`.
 */
import { isIP } from "node:net";
import { limited, once } from "../../async";
import { copyOf, isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import type { Lease } from "../connection/mail-lock";
import type { Modem } from "../connection/modem";
import { addressOf, repliesToPing } from "../network/lookups";
import type { PdpContext } from "../network/pdp";
import { digestOf, readJson, type KeyValueStore } from "../key-value-store";
import { concernsModule, type RecoveryHistory, type RecoveryStep } from "./recovery";
import {
  MAY_BE_MISTYPED,
  MAY_BE_REFUSED,
  OVERDUE,
  PROOF_HOURS,
  RESTART_WAITS_MINUTES,
  WITNESS_NAME,
} from "./recovery-table";

export interface ModuleRecoveryOptions {
  readonly modem: Modem;
  readonly pdp: Pick<PdpContext, "renew">;
  readonly store: KeyValueStore;
  /** The mail server's name or address. */
  readonly host: string;
  /** All settings by which mails go out, without secrets; only a hash of it is kept. */
  readonly settings: string;
}

/** As it is kept; times are of the host's wall clock, milliseconds since 1970. */
interface Kept {
  /** Hash of the settings with which a mail went out last. */
  readonly worked?: string;
  /** Failures in a row that concern the module, and when the first of them was. */
  readonly failures: number;
  readonly failingSince?: number;
  /** Restarts in a row, and when the last of them was. */
  readonly restarts: number;
  readonly restartedAt?: number;
}

/** The same in times of the monotonic clock. */
interface History {
  worked: string | undefined;
  failures: number;
  failingSince: number;
  restarts: number;
  restartedAt: number;
}

const STORE_KEY = "recovery";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** More is not told apart. */
const MOST = 1_000_000;
/** Failures after which a name counts as mistyped where there is no step left that would show it. */
const NAME_FAILURES = 3;
/** Longest look-up of another name: the result of a mail is not reported before it ends, and a close waits 8 s for that. */
const LOOK_UP_MS = 5_000;

export class ModuleRecovery {
  private readonly settings: string;
  /** What is known, as it was kept at first; it is changed in place. */
  private readonly recall = once(async (): Promise<History> => {
    const { modem, store } = this.options;
    const kept = await readJson(store, STORE_KEY, isKept).catch(() => undefined);
    // A clock that was set back meanwhile makes nothing last for ever.
    const ago = (time = modem.clock.wall()): number =>
      modem.clock.now() - Math.max(0, modem.clock.wall() - time);
    return {
      worked: kept?.worked,
      failures: kept?.failures ?? 0,
      failingSince: ago(kept?.failingSince),
      restarts: kept?.restarts ?? 0,
      restartedAt: ago(kept?.restartedAt),
    };
  });

  constructor(private readonly options: ModuleRecoveryOptions) {
    this.settings = digestOf(options.settings);
  }

  /** What is known and allowed now, in addition to what was done for the mail so far, for the choice of the next step. */
  async outlook(): Promise<Pick<RecoveryHistory, "shared" | "restartDue" | "isOverdue">> {
    const { modem } = this.options;
    const history = await this.recall();
    const isKnownToWork = history.worked === this.settings;
    return {
      shared: modem.options.network.shared,
      restartDue: modem.restartAllowed && this.isRestartDue(history),
      isOverdue: isKnownToWork && this.isOverdue(history),
    };
  }

  /**
   * True for a failure after which a restart may help and has not been tried: mails have gone out with these settings,
   * so it is no fault of a setting yet, whatever the number says.
   */
  async mayPass(error: ModemError): Promise<boolean> {
    const history = await this.recall();
    return (
      concernsModule(error) &&
      history.worked === this.settings &&
      history.restarts === 0 &&
      this.options.modem.restartAllowed
    );
  }

  /**
   * What to report where a restart would not help, because the data connection works; undefined where one may help.
   *
   * The error itself where the server cannot be connected to: its name is found, or it answers a ping where it has none. An
   * error of the setup where its name is not found, but another one is, and no mail has gone out with these settings yet.
   * Where no mail has gone out for six hours, neither proves anything any more: the module may have failed since, also
   * where the settings were changed. Never rejects. @param step the next one of the ladder; looked at only before a restart,
   * and where nothing is left to do about a name.
   */
  async causeElsewhere(
    error: unknown,
    step: RecoveryStep | undefined,
    signal: AbortSignal,
  ): Promise<ModemError | undefined> {
    if (!isModemError(error)) return undefined;
    const isName = MAY_BE_MISTYPED.has(error.code);
    const isAsked = step === "restart" || (isName && step === undefined);
    if (!isAsked || (!isName && !MAY_BE_REFUSED.has(error.code))) return undefined;
    const { clock } = this.options.modem;
    const { failures, failingSince, restarts, restartedAt, worked } = await this.recall();
    const since = restarts > 0 ? Math.max(failingSince, restartedAt) : failingSince;
    if (failures > 0 && clock.now() - since >= PROOF_HOURS * HOUR_MS) return undefined;
    if (isName && worked === this.settings) return undefined;
    // The name of a token's endpoint is none of the mail server's, and a look-up may fail once or twice.
    if (isName && (error.stage === "token" || (step === undefined && failures < NAME_FAILURES)))
      return undefined;
    if (!(await this.isReached(isName ? WITNESS_NAME : this.options.host, signal))) return undefined;
    return isName ? copyOf(error, { class: "setup", hint: SPECIAL_HINTS.noSuchServer }) : error;
  }

  /** A mail went out: the next trouble is a new one. */
  async succeeded(): Promise<void> {
    const history = await this.recall();
    const isNews = history.failures > 0 || history.restarts > 0 || history.worked !== this.settings;
    if (!isNews) return;
    history.worked = this.settings;
    history.failures = 0;
    history.restarts = 0;
    await this.keep();
  }

  /** A try has ended with this error; what the server or a single mail is to blame for is not counted. */
  async failed(error: unknown): Promise<void> {
    if (!isModemError(error) || !concernsModule(error)) return;
    const history = await this.recall();
    if (history.failures === 0) history.failingSince = this.options.modem.clock.now();
    history.failures = Math.min(MOST, history.failures + 1);
    await this.keep();
  }

  /** Deactivates the context and activates it again. Rejects as `PdpContext.renew`, or `MailLock.requireWhole`. */
  async renewContext(lease: Lease, signal: AbortSignal): Promise<void> {
    this.options.modem.lock.requireWhole();
    await this.options.pdp.renew({ borrowed: lease, signal });
  }

  /**
   * Restarts the module; resolves when it is ready again. The caller holds the lock. Rejects as `restartForMail`, or
   * `MailLock.requireWhole`.
   */
  async restart(signal: AbortSignal): Promise<void> {
    const { modem } = this.options;
    await restartForMail(
      modem,
      async () => {
        modem.lock.requireWhole();
        const history = await this.recall();
        history.restarts = Math.min(MOST, history.restarts + 1);
        history.restartedAt = modem.clock.now();
        await this.keep();
      },
      signal,
    );
  }

  /** True for a name that is found, and for an address that answers a ping. */
  private async isReached(host: string, signal: AbortSignal): Promise<boolean> {
    const { modem } = this.options;
    const { contextId } = modem.options.network;
    try {
      if (isIP(host) !== 0) return (await repliesToPing(modem, contextId, host, signal)) > 0;
      await limited(modem.clock, LOOK_UP_MS, signal, (ends) => addressOf(modem, contextId, host, ends));
      return true;
    } catch {
      return false;
    }
  }

  private isOverdue({ failures, failingSince }: History): boolean {
    const lasts = this.options.modem.clock.now() - failingSince;
    return failures >= OVERDUE.failures || (failures > 1 && lasts >= OVERDUE.minutes * MINUTE_MS);
  }

  private isRestartDue({ restarts, restartedAt }: History): boolean {
    if (restarts === 0) return true;
    const minutes = RESTART_WAITS_MINUTES[Math.min(restarts, RESTART_WAITS_MINUTES.length - 1)] ?? 0;
    return this.options.modem.clock.now() - restartedAt >= minutes * MINUTE_MS;
  }

  /** A disk that does not take it costs only the memory of the next start. */
  private async keep(): Promise<void> {
    const { modem, store } = this.options;
    const { worked, failures, failingSince, restarts, restartedAt } = await this.recall();
    const wall = (time: number): number => Math.round(modem.clock.wall() - (modem.clock.now() - time));
    const kept: Kept = {
      ...(worked === undefined ? {} : { worked }),
      failures,
      ...(failures > 0 && { failingSince: wall(failingSince) }),
      restarts,
      ...(restarts > 0 && { restartedAt: wall(restartedAt) }),
    };
    try {
      await store.write(STORE_KEY, JSON.stringify(kept));
    } catch (error) {
      modem.log.warn(`the history of the module's failures could not be saved: ${String(error)}`);
    }
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== "object" || value === null) return false;
  const { worked, failures, failingSince, restarts, restartedAt } = value as Partial<
    Record<keyof Kept, unknown>
  >;
  const isTime = (time: unknown): boolean => time === undefined || Number.isFinite(time);
  const isCount = (count: unknown): boolean => Number.isInteger(count) && Number(count) >= 0;
  return (
    (worked === undefined || typeof worked === "string") &&
    isCount(failures) &&
    isCount(restarts) &&
    isTime(failingSince) &&
    isTime(restartedAt)
  );
}

/** Longest time, in milliseconds, that a module out of step is waited for, and that a restart may take. */
const ANSWER_TIME_MS = 60_000;
const RESTART_TIME_MS = 180_000;

/**
 * Restarts the module for a mail that cannot go out; the caller holds the mail lock.
 *
 * Resolves when the module is ready again. Rejects with `MODEM_NOT_READY` when it does not come back within three
 * minutes, or with the reason of `signal`. @param note awaited just before, to count it
 */
export async function restartForMail(
  modem: Modem,
  note: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  await inTime(modem, ANSWER_TIME_MS, signal, (ends) => modem.whenReady(ends));
  await note();
  modem.log.warn("the module is being restarted because mails are not being sent");
  await inTime(modem, RESTART_TIME_MS, signal, (ends) => modem.restart(ends));
}

async function inTime(
  modem: Modem,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new ModemError("MODEM_NOT_READY", { detail: `not within ${ms / 1000} s` });
  await limited(modem.clock, ms, outer, work, late);
}
