/** The states of a modem as others see them. */
import type { ModemError } from "../../errors";
import type { RegisteringStep } from "../registration/readiness";

/**
 *   offline -> connecting -> registering -> ready
 *      ^           |             |            |     a restart of the module leads back to connecting,
 *      +-----------+-------------+------------+     a lost port to offline
 *      |
 *   needsPowerCycle: the module has not answered after two restarts; opening goes on
 */
export type ModemState =
  /** No connection: nobody uses the modem, or the last attempt failed with `error`. */
  | { readonly name: "offline"; readonly error?: ModemError }
  /** The port is being opened, or the module is being synchronised and initialised. */
  | { readonly name: "connecting" }
  /** The module answers, but no mail can go out yet; `error` where a person should know why. */
  | { readonly name: "registering"; readonly waitingFor: RegisteringStep; readonly error?: ModemError }
  /** SIM card ready, registered. */
  | { readonly name: "ready" }
  /** Only a power switch helps now. */
  | { readonly name: "needsPowerCycle"; readonly error: ModemError };

/** Who the module says it is. */
export interface ModuleIdentity {
  readonly manufacturer: string;
  /** `EC25` */
  readonly model: string;
  /** With sub-version where the module tells it: `EC25EFAR06A06M4G_20.200.20.200`. */
  readonly firmware: string;
  /** 15 digits. */
  readonly imei?: string;
}

/** True when both states would look the same to a person. */
export function sameState(a: ModemState, b: ModemState): boolean {
  return a.name === b.name && errorOf(a) === errorOf(b) && stepOf(a) === stepOf(b);
}

function errorOf(state: ModemState): string | undefined {
  return "error" in state ? state.error?.message : undefined;
}

function stepOf(state: ModemState): RegisteringStep | undefined {
  return state.name === "registering" ? state.waitingFor : undefined;
}
