/**
 * The events of the flows for as many modems as there are: Node-RED's own emitter warns of a leak where more than ten
 * listen to one event. It gets one listener for the whole process.
 */
import { EventEmitter } from "node:events";

const RELAYED = ["flows:stopping", "flows:started"] as const;

const relays = new WeakMap<EventEmitter, EventEmitter>();

/** Emits what `events` of the runtime emits about flows. */
export function flowEvents(events: EventEmitter): EventEmitter {
  const known = relays.get(events);
  if (known !== undefined) return known;
  const relay = new EventEmitter();
  relay.setMaxListeners(0);
  for (const name of RELAYED) events.on(name, (...news: unknown[]) => relay.emit(name, ...news));
  relays.set(events, relay);
  return relay;
}
