/** What kind of fault a rule has: one of the module, or of the bytes of the serial line, and what that does to them. Pure. */
import type { ByteFault, FaultRule, ModuleFault } from "./faults";

export type ByteRule = Extract<FaultRule, { at: { direction: string } }>;

/** Number of the last byte that a rule touches. */
export function lastByte({ at, fault }: ByteRule): number {
  return isModuleFault(fault) ? at.byte : at.byte + fault.count - 1;
}

/** The bytes as the fault leaves them. */
export function spoil(fault: ByteFault, bytes: Buffer): Buffer {
  switch (fault.kind) {
    case "drop":
      return Buffer.alloc(0);
    case "duplicate":
      return Buffer.concat([bytes, bytes]);
    case "corrupt":
      return Buffer.from(bytes.map((byte) => byte ^ fault.mask));
  }
}

/** True for what strikes the module at any trigger. */
export function isModuleFault(fault: FaultRule["fault"]): fault is ModuleFault {
  switch (fault.kind) {
    case "drop":
    case "duplicate":
    case "corrupt":
    case "result":
    case "reply":
    case "stall":
    case "silence":
    case "reset":
    case "cut":
    case "halfClose":
    case "damage":
    case "openError":
    case "sendFail":
    case "lose":
      return false;
    case "delay":
    case "urc":
    case "restart":
    case "powerLoss":
    case "unplug":
    case "hang":
    case "multiplexed":
    case "contextLoss":
    case "noSignal":
    case "simRemoved":
    case "deadStack":
    case "cardLost":
    case "deadApplication":
    case "run":
      return true;
  }
}
