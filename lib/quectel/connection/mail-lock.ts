/**
 * MailLock: the module has one mail, so one transaction at a time may configure, fill and send it.
 *
 * Not the command slot of the channel: that is free again after each command, also while a mail is in flight. What
 * must not disturb a mail (deactivating its PDP context, restarting) takes this lock. It is fair: first come, first
 * served. Who holds it lends it to the steps it calls by passing its lease on, so nothing waits for itself.
 *
 * A module has one mail, one set of SMTP settings and one data connection, whichever of its ports the commands come by.
 * So whoever takes the lock of a port takes that of the module too, which all ports of this process share that lead to
 * the module with the same IMEI. Who gets the module after another port assumes nothing of what that has left. Other
 * processes and hosts cannot be locked out here.
 */
import { Semaphore } from "../../async";
import { ModemError } from "../../errors";
import { digestOf } from "../key-value-store";
import type { ModuleIdentity } from "./modem-state";

/** The right to use the module's mail; ends with `release`. */
export interface Lease {
  /**
   * Gives the lock to the next in line; may be called again.
   *
   * @param what `module`: gives that to its other ports, while this port stays ours
   */
  release(what?: "module"): void;
}

export interface LockOptions {
  /** Ends the waiting; what has begun goes on. */
  readonly signal?: AbortSignal;
  /** A lease that the caller holds already. */
  readonly borrowed?: Lease;
}

/** Where a lock belongs to a port of a module. */
export interface LockedPort {
  /** Who answers on the port now; undefined before the first contact, as its IMEI where the module does not tell. */
  readonly identity: Pick<ModuleIdentity, "imei"> | undefined;
}

export class MailLock {
  /** Names this lock to the module without keeping it and its modem in memory after their close. */
  private readonly name = Symbol("port");
  private readonly semaphore = new Semaphore();
  private holder: Lease | undefined;
  /** The module that is locked together with the port. */
  private common: SharedModule | undefined;

  /**
   * @param port left out: a lock of nothing but itself.
   * @param onForeign another port has had the module since: what was set in it is void. Never rejects.
   */
  constructor(
    private readonly port?: LockedPort,
    public onForeign?: () => Promise<void>,
  ) {}

  /** True while somebody holds the lock. */
  get held(): boolean {
    return this.semaphore.full;
  }

  /** True while somebody waits for the lock, or for something that is locked with it. */
  get isWanted(): boolean {
    return this.semaphore.isWanted || this.common?.semaphore.isWanted === true;
  }

  /**
   * To be called by the holder before what other ports of the module must not meet: it may not have been known which module
   * it is when the lock was taken, or it is another one now.
   *
   * @throws ModemError `MODEM_RESET` while the lock held is not that of all that has to be locked
   */
  requireWhole(): void {
    if (this.common !== sharedModule(this.port?.identity?.imei)) throw new ModemError("MODEM_RESET");
  }

  /**
   * False while another port of this process holds the module, and waits for its lines; else the module is noted as
   * initialised by our port. @param imei undefined: any module that another port holds may be ours
   */
  mayClaim(imei: string | undefined): boolean {
    const isOthers = ({ semaphore, last }: SharedModule): boolean => semaphore.full && last !== this.name;
    const common = sharedModule(imei);
    if (common === undefined) return ![...modules.values()].some(isOthers);
    if (isOthers(common)) return false;
    common.last = this.name;
    return true;
  }

  /** Waits for the lock, with all that has to be locked with it; rejects with the signal's reason when aborted before. */
  async acquire(signal?: AbortSignal): Promise<Lease> {
    const leave = await this.semaphore.acquire(signal);
    let common: SharedModule | undefined;
    let leaveModule: (() => void) | undefined;
    try {
      do {
        leaveModule?.();
        common = sharedModule(this.port?.identity?.imei);
        leaveModule = await common?.semaphore.acquire(signal);
        // Which module it is may be found out, or change, while the lock is waited for.
      } while (common !== sharedModule(this.port?.identity?.imei));
    } catch (error) {
      leave();
      throw error;
    }
    const lease: Lease = {
      release: (what) => {
        if (this.holder === lease) this.common = undefined;
        leaveModule?.();
        if (what === "module") return;
        if (this.holder === lease) this.holder = undefined;
        leave();
      },
    };
    this.holder = lease;
    this.common = common;
    if (common === undefined) return lease;
    const isForeign = common.last !== undefined && common.last !== this.name;
    common.last = this.name;
    // Never rejects; the command it gives is short.
    if (isForeign) await this.onForeign?.();
    return lease;
  }

  /** Runs `work` under the lock: under the borrowed lease when that one holds it, else under one of its own. */
  async run<T>(work: (lease: Lease) => Promise<T>, options: LockOptions = {}): Promise<T> {
    const { borrowed, signal } = options;
    if (borrowed !== undefined && borrowed === this.holder) return work(borrowed);
    const lease = await this.acquire(signal);
    try {
      return await work(lease);
    } finally {
      lease.release();
    }
  }
}

/** One module, as all ports see it that lead to it. */
interface SharedModule {
  readonly semaphore: Semaphore;
  /** The name of the port that had it last. */
  last: symbol | undefined;
}

/** By the hash of the IMEI: the number itself is private. */
const modules = new Map<string, SharedModule>();
/** More modules than any host has; of more, one that is not held is forgotten. */
const MOST = 1_000;

/** Tells one module from another without telling its number; empty for a module that tells no IMEI. */
export function moduleHash(imei: string | undefined): string {
  return imei === undefined ? "" : digestOf(`imei ${imei}`);
}

function sharedModule(imei: string | undefined): SharedModule | undefined {
  if (imei === undefined) return undefined;
  const key = moduleHash(imei);
  const known = modules.get(key);
  if (known !== undefined) return known;
  if (modules.size >= MOST) {
    const idle = [...modules].find(([, { semaphore }]) => !semaphore.full);
    if (idle !== undefined) modules.delete(idle[0]);
  }
  const made: SharedModule = { semaphore: new Semaphore(), last: undefined };
  modules.set(key, made);
  return made;
}
