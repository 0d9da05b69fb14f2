/** The TCP/IP stack (fact base 6, sockets 3): its settings by QICFG, and its last error, which QIGETERROR tells. */
import { ERROR, type FinalResult } from "../device/command";
import { stateKey, type Device } from "../device/device";
import type { TcpipError } from "../device/tcpip-errors";

/**
 * Keys of QICFG with the range and default of each value. In effect are those of sockets in buffer and direct push mode:
 * dataformat, viewmode, tcp/retranscfg, qisend/timeout, passiveclosed, recvind, tcp/keepalive, recv/buffersize.
 */
export const configurationKeys: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  transpktsize: [[1, 1460, 1024]],
  transwaittm: [[0, 20, 2]],
  dataformat: [
    [0, 1, 0],
    [0, 1, 0],
  ],
  viewmode: [[0, 1, 0]],
  "tcp/retranscfg": [
    [3, 20, 8],
    [5, 1000, 600],
  ],
  "dns/cache": [[0, 1, 1]],
  "qisend/timeout": [[0, 3600, 0]],
  passiveclosed: [[0, 1, 0]],
  "udp/readmode": [[0, 1, 0]],
  "udp/sendmode": [[0, 1, 0]],
  "tcp/accept": [[0, 1, 1]],
  recvind: [[0, 1, 0]],
  "tcp/keepalive": [
    [0, 1, 0],
    [1, 120, 120],
    [25, 100, 75],
    [3, 10, 9],
  ],
  "recv/buffersize": [[10_240, 524_288, 102_400]],
  "window/scale": [[0, 1, 0]],
  "send/auto": [[0, 1, 0]],
  "recv/ignore": [[0, 1, 0]],
  "wakeup/data": [[0, 1, 0]],
};

const configuration = stateKey(
  "start",
  "QICFG",
  (modem) =>
    new Map<string, readonly number[]>([
      ["recvind", [Number(modem.variants["recv-length"])]],
      ["qisend/timeout", [Number(modem.variants["send-timeout"])]],
    ]),
);

const laterKeys: ReadonlySet<string> = new Set(["send/auto", "recv/ignore", "wakeup/data"]);

/** False for a key that came with later firmware only. */
export function hasKey(modem: Device, key: string): boolean {
  return (
    Object.hasOwn(configurationKeys, key) && (modem.variants.firmware === "A0.301" || !laterKeys.has(key))
  );
}

/** The values of a key as set, or its defaults. @throws when there is no such key. */
export function configured(modem: Device, key: string): readonly number[] {
  const ranges = configurationKeys[key];
  if (ranges === undefined) throw new Error(`QICFG has no key ${key}`);
  return modem.state(configuration).get(key) ?? ranges.map(([, , usual]) => usual);
}

/** Sets all values of a key. */
export function setConfigured(modem: Device, key: string, values: readonly number[]): void {
  modem.state(configuration).set(key, values);
}

export const lastTcpipError = stateKey<{ code: TcpipError }>("start", "last TCP/IP error", () => ({
  code: 0,
}));

/** Remembers that the last command of the TCP/IP stack went well. */
export function passTcpip(modem: Device): void {
  modem.state(lastTcpipError).code = 0;
}

/** Remembers the error; the command itself only says ERROR. */
export function failTcpip(modem: Device, code: TcpipError): FinalResult {
  modem.state(lastTcpipError).code = code;
  return ERROR;
}
