/** The package serialport, which is loaded with the first port that is opened, or listed where only it can. */
import type { SerialPort } from "serialport";
import { lateCode } from "../late-code";

// Not by `import`, which keeps its first failure for ever.
const load = lateCode((): typeof import("serialport") => require("serialport"), "transient");

/** Rejects with PACKAGE_UPDATED of class `transient`: the next attempt to connect may find it. */
export async function loadSerialPort(): Promise<typeof SerialPort> {
  return load().SerialPort;
}
