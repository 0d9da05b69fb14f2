/** A modem of the library on a simulated module in the same process, on one virtual clock. */
import type { Line } from "../../lib/quectel/connection/line-source";
import type { ModemOptions } from "../../lib/quectel/connection/modem";
import type { NetworkSettings } from "../../lib/quectel/settings";
import { SimulatedModem, simulatorTransport, type SimulatedModemOptions } from "../../lib/simulator";
import { modemOn } from "./module-replies";
import { VirtualClock } from "./virtual-clock";

export interface RigOptions {
  readonly module?: Omit<SimulatedModemOptions, "clock" | "busy">;
  readonly settings?: Partial<NetworkSettings>;
  readonly modem?: Partial<ModemOptions>;
  /** Replaces the transport of the simulated module. */
  readonly transport?: (module: SimulatedModem) => Line;
}

export type Rig = ReturnType<typeof simulatedRig>;

export function simulatedRig(options: RigOptions = {}) {
  const clock = new VirtualClock();
  const module = new SimulatedModem({
    ...options.module,
    clock,
    busy: (work) => clock.busy(work),
  });
  const transport = options.transport?.(module) ?? simulatorTransport(module);
  const { modem, states } = modemOn(transport, clock, {
    ...options.modem,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  });
  return {
    clock,
    module,
    modem,
    states,
    /** Acquires the modem and runs until it is ready. */
    ready: async (): Promise<void> => {
      modem.acquire();
      await clock.until(modem.whenReady());
    },
    /** Command lines that the module has received since it was last asked, without those that synchronise. */
    commands: (): readonly string[] => {
      const lines = module.log.lines().filter((line) => line !== "ATE0Q0V1" && !line.startsWith("AT+CMEE"));
      module.log.clear();
      return lines;
    },
  };
}
