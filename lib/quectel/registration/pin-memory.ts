/**
 * PinMemory: which SIM PIN was refused, so that it is never sent again until a person changes it.
 *
 * A card locks itself after three wrong PINs, and a gateway restarts more often than that. The PIN itself is not
 * kept, only a salted hash. A PIN of four digits can be found out from its hash by trying all; the hash only keeps
 * it from being read in passing.
 */
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

/** Written before a PIN is sent and removed when the card has taken it. */
export interface PinRecord {
  /** Hex. */
  readonly salt: string;
  /** Hex, of salt and PIN. */
  readonly hash: string;
  /** `sent`: the outcome was not seen, as after a loss of power in that second. */
  readonly outcome: "sent" | "refused";
  /** Tries left before it was sent, where the card tells. */
  readonly triesLeft?: number;
}

/** Where the record is kept; one per SIM slot. */
export interface PinMemory {
  load(): Promise<PinRecord | undefined>;
  /** Resolves when the record is durable; undefined removes it. */
  save(record: PinRecord | undefined): Promise<void>;
}

/** Remembers as long as the process runs. */
export function forgetfulPinMemory(): PinMemory {
  let kept: PinRecord | undefined;
  return {
    load: async () => kept,
    save: async (record) => {
      kept = record;
    },
  };
}

/** A record about `pin` with a new salt. */
export function recordOf(
  pin: string,
  outcome: PinRecord["outcome"],
  triesLeft: number | undefined,
): PinRecord {
  const salt = randomBytes(16);
  return {
    salt: salt.toString("hex"),
    hash: hashOf(pin, salt).toString("hex"),
    outcome,
    ...(triesLeft === undefined ? {} : { triesLeft }),
  };
}

/** True when the record is about this PIN. */
export function concerns(record: PinRecord, pin: string): boolean {
  const expected = Buffer.from(record.hash, "hex");
  const actual = hashOf(pin, Buffer.from(record.salt, "hex"));
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hashOf(pin: string, salt: Buffer): Buffer {
  return scryptSync(pin, salt, 32);
}
