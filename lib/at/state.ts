/**
 * The states of a channel and the one function that changes them. Pure: no clock, no bytes.
 *
 *                 ┌─────────── timedOut, restarted, cutShort ────────────┐
 *                 ▼                                                      │
 *   new ───> outOfSync ──sync──> syncing ──synced──> idle ──start──> command ──connect──> data
 *                 ▲                │  ▲               │ ▲             │   ▲                │ │
 *                 └── syncFailed ──┘  └───── sync ────┘ └─ finished ──┘   └─── dataSent ───┘ │
 *                 ▲                                                                          │ leave
 *                 └───────────── timedOut, restarted, cutShort ───────── escaping <──────────┘
 *
 *   data has the arrows of command too; `restarted` leads from idle to outOfSync; `close` from any state to closed.
 *
 *   outOfSync  nobody knows what the module does; no command may go out
 *   syncing    the resync ladder runs
 *   idle       the module is in command state (V.250 section 5.2) and waits for a command line
 *   command    a command line is out, its final result code is awaited
 *   data       the module takes or gives the data of the command: in online data state, or so many bytes of a prompt
 *              or block, which no escape cuts short
 *   escaping   the data are given up; `+++` or a result will bring the module back to command state
 */
import type { ModemError } from "../errors";
import type { Exchange } from "./job";

export type ChannelState =
  | { readonly kind: "outOfSync" }
  | { readonly kind: "syncing" }
  | { readonly kind: "idle" }
  | { readonly kind: "command"; readonly exchange: Exchange }
  | { readonly kind: "data"; readonly exchange: Exchange }
  | { readonly kind: "escaping"; readonly exchange: Exchange }
  | { readonly kind: "closed"; readonly error: ModemError | undefined };

export type ChannelEvent =
  | { readonly kind: "sync" }
  | { readonly kind: "synced" }
  | { readonly kind: "syncFailed" }
  | { readonly kind: "start"; readonly exchange: Exchange }
  | { readonly kind: "connect" }
  | { readonly kind: "dataSent" }
  | { readonly kind: "leave" }
  /** The final result code has come, and all bytes announced have been passed. */
  | { readonly kind: "finished" }
  /** The final result code has come in the middle of the data, so the module may take the rest for command lines. */
  | { readonly kind: "cutShort" }
  | { readonly kind: "timedOut" }
  | { readonly kind: "restarted" }
  | { readonly kind: "close"; readonly error: ModemError | undefined };

/** The state after `event`; an event that has no arrow from `state` leaves it as it is. */
export function nextState(state: ChannelState, event: ChannelEvent): ChannelState {
  if (state.kind === "closed") return state;
  const exchange = "exchange" in state ? state.exchange : undefined;
  switch (event.kind) {
    case "sync":
      return state.kind === "outOfSync" || state.kind === "idle" ? { kind: "syncing" } : state;
    case "synced":
      return state.kind === "syncing" ? { kind: "idle" } : state;
    case "syncFailed":
      return state.kind === "syncing" ? { kind: "outOfSync" } : state;
    case "start":
      return state.kind === "idle" ? { kind: "command", exchange: event.exchange } : state;
    case "connect":
      return state.kind === "command" ? { kind: "data", exchange: state.exchange } : state;
    case "dataSent":
      return state.kind === "data" ? { kind: "command", exchange: state.exchange } : state;
    case "leave":
      return state.kind === "data" ? { kind: "escaping", exchange: state.exchange } : state;
    case "finished":
      return state.kind === "command" || state.kind === "data" ? { kind: "idle" } : state;
    case "cutShort":
    case "timedOut":
      return exchange === undefined ? state : { kind: "outOfSync" };
    case "restarted":
      return state.kind === "syncing" ? state : { kind: "outOfSync" };
    case "close":
      return { kind: "closed", error: event.error };
  }
}
