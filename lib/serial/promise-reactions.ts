/**
 * Makes Node.js run the promise reactions that the serialport binding's native callbacks leave behind.
 *
 * From 26.4 on (nodejs/node pull request 62969) Node.js runs no promise reactions after a callback that native code
 * makes without `napi_make_callback`. The callbacks of `@serialport/bindings-cpp` 13.0 are made so (serialport/
 * node-serialport issue 3148), therefore bytes that have been received wait for whatever timer fires next. When this
 * can go is said in docs/decisions/native-callbacks.md.
 */
import { EventEmitter } from "node:events";
import type { Clock, Timer } from "../clock";

/**
 * Milliseconds between two looks at the reactions where no poller tells of a callback; at 115200 bit/s, 115 bytes.
 * The timers of Windows are no finer.
 */
const TICK_MS = 10;

/**
 * Ends with `clear()` of the timer returned.
 *
 * @param binding of an open port: on Linux and macOS it has a poller, on Windows it has none.
 */
export function runPromiseReactions(binding: object, clock: Clock): Timer {
  const poller: unknown = "poller" in binding ? binding.poller : undefined;
  return poller instanceof EventEmitter ? follow(poller) : tick(clock);
}

/** An immediate runs right after the callbacks of the same turn of the event loop, and the reactions after it. */
function follow(poller: EventEmitter): Timer {
  const wake = (): void => void setImmediate(() => undefined);
  poller.on("readable", wake);
  poller.on("writable", wake);
  return {
    clear() {
      poller.off("readable", wake);
      poller.off("writable", wake);
    },
  };
}

/** The end of a timer's callback is a place where Node.js runs reactions. */
function tick(clock: Clock): Timer {
  let timer = clock.after(TICK_MS, again);
  function again(): void {
    timer = clock.after(TICK_MS, again);
  }
  return { clear: () => timer.clear() };
}
