/** A line that can overrun the module, so that uploads are acknowledged block by block. */
import { type SimulatedModem, simulatorTransport } from "../../lib/simulator";
import type { Transport } from "../../lib/serial/transport";

export function withoutFlowControl(module: SimulatedModem): () => Transport {
  const make = simulatorTransport(module);
  return () => Object.defineProperty(make(), "flowControlled", { value: false });
}
