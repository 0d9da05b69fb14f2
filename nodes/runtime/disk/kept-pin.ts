/** The memory of a refused SIM PIN, kept under a key of the modem's store. */
import { type KeyValueStore, readJson } from "../../../lib/quectel/key-value-store";
import type { PinMemory, PinRecord } from "../../../lib/quectel/registration/pin-memory";

const KEY = "sim-pin";
const NOTHING = "null";

export function keptPin(store: KeyValueStore): PinMemory {
  return {
    load: () => readJson(store, KEY, isRecord),
    save: (record) => store.write(KEY, record === undefined ? NOTHING : JSON.stringify(record)),
  };
}

function isRecord(value: unknown): value is PinRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "salt" in value &&
    typeof value.salt === "string" &&
    "hash" in value &&
    typeof value.hash === "string" &&
    "outcome" in value &&
    (value.outcome === "sent" || value.outcome === "refused")
  );
}
