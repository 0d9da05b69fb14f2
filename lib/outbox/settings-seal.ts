/**
 * SettingsSeal: tells after a restart whether settings have changed, without keeping them.
 *
 * The settings hold passwords and a SIM PIN of four digits, so what is kept of them is a salted hash that is slow to
 * compute (scrypt, RFC 7914): trying all PINs takes minutes. One takes some ten milliseconds, once per hold and start.
 */
import { createHash, randomBytes, scryptSync } from "node:crypto";
import type { Concern, Fingerprint } from "./outbox-types";

export interface SettingsSeal {
  readonly concerns: readonly Concern[];
  /** Hex. */
  readonly salt: string;
  readonly hash: string;
}

const COST = { N: 2 ** 13 } as const;
const HASH_BYTES = 16;

export function sealSettings(concerns: readonly Concern[], fingerprint: Fingerprint): SettingsSeal {
  const salt = randomBytes(16).toString("hex");
  return { concerns, salt, hash: hash(concerns, fingerprint, salt) };
}

/** True when the settings of the seal's concerns are still the same. */
export function sealFits(seal: SettingsSeal, fingerprint: Fingerprint): boolean {
  return hash(seal.concerns, fingerprint, seal.salt) === seal.hash;
}

/** Hashes of this process, by salt and a fast hash of the settings: a deploy opens the outbox with the same ones. */
const known = new Map<string, string>();
const MOST_KNOWN = 32;

function hash(concerns: readonly Concern[], fingerprint: Fingerprint, salt: string): string {
  const text = JSON.stringify(concerns.map((concern) => fingerprint[concern]));
  const key = createHash("sha256").update(`${salt}:${text}`).digest("hex");
  const made = known.get(key) ?? scryptSync(text, salt, HASH_BYTES, COST).toString("hex");
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(key, made);
  return made;
}
