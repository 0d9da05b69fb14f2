// Loaded into Node-RED before anything else: on SIGWINCH (Node-RED ends on most others) it collects garbage as far as
// it goes and writes the memory used to the file named by BENCH_PROBE.
const { writeFileSync, renameSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const v8 = require("node:v8");
const vm = require("node:vm");

const { BENCH_PROBE } = process.env;
// Pages are given back only after some collections in a row.
const COLLECTIONS = 6;
const PAUSE = 150;
v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc");

process.on("SIGWINCH", () => void report());

async function report() {
  for (let count = 0; count < COLLECTIONS; count++) {
    collect();
    await sleep(PAUSE);
  }
  const { rss, heapUsed } = process.memoryUsage();
  writeFileSync(`${BENCH_PROBE}.new`, JSON.stringify({ rss, heapUsed }));
  renameSync(`${BENCH_PROBE}.new`, BENCH_PROBE);
}
