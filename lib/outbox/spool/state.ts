/**
 * OutboxState: what the outbox keeps of itself, in `state.json`: its time, its holds, its rate, a digest of its settings.
 *
 * A lost or damaged state loses no mail: ages start over and holds are found again by the next error. What holds and rate
 * mean is the business of policy.ts.
 */
import { createHash, randomBytes, randomUUID, scryptSync } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../clock";
import { systemCode } from "../../errors";
import type { Host } from "./lock";
import { areTexts, isNumber, isObject, isText, type OutboxInstant, type SpoolRecord } from "./record";
import type { StoredError } from "../../stored-error";
import type { Spool } from "./spool";

/** What is kept of the time. */
export interface StoredTime extends OutboxInstant {
  readonly boot: string | undefined;
  /** Milliseconds. */
  readonly uptime: number;
  /** Running time up to which the host may have been off meanwhile; undefined: it never was. */
  readonly uncertain?: number;
}

type RaisedMail = Pick<SpoolRecord, "accepted" | "raisedAt">;

/** Tells after a restart whether settings have changed, without keeping them. */
export interface SettingsDigest {
  /** Names of the settings that it covers. */
  readonly concerns: readonly string[];
  /** Hex. */
  readonly salt: string;
  readonly hash: string;
}

/** A hold for a setup error. */
export interface SetupHold {
  readonly error: StoredError;
  /** Wall-clock time, ISO 8601, for a reader. */
  readonly since: string;
  /** Running time of the last try. */
  readonly tried: number;
  readonly digest: SettingsDigest;
}

/** Why nothing goes out although mails wait; several may hold at the same time, and each has its own end. */
export interface StoredHolds {
  readonly setup?: SetupHold;
  readonly pdp?: { readonly since: string };
  readonly paused?: { readonly since: string };
}

/** Minute of running time, and the transactions in it. */
export type MinuteCount = readonly [minute: number, count: number];

export const STATE_FORMAT = 1;

export interface OutboxState {
  readonly format: typeof STATE_FORMAT;
  readonly time: StoredTime;
  readonly holds: StoredHolds;
  readonly sent: readonly MinuteCount[];
  /** Outcomes that stayed unknown, without a known one between them. */
  readonly unknownInRow: number;
  /** Tells whether any setting has changed since. */
  readonly settings?: SettingsDigest | undefined;
}

/** `damaged` carries the reason for a person. */
export type ReadState =
  | { readonly kind: "state"; readonly state: OutboxState }
  | { readonly kind: "none" }
  | { readonly kind: "damaged"; readonly reason: string };

/** Reads the state. Rejects with the error of the disk. */
export async function readState(spool: Spool): Promise<ReadState> {
  let text: string;
  try {
    text = (await spool.files.read(pathIn(spool))).toString();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { kind: "none" };
    throw error;
  }
  try {
    const state: unknown = JSON.parse(text);
    return isState(state) ? { kind: "state", state } : { kind: "damaged", reason: "a part is missing" };
  } catch {
    return { kind: "damaged", reason: "not a JSON text" };
  }
}

/** Writes the state durably. Rejects with the error of the disk. */
export async function writeState(spool: Spool, state: OutboxState): Promise<void> {
  await spool.write(pathIn(spool), `${JSON.stringify(state)}\n`);
}

function pathIn(spool: Spool): string {
  return join(spool.directory, "state.json");
}

function isState(value: unknown): value is OutboxState {
  return (
    isObject(value) &&
    value["format"] === STATE_FORMAT &&
    isTime(value["time"]) &&
    areHolds(value["holds"]) &&
    Array.isArray(value["sent"]) &&
    value["sent"].every(isMinuteCount) &&
    isNumber(value["unknownInRow"]) &&
    (value["settings"] === undefined || isDigest(value["settings"]))
  );
}

function isTime(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value["clock"]) &&
    isRunningTime(value["time"]) &&
    isRunningTime(value["active"]) &&
    isRunningTime(value["uptime"]) &&
    (value["uncertain"] === undefined || isRunningTime(value["uncertain"]))
  );
}

/** The time is stored this often while mails wait: so much of their age a power cut may take away. */
export const KEEP_TIME_EVERY_MS = 10 * 60_000;

/** How far ahead of the stored time a record is believed: no step of a mail during which it is not stored lasts longer. */
const LONGEST_STEP_MS = 24 * 3600_000;

/** Milliseconds of a hundred years: a number beyond is damage, and would end all mails that wait. */
const LONGEST_MS = 100 * 365 * 24 * 3600_000;

function isRunningTime(value: unknown): boolean {
  return isNumber(value) && value >= 0 && value <= LONGEST_MS;
}

function areHolds(value: unknown): boolean {
  return (
    isObject(value) &&
    [value["pdp"], value["paused"], value["setup"]].every((hold) => hold === undefined || isHold(hold)) &&
    (value["setup"] === undefined || isSetupHold(value["setup"]))
  );
}

function isHold(value: unknown): boolean {
  return isObject(value) && isText(value["since"]);
}

function isSetupHold(value: unknown): boolean {
  return isObject(value) && isError(value["error"]) && isNumber(value["tried"]) && isDigest(value["digest"]);
}

function isError(value: unknown): boolean {
  return isObject(value) && isText(value["code"]) && isText(value["message"]);
}

function isDigest(value: unknown): boolean {
  return isObject(value) && areTexts(value["concerns"]) && isText(value["salt"]) && isText(value["hash"]);
}

