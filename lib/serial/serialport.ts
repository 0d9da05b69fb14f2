/** The package serialport, which is loaded with the first port that is opened, or listed where only it can. */
import type { SerialPort } from "serialport";
import { copyOf } from "../errors";
import { notLoaded } from "../late-code";

/** Rejects with PACKAGE_UPDATED of class `transient`: the next attempt to connect may find it. */
export async function loadSerialPort(): Promise<typeof SerialPort> {
  try {
    return (await import("serialport")).SerialPort;
  } catch (cause) {
    throw copyOf(notLoaded(cause), { class: "transient" });
  }
}
