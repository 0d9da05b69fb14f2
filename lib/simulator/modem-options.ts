/** What a simulated modem is made with, and what it tells to those who hold it. */
import type { Clock } from "../clock";
import type { FaultPlan } from "./faults/faults";
import type { Timing } from "./timing";
import type { VariantChoice } from "./variants/variants";

export interface SimulatedModemOptions {
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  /** 15 digits; default: one of its own, so that no two modules are taken for one. */
  readonly imei?: string;
  readonly variants?: VariantChoice;
  readonly timing?: Partial<Timing>;
  readonly faults?: FaultPlan;
  /** Announces work on real sockets or files to a virtual clock, which stands still meanwhile. */
  readonly busy?: <T>(work: Promise<T>) => Promise<T>;
}

export interface SimulatedModemEvents {
  /** The network took a PDP context away; undefined: all of them. */
  contextLost: [contextId: number | undefined];
  /** SIM card or cell have changed. */
  surroundings: [];
  /** A port has left data mode. */
  dataModeLeft: [];
  /** The module answers on its ports again after a start. */
  started: [];
}

/** `restart`: as by AT+CFUN=1,1; `powerLoss`: the supply was cut, which also stops the clock. */
export type RestartKind = "restart" | "powerLoss";
