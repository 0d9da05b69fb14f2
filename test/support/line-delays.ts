/** How long lines from a serial port take to arrive, measured while no timer of this process runs. */
import { spawn } from "node:child_process";
import { once, type EventEmitter } from "node:events";

/** Lines measured, and milliseconds from one to the next. */
const LINES = 8;
const PAUSE_MS = 150;

/**
 * Writes to the port how late it is: the monotonic clock of the machine in nanoseconds, one line at a time.
 * It keeps quiet for long enough at its end, because its exit wakes this process.
 */
const WRITER = `
  const fd = require("node:fs").openSync(process.argv[1], "w");
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  for (let count = 0; count < ${LINES}; count++) {
    pause(${PAUSE_MS});
    require("node:fs").writeSync(fd, process.hrtime.bigint() + "\\n");
  }
  pause(${4 * PAUSE_MS});
`;

/**
 * Milliseconds from the writing of each line to its arrival. A line that comes only when the writer ends counts with
 * that time.
 *
 * @param port emits `data`. @param peer device on whose other end `port` listens.
 */
export async function lineDelays(port: EventEmitter, peer: string): Promise<number[]> {
  const delays: number[] = [];
  let rest = "";
  const listen = (bytes: Buffer): void => {
    const now = process.hrtime.bigint();
    const lines = (rest + bytes.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    delays.push(...lines.map((line) => Number(now - BigInt(line)) / 1e6));
  };
  port.on("data", listen);
  const writer = spawn(process.execPath, ["-e", WRITER, peer], { stdio: "ignore" });
  await once(writer, "exit");
  // What came with the exit is read in this turn of the event loop or the next.
  while (delays.length < LINES) await once(port, "data");
  port.off("data", listen);
  return delays;
}
