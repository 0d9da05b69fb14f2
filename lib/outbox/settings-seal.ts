/**
 * SettingsSeal: tells after a restart whether settings have changed, without keeping them.
 *
 * The settings hold passwords and a SIM PIN of four digits, so what is kept of them is a salted hash that is slow to
 * compute (scrypt, RFC 7914): trying all PINs takes minutes. One takes some ten milliseconds, once per hold and start.
 */
import { randomBytes, scryptSync } from "node:crypto";
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

function hash(concerns: readonly Concern[], fingerprint: Fingerprint, salt: string): string {
  const text = JSON.stringify(concerns.map((concern) => fingerprint[concern]));
  return scryptSync(text, salt, HASH_BYTES, COST).toString("hex");
}
