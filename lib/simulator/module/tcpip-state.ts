/** The last TCP/IP error, which QIGETERROR tells (fact base 6). */
import { ERROR, type FinalResult } from "../handler";
import type { SimulatedModem } from "../modem";
import { stateKey } from "../state";
import type { TcpipError } from "./tcpip-errors";

export const lastTcpipError = stateKey<{ code: TcpipError }>("start", "last TCP/IP error", () => ({
  code: 0,
}));

/** Remembers that the last command of the TCP/IP stack went well. */
export function passTcpip(modem: SimulatedModem): void {
  modem.state(lastTcpipError).code = 0;
}

/** Remembers the error; the command itself only says ERROR. */
export function failTcpip(modem: SimulatedModem, code: TcpipError): FinalResult {
  modem.state(lastTcpipError).code = code;
  return ERROR;
}
