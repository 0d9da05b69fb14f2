/** Factory values of the line settings (fact base 1) and the profile that AT&W stores. */
import type { LineSettings } from "../device/port";
import { stateKey } from "../device/device";

/** S-registers known, with factory value, smallest and largest value. */
export const registerTable: ReadonlyMap<number, readonly [factory: number, min: number, max: number]> =
  new Map([
    [0, [0, 0, 255]],
    [2, [43, 0, 255]],
    [3, [13, 0, 127]],
    [4, [10, 0, 127]],
    [5, [8, 0, 127]],
    [6, [2, 2, 10]],
    [7, [0, 0, 255]],
    [8, [2, 0, 255]],
    [10, [15, 1, 254]],
    [12, [50, 10, 250]],
  ]);

/** What AT&F and a restart without a stored profile give. CMEE is no part of a profile. */
export function factorySettings(): LineSettings {
  return {
    echo: 1,
    quiet: 0,
    verbose: 1,
    extended: 4,
    registers: new Map([...registerTable].map(([number, [factory]]) => [number, factory])),
    carrierDetect: 1,
    dataTerminalReady: 2,
    errorReports: 1,
  };
}

/** Registers in the list of AT&W. */
const storedRegisters: readonly number[] = [0, 7, 10, 12];

type StoredLine = Omit<LineSettings, "errorReports">;

/** What AT&W stored, nothing before its first use. */
interface Profile {
  line: StoredLine | undefined;
}

const profile = stateKey<Profile>("flash", "profile of AT&W", () => ({ line: undefined }));

/** Settings of a port after a start or ATZ. */
export function startSettings(modem: Parameters<typeof profile.of>[0]): LineSettings {
  const stored = modem.state(profile).line;
  const factory = factorySettings();
  if (stored === undefined) return factory;
  return { ...factory, ...stored, registers: new Map(stored.registers) };
}

/** AT&W: stores the settings of a port, the registers outside the list at their factory value. */
export function storeSettings(modem: Parameters<typeof profile.of>[0], settings: LineSettings): void {
  const { errorReports: _, ...line } = settings;
  const registers = factorySettings().registers;
  for (const number of storedRegisters) registers.set(number, settings.registers.get(number) ?? 0);
  modem.state(profile).line = { ...line, registers };
}
