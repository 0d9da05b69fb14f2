/** The simulated EC25 as other programs and tests use it. */
export type { Behaviour, CommandPredicate, PassOn } from "./line/behaviours";
export type { Collected, CollectEnd, CollectOptions } from "./device/data-mode";
export type { SmtpRefusal, SmtpStep } from "./device/fault-points";
export type { ConnectionFault, FaultPlan, FaultRule, FaultTrigger, FaultyDevice } from "./faults/faults";
export { randomFaults, type RandomFaults } from "./faults/random-faults";
export { ERROR, NO_CARRIER, OK, cme, cms, type CommandContext, type FinalResult } from "./device/command";
export { storageSizes } from "./module/file-store";
export type { HostNameOptions } from "./delivery/host-names";
export { inboxConnection } from "./delivery/inbox-smtp";
export { inboxServer, type InboxMail } from "./delivery/inbox";
export { internet } from "./delivery/internet";
export { subscription } from "./module/pdp-contexts";
export { simulatorTransport, type SimulatorTransportOptions } from "./serve/in-process-transport";
export type { LogEntry, ModemLog } from "./device/log";
export type { Device, RestartKind } from "./device/device";
export { SimulatedModem, type SimulatedModemEvents, type SimulatedModemOptions } from "./modem";
export { moduleTime, setModuleTime } from "./module/module-clock";
export { portNames, type PortName } from "./device/port";
export { lifelike, noDelay, type Timing } from "./device/timing";
export {
  listVariants,
  parseVariant,
  variantNames,
  type VariantChoice,
  type Variants,
} from "./variants/variants";
export { variantTable } from "./variants/variant-table";
export { cell, change, simCard, type Cell, type SimCard } from "./module/world";
