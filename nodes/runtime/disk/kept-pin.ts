/** The memory of a refused SIM PIN, kept on a page of the modem's notebook. */
import { type Notebook, readJson } from "../../../lib/quectel/notebook";
import type { PinMemory, PinRecord } from "../../../lib/quectel/registration/pin-memory";

const KEY = "sim-pin";
const NOTHING = "null";

export function keptPin(notebook: Notebook): PinMemory {
  return {
    load: () => readJson(notebook, KEY, isRecord),
    save: (record) => notebook.write(KEY, record === undefined ? NOTHING : JSON.stringify(record)),
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
