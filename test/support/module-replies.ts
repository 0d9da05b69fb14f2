/** What a healthy module answers to the lines of the supervisor, for scripted transports; and settings to go with it. */
import type { Clock } from "../../lib/clock";
import { Modem, type ModemOptions, type ModemState } from "../../lib/quectel/connection/modem";
import type { Logger, NetworkSettings } from "../../lib/quectel/settings";
import type { Line } from "../../lib/quectel/connection/line-source";
import type { Reply } from "./scripted-transport";

/** Information text lines and OK, framed as with V1. */
export function answer(...lines: readonly string[]): string {
  return [...lines, "OK"].map((line) => `\r\n${line}\r\n`).join("");
}

/** A result code alone. */
export function result(code: string): string {
  return `\r\n${code}\r\n`;
}

export const HEALTHY: Readonly<Record<string, Reply>> = {
  ATE0Q0V1: answer(),
  "AT+CMEE=1": answer(),
  "AT+CMEE=2": answer(),
  "AT+CGMI": answer("Quectel"),
  "AT+CGMM": answer("EC25"),
  "AT+QGMR": answer("EC25EFAR06A06M4G_20.200.20.200"),
  "AT+CGSN": answer("861234567890127"),
  "AT+CPIN?": answer("+CPIN: READY"),
  "AT+CEREG?": answer("+CEREG: 0,1"),
  "AT+CGREG?": answer("+CGREG: 0,1"),
  "AT+CREG?": answer("+CREG: 0,1"),
  "AT+QSMTPCFG=?": answer('+QSMTPCFG: "account",<username>,<password>'),
};

export const NETWORK: NetworkSettings = {
  contextId: 1,
  apn: "",
  apnAuth: "none",
  apnUser: "",
  apnPassword: "",
  ipType: "ipv4",
  simPin: "",
  shared: false,
  idleMinutes: 30,
  allowReset: true,
};

/** A log that keeps what was written to it. */
export class KeptLog implements Logger {
  readonly lines: string[] = [];
  readonly error = (message: string): void => void this.lines.push(`error ${message}`);
  readonly warn = (message: string): void => void this.lines.push(`warn ${message}`);
  readonly info = (message: string): void => void this.lines.push(`info ${message}`);
  readonly debug = (message: string): void => void this.lines.push(`debug ${message}`);
}

/** A modem without jitter, and the names of the states it goes through. */
export function modemOn(
  transport: Line,
  clock: Clock,
  options: Partial<ModemOptions> & { readonly settings?: Partial<NetworkSettings> } = {},
): { readonly modem: Modem; readonly states: ModemState[] } {
  const { settings, ...rest } = options;
  const modem = new Modem({
    transport,
    clock,
    network: { ...NETWORK, ...settings },
    log: new KeptLog(),
    random: () => 0.5,
    ...rest,
  });
  const states: ModemState[] = [];
  modem.on("state", (state) => states.push(state));
  return { modem, states };
}
