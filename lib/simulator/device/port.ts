/** The serial ports of the module: what handlers may know of one. */

/** Main UART, USB AT interface, USB modem interface; the names of `AT+QURCCFG`. */
export const portNames = ["usbat", "usbmodem", "uart1"] as const;
export type PortName = (typeof portNames)[number];

export interface ModemPort {
  readonly name: PortName;
  /** Line settings of this port (E, V, Q, X, S registers, &C, &D, CMEE). */
  readonly settings: Readonly<LineSettings>;
  /**
   * Sends an unsolicited line on this very port, framed, and right behind it bytes as they are; held or lost while the
   * port is in data mode.
   */
  urc(line: string, data?: Buffer): void;
}

/** Settings of V.250 and CMEE, one set per port. */
export interface LineSettings {
  echo: 0 | 1;
  quiet: 0 | 1;
  verbose: 0 | 1;
  /** X0..X4: CONNECT text and call progress. */
  extended: number;
  /** S0, S3, S4, S5, S7, S10, S12 ... by number; S3 terminator, S4 formatting, S5 editing, S12 guard time x 20 ms. */
  registers: Map<number, number>;
  /** &C: 0 DCD always on, 1 follows the carrier. */
  carrierDetect: 0 | 1;
  /** &D: 0 DTR ignored, 1 leaves data mode, 2 drops the connection. */
  dataTerminalReady: 0 | 1 | 2;
  /** CMEE: 0 ERROR, 1 number, 2 words. */
  errorReports: 0 | 1 | 2;
}
