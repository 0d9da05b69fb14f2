import assert from "node:assert/strict";
import { Exchange, nextState, type ChannelEvent, type ChannelState } from "../../../lib/at/exchange";
import { telling } from "../../support/at-bench";
import { VirtualClock } from "../../support/virtual-clock";

const exchange = new Exchange(telling("AT"), {}, new VirtualClock(), () => undefined);

const STATES: readonly ChannelState[] = [
  { kind: "outOfSync" },
  { kind: "syncing" },
  { kind: "idle" },
  { kind: "command", exchange },
  { kind: "data", exchange },
  { kind: "escaping", exchange },
  { kind: "closed", error: undefined },
];

/** The arrows of the picture in `exchange.ts`: event -> from -> to. Every other pair leaves the state as it is. */
const ARROWS: Readonly<
  Record<ChannelEvent["kind"], Readonly<Partial<Record<ChannelState["kind"], string>>>>
> = {
  sync: { outOfSync: "syncing", idle: "syncing" },
  synced: { syncing: "idle" },
  syncFailed: { syncing: "outOfSync" },
  start: { idle: "command" },
  connect: { command: "data" },
  dataSent: { data: "command" },
  leave: { data: "escaping" },
  finished: { command: "idle", data: "idle" },
  cutShort: { command: "outOfSync", data: "outOfSync", escaping: "outOfSync" },
  timedOut: { command: "outOfSync", data: "outOfSync", escaping: "outOfSync" },
  restarted: { idle: "outOfSync", command: "outOfSync", data: "outOfSync", escaping: "outOfSync" },
  close: {
    outOfSync: "closed",
    syncing: "closed",
    idle: "closed",
    command: "closed",
    data: "closed",
    escaping: "closed",
  },
};

function eventOf(kind: ChannelEvent["kind"]): ChannelEvent {
  if (kind === "start") return { kind, exchange };
  if (kind === "close") return { kind, error: undefined };
  return { kind };
}

describe("the state of a channel", () => {
  for (const kind of Object.keys(ARROWS) as ChannelEvent["kind"][]) {
    it(`follows ${kind} along its arrows, and nowhere else`, () => {
      for (const state of STATES) {
        const next = nextState(state, eventOf(kind));
        assert.equal(next.kind, ARROWS[kind][state.kind] ?? state.kind, `from ${state.kind}`);
      }
    });
  }

  it("carries the exchange while a command is in flight, and only then", () => {
    for (const state of STATES) {
      for (const kind of Object.keys(ARROWS) as ChannelEvent["kind"][]) {
        const next = nextState(state, eventOf(kind));
        const inFlight = next.kind === "command" || next.kind === "data" || next.kind === "escaping";
        assert.equal("exchange" in next, inFlight);
      }
    }
  });
});
