// Loaded into Node-RED before anything else: on SIGWINCH (Node-RED ends on most others) it writes how long the event
// loop was held up since the last time, in milliseconds, to the file named by LOAD_PROBE, and counts anew.
const { renameSync, writeFileSync } = require("node:fs");
const { monitorEventLoopDelay } = require("node:perf_hooks");

const { LOAD_PROBE } = process.env;
const NANOSECONDS = 1e6;
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();

process.on("SIGWINCH", () => {
  const figures = {
    p50: delays.percentile(50) / NANOSECONDS,
    p99: delays.percentile(99) / NANOSECONDS,
    max: delays.max / NANOSECONDS,
  };
  delays.reset();
  writeFileSync(`${LOAD_PROBE}.new`, JSON.stringify(figures));
  renameSync(`${LOAD_PROBE}.new`, LOAD_PROBE);
});