function isMinuteCount(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isNumber);
}

/**
 * How long the outbox has been running, over restarts, whatever the wall clock does.
 *
 * `time` grows with the host's monotonic clock. A restart of the process adds what the host's uptime says has passed;
 * after a restart of the host its whole new uptime is added. How long the host was off only the wall clock could
 * tell, and a gateway without battery starts with a wrong one: such time counts as none, so a mail then lives longer,
 * never shorter. `active` stands still under a hold: it limits mails that have no limit of their own, because a mail
 * that waited three days for a new password shall still go out.
 */
export class OutboxTime {
  private readonly name: string;
  private base: { time: number; active: number; now: number };
  /** Ages of what is older are too short by the time in which the host was off. */
  private uncertain: number | undefined;
  private readonly isNewBoot: boolean;

  constructor(
    private readonly clock: Clock,
    private readonly host: Host,
    stored: StoredTime | undefined,
    private held: boolean,
  ) {
    this.name = stored?.clock ?? randomUUID();
    this.base = { time: stored?.time ?? 0, active: stored?.active ?? 0, now: clock.now() };
    if (stored !== undefined) {
      const passed = Math.max(0, host.uptime() - (isSameBoot(stored, host) ? stored.uptime : 0));
      this.base.time += passed;
      if (!held) this.base.active += passed;
    }
    this.isNewBoot = stored !== undefined && (stored.boot === undefined || stored.boot !== host.self.boot);
    this.uncertain = this.isNewBoot ? this.base.time : stored?.uncertain;
  }

  now(): OutboxInstant {
    const passed = this.clock.now() - this.base.now;
    return {
      clock: this.name,
      time: this.base.time + passed,
      active: this.base.active + (this.held ? 0 : passed),
    };
  }

  /** Milliseconds of running time since then; never below 0, and 0 for a time of another clock, which says nothing. */
  age({ clock, time }: OutboxInstant): number {
    return clock === this.name ? Math.max(0, this.now().time - time) : 0;
  }

  /** Stops or continues `active`. */
  hold(held: boolean): void {
    const { time, active } = this.now();
    this.base = { time, active, now: this.clock.now() };
    this.held = held;
  }

  /**
   * A mail was found that was accepted then. Where that is later than now, the power was cut before the time was stored
   * once more: the age of this mail starts over. Its record may be wrong, so it sets no clock by which others grow older.
   */
  found({ clock, time }: OutboxInstant): void {
    if (!this.isNewBoot || this.uncertain === undefined || clock !== this.name) return;
    this.uncertain = Math.max(this.uncertain, Math.min(time, this.now().time + LONGEST_STEP_MS));
  }

  /** True when the age of what happened then is exact: restarts of the process lose nothing of it, those of the host do. */
  isExact({ clock, time, startedOver }: OutboxInstant): boolean {
    const isCounted = this.uncertain === undefined || time > this.uncertain;
    return isCounted && startedOver !== true && clock === this.name;
  }

  /** A mail whose life begins anew. From now on its `raisedAt` alone tells when it was raised: the age does while it is exact. */
  startOver({ accepted, raisedAt }: RaisedMail): RaisedMail {
    const byAge = this.isExact(accepted) ? this.clock.wall() - this.age(accepted) : raisedAt;
    return { accepted: { ...this.now(), startedOver: true }, raisedAt: byAge };
  }

  store(): StoredTime {
    return {
      ...this.now(),
      boot: this.host.self.boot,
      uptime: this.host.uptime(),
      ...(this.uncertain !== undefined && { uncertain: this.uncertain }),
    };
  }
}

/** Without a name for the boot (no /proc), an uptime that has grown is taken for the same one: an age is too short then. */
function isSameBoot({ boot, uptime }: StoredTime, host: Host): boolean {
  const now = host.self.boot;
  return boot === undefined || now === undefined ? host.uptime() >= uptime : boot === now;
}

/**
 * The settings hold passwords and a SIM PIN of four digits, so what is kept of them is a salted hash that is slow to
 * compute (scrypt, RFC 7914): trying all PINs takes minutes. One takes some ten milliseconds, once per hold and start.
 */
const COST = { N: 2 ** 13 } as const;
const HASH_BYTES = 16;

export function digestSettings(
  concerns: readonly string[],
  fingerprint: Readonly<Record<string, string>>,
): SettingsDigest {
  const salt = randomBytes(16).toString("hex");
  return { concerns, salt, hash: hash(concerns, fingerprint, salt) };
}

/** True when the settings of the digest's concerns are still the same. */
export function digestFits(digest: SettingsDigest, fingerprint: Readonly<Record<string, string>>): boolean {
  return hash(digest.concerns, fingerprint, digest.salt) === digest.hash;
}

/** Hashes of this process, by salt and a fast hash of the settings: a deploy opens the outbox with the same ones. */
const known = new Map<string, string>();
const MOST_KNOWN = 32;

function hash(
  concerns: readonly string[],
  fingerprint: Readonly<Record<string, string>>,
  salt: string,
): string {
  const text = JSON.stringify(concerns.map((concern) => fingerprint[concern]));
  const key = createHash("sha256").update(`${salt}:${text}`).digest("hex");
  const made = known.get(key) ?? scryptSync(text, salt, HASH_BYTES, COST).toString("hex");
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, made);
  return made;
}
