/** The simulated EC25 as other programs and tests use it. */
export type { Behaviour, CommandPredicate, PassOn } from "./behaviours";
export type { Collected, CollectEnd, CollectOptions } from "./data-mode";
export type { FaultPlan, FaultRule, FaultTrigger } from "./faults";
export { ERROR, NO_CARRIER, OK, cme, cms, type CommandContext, type FinalResult } from "./handler";
export { storageSizes } from "./file-store";
export type { HostNameOptions } from "./host-names";
export { internet } from "./internet";
export { subscription } from "./pdp-contexts";
export { simulatorTransport } from "./in-process-transport";
export type { LogEntry, ModemLog } from "./log";
export {
  SimulatedModem,
  type RestartKind,
  type SimulatedModemOptions,
  type SmtpRefusal,
  type SmtpStep,
} from "./modem";
export { moduleTime, setModuleTime } from "./module-clock";
export { portNames, type PortName } from "./port";
export { lifelike, noDelay, type Timing } from "./timing";
export { listVariants, parseVariant, variantNames, type VariantChoice, type Variants } from "./variants";
export { variantTable } from "./variant-table";
export { cell, change, simCard, type Cell, type SimCard } from "./world";
