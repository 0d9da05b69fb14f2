/** The restart of a supervised Modem as questions see it; the connection is the supervisor's business. */
import { delay } from "../clock";
import type { Modem, ModemState } from "../quectel/connection/modem";
import type { RestartSeen } from "./asker";

/** Longest time from the first answer to the last line of the start, ms. */
const BOOT_LINES_MS = 30_000;
const POLL_MS = 1_000;
const LAST_BOOT_LINES = ["+QIND: PB DONE", "+QIND: SMS DONE"] as const;

/** Restarts and resolves when the module is ready and has said the lines of its start. Rejects as `Modem.restart`. */
export async function restartModem(modem: Modem): Promise<RestartSeen> {
  const lines: string[] = [];
  let port: RestartSeen["port"] = "stays";
  const onLine = (line: string): void => void lines.push(line.trim());
  const onState = ({ name }: ModemState): void => {
    if (name === "offline") port = "vanishes";
  };
  modem.on("unsolicited", onLine);
  modem.on("state", onState);
  try {
    await modem.restart();
    await untilBooted(lines, modem.clock);
  } finally {
    modem.off("unsolicited", onLine);
    modem.off("state", onState);
  }
  return { lines, port };
}

/** Waits until the last lines of a start are among `lines`, which grow meanwhile, or no longer come. */
export async function untilBooted(lines: readonly string[], clock: Modem["clock"]): Promise<void> {
  const end = clock.now() + BOOT_LINES_MS;
  while (clock.now() < end && !LAST_BOOT_LINES.every((line) => lines.includes(line))) {
    await delay(clock, POLL_MS);
  }
}
