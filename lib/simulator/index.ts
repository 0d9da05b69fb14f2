/** The simulated EC25 as other programs and tests use it. */
export type { Behaviour, CommandPredicate, PassOn } from "./line/behaviours";
export type { Collected, CollectEnd, CollectOptions } from "./line/data-mode";
export type {
  ConnectionFault,
  FaultPlan,
  FaultRule,
  FaultTrigger,
  SmtpRefusal,
  SmtpStep,
} from "./faults/faults";
export { randomFaults, type RandomFaults } from "./faults/random-faults";
export { ERROR, NO_CARRIER, OK, cme, cms, type CommandContext, type FinalResult } from "./handler";
export { storageSizes } from "./module/file-store";
export type { HostNameOptions } from "./delivery/host-names";
export { inboxServer, type InboxMail } from "./delivery/inbox";
export { internet } from "./delivery/internet";
export { gaps } from "./module/gaps";
export { subscription } from "./module/pdp-contexts";
export { simulatorTransport, type SimulatorTransportOptions } from "./serve/in-process-transport";
export type { LogEntry, ModemLog } from "./log";
export { SimulatedModem } from "./modem";
export type { RestartKind, SimulatedModemEvents, SimulatedModemOptions } from "./modem-options";
export { moduleTime, setModuleTime } from "./module/module-clock";
export { portNames, type PortName } from "./line/port";
export { lifelike, noDelay, type Timing } from "./timing";
export {
  listVariants,
  parseVariant,
  variantNames,
  type VariantChoice,
  type Variants,
} from "./variants/variants";
export { variantTable } from "./variants/variant-table";
export { cell, change, simCard, type Cell, type SimCard } from "./module/world";
