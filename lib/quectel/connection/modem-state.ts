/** The states of a modem as others see them. */
import type { ModemError } from "../../errors";
import type { RegisteringStep } from "../registration/readiness";
import { delay, type Clock } from "../../clock";

/**
 *   offline -> connecting -> registering -> ready
 *      ^           |             |            |     a restart of the module leads back to connecting,
 *      +-----------+-------------+------------+     a lost port to offline
 *      |
 *   needsPowerCycle: the module has not answered after two restarts; opening goes on
 */
export type ModemState =
  /** No connection: the modem is not in use, or the last attempt failed with `error`. */
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

/* Waiting for a state of the modem, and for the end of an attempt to connect: it answers, or it is known why not. */

/** What tells when the state has changed. */
interface StateSource {
  on(event: "state", listener: () => void): unknown;
  off(event: "state", listener: () => void): unknown;
}

/**
 * Resolves when `condition` holds, now or after a change of state. Rejects with what it throws, or with the signal's
 * reason when aborted before.
 */
export async function stateWhere(
  modem: StateSource,
  condition: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      modem.off("state", onState);
      signal?.removeEventListener("abort", onAbort);
    };
    const onState = (): void => {
      try {
        if (!condition()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      end();
    };
    const onAbort = (): void => {
      end();
      reject(signal?.reason);
    };
    modem.on("state", onState);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Milliseconds that each attempt is waited for; enough to ask for the line rate too. */
const CONNECT_TIME_MS = 45_000;

/**
 * Resolves when the modem is connected, or `attempts` to connect have failed, or after 45 s for each of them. Rejects
 * only with the reason of `signal`.
 */
export async function settled(
  modem: StateSource & { readonly clock: Clock; readonly state: ModemState },
  signal: AbortSignal | undefined,
  attempts = 1,
): Promise<void> {
  const done = new AbortController();
  let left = attempts;
  const look = (): void => {
    const { state } = modem;
    if (state.name === "offline" && state.error !== undefined) left--;
    const isOpen = state.name === "connecting" || (state.name === "offline" && left > 0);
    if (!isOpen) done.abort();
  };
  modem.on("state", look);
  look();
  try {
    await delay(modem.clock, CONNECT_TIME_MS * attempts, done.signal, signal).catch(() =>
      signal?.throwIfAborted(),
    );
  } finally {
    modem.off("state", look);
  }
}
