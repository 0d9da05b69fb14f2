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
 *
 * The module has one port for its results, too. A port that has results sent to itself before it knows which module it
 * is on may take them from any other port; so each of those that may be of the same module has them sent to itself again
 * before its next work. Whoever finds them its own then has lost nothing to another port: nothing else is set anew.
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

/** What is to be done for a port that takes its module over. */
export interface TakeOver {
  /** Another port of the module has had it since: what was set in it is void. */
  readonly isVoid: boolean;
  /** False: results are left to whom they go to, who may wait for one. */
  readonly mayClaim: boolean;
}

/** Whose the results were; `refused`: by the module, twice; `failed`: the line was out of step. */
export type TakenOver = "ours" | "others" | "refused" | "failed";

export class MailLock {
  /** Names this lock to the module without keeping it and its modem in memory after their close. */
  private readonly name = Symbol("port");
  private readonly semaphore = new Semaphore();
  private holder: Lease | undefined;
  /** The module that is locked together with the port. */
  private common: SharedModule | undefined;
  /** Our port has not claimed results when it should have: another one may have waited for one, or it failed. */
  private isClaimDue = false;
  /** The claimant of the module when its lock was taken, after a claim of ours. */
  private claimantFound: symbol | undefined;
  /** The last claim has failed: results may go to another port. */
  private hasFailed = false;
  /** Claims that the module has refused, one after the other. */
  private refusals = 0;
  /** The claimant of each module before our port claimed results without knowing of which module. */
  private readonly before = new Map<SharedModule, symbol | undefined>();

  /**
   * @param port left out: a lock of nothing but itself.
   * @param onForeign another port has had the module since, or may have: results may go to that port. Where it turns out that
   *   they do, what was set in the module is void, too. Never rejects.
   */
  constructor(
    private readonly port?: LockedPort,
    public onForeign?: (what: TakeOver) => Promise<TakenOver>,
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
   * As `requireWhole`, before what has a result: it would be missed where another port has claimed them since.
   *
   * @throws ModemError `MODEM_RESET`; they are claimed when the lock is taken the next time
   */
  requireResults(): void {
    this.requireWhole();
    const claimant = this.common?.claimant;
    const isOvertaken = claimant !== undefined && claimant !== this.name && claimant !== this.claimantFound;
    if (this.hasFailed || isOvertaken) throw new ModemError("MODEM_RESET");
  }

  /**
   * Records that results are about to be sent to our port. True: the other ports of the module claim them again before their
   * next work. False while another port of this process holds the module, and waits for its lines: our port is to claim
   * them when it gets the module.
   *
   * @param imei undefined: it may be any module
   */
  recordClaim(imei: string | undefined): boolean {
    const common = sharedModule(imei);
    this.isClaimDue = this.isOthers(common);
    if (this.isClaimDue) return false;
    this.noteClaim(common);
    if (common !== undefined) common.last = this.name;
    return true;
  }

  /** To be called after the claim: a port that has claimed results meanwhile may have been overtaken. @param imei as before */
  claimed(imei: string | undefined): void {
    this.noteClaim(sharedModule(imei));
    this.hasFailed = false;
    this.refusals = 0;
  }

  /** To be called when it has turned out, after a claim, which module it was: the ports of all others keep what they have. */
  identified(imei: string | undefined): void {
    const common = sharedModule(imei);
    if (common === undefined) return;
    this.giveBack(common);
    common.last = this.name;
  }

  /** A claim that was noted for any module concerned this one at most. */
  private giveBack(common: SharedModule | undefined): void {
    for (const [module, claimant] of this.before)
      if (module !== common && module.claimant === this.name) module.claimant = claimant;
    this.before.clear();
  }

  /** Another port of this process holds the module; where it is not known which, any port that may be of the same one. */
  private isOthers(common: SharedModule | undefined): boolean {
    const holders = (common === undefined ? [...modules.values()] : [common]).map(({ holder }) => holder);
    const isHeld = holders.some((holder) => holder !== undefined && holder !== this.holder);
    // A port on which no module has answered yet waits for nothing.
    const isUsed = (other: MailLock): boolean => other !== this && other.port?.identity !== undefined;
    return isHeld || (common === undefined && [...unknown].some(isUsed));
  }

  /** Results of the module, or of any where it is not known which, go to our port from now on. */
  private noteClaim(common: SharedModule | undefined): void {
    lastClaimant = this.name;
    for (const module of common === undefined ? modules.values() : [common]) {
      if (common === undefined && module.claimant !== this.name) this.before.set(module, module.claimant);
      module.claimant = this.name;
    }
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
        if (this.holder === lease) {
          this.common = undefined;
          unknown.delete(this);
        }
        if (common?.holder === lease) common.holder = undefined;
        leaveModule?.();
        if (what === "module") return;
        if (this.holder === lease) this.holder = undefined;
        leave();
      },
    };
    this.holder = lease;
    this.common = common;
    if (common !== undefined) common.holder = lease;
    else if (this.port !== undefined) unknown.add(this);
    await this.takeOver(common);
    return lease;
  }

  /** The module is our port's now, whoever had it before. */
  private async takeOver(common: SharedModule | undefined): Promise<void> {
    // Where nothing has answered yet there is nothing to be taken over.
    if (this.port?.identity === undefined) return;
    const isOther = (name: symbol | undefined): boolean => name !== undefined && name !== this.name;
    const claimant = common === undefined ? lastClaimant : common.claimant;
    const isVoid = isOther(common?.last);
    if (common !== undefined) common.last = this.name;
    this.hasFailed = false;
    this.claimantFound = common?.claimant;
    if (!isVoid && !this.isClaimDue && (!isOther(claimant) || this.refusals >= MOST_TRIES)) return;
    // A port that does not know its module has no lock in common with others: of two, one may wait for a result now.
    const mayClaim =
      common === undefined ? !this.isOthers(common) : ![...unknown].some(({ name }) => name === claimant);
    this.isClaimDue = !mayClaim;
    this.before.clear();
    if (mayClaim) this.noteClaim(common);
    this.claimantFound = common?.claimant;
    // Never rejects; the commands it gives are short.
    const found = await this.onForeign?.({ isVoid, mayClaim });
    // They were not taken from any port.
    if (found === "ours") this.giveBack(common);
    this.hasFailed = found === "failed";
    this.refusals = found === "refused" ? this.refusals + 1 : 0;
    if (this.hasFailed || (found === "refused" && this.refusals < MOST_TRIES)) this.isClaimDue = true;
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
  /** Under which lease it is held. */
  holder: Lease | undefined;
  /** The name of the port that had it last, or that has been started last. */
  last: symbol | undefined;
  /** The name of the port that had its results sent to itself last, or may have. */
  claimant: symbol | undefined;
}

/** By the hash of the IMEI: the number itself is private. */
const modules = new Map<string, SharedModule>();
/** So often a claim that the module refuses is made again. */
const MOST_TRIES = 3;
/** More modules than any host has; of more, one that is not held is forgotten. */
const MOST = 1_000;
/** Locks that are held, of ports whose module was not known when they were taken. */
const unknown = new Set<MailLock>();
/** The port that had results sent to itself last, of whichever module. */
let lastClaimant: symbol | undefined;

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
  // Whoever claimed results before the module was known here may have claimed those of this one.
  const made: SharedModule = {
    semaphore: new Semaphore(),
    holder: undefined,
    last: undefined,
    claimant: lastClaimant,
  };
  modules.set(key, made);
  return made;
}
