/**
 * SettingsSeal: tells after a restart whether settings have changed, without keeping them.
 *
 * The settings hold passwords and a SIM PIN of four digits, so what is kept of them is a salted hash that is slow to
 * compute (scrypt, RFC 7914): trying all PINs takes minutes, and one comparison a fraction of a second.
 */
import { randomBytes, scrypt } from "node:crypto";
import { promisify } from "node:util";
import type { Concern, Fingerprint } from "../outbox-types";

export interface SettingsSeal {
  readonly concerns: readonly Concern[];
  /** Hex. */
  readonly salt: string;
  readonly hash: string;
}

const derive = promisify<string, string, number, Buffer>(scrypt);
const HASH_BYTES = 16;

export async function sealSettings(
  concerns: readonly Concern[],
  fingerprint: Fingerprint,
): Promise<SettingsSeal> {
  const salt = randomBytes(16).toString("hex");
  return { concerns, salt, hash: await hash(concerns, fingerprint, salt) };
}

/** True when the settings of the seal's concerns are still the same. */
export async function sealFits(seal: SettingsSeal, fingerprint: Fingerprint): Promise<boolean> {
  return (await hash(seal.concerns, fingerprint, seal.salt)) === seal.hash;
}

async function hash(concerns: readonly Concern[], fingerprint: Fingerprint, salt: string): Promise<string> {
  const text = JSON.stringify(concerns.map((concern) => fingerprint[concern]));
  return (await derive(text, salt, HASH_BYTES)).toString("hex");
}
