/** How long the simulated modem takes: all zero unless a test or the command line says otherwise. */

export interface Timing {
  /** Line rate in bit/s (8N1, ten bits a byte) in both directions, or unpaced. `AT+IPR` changes a paced rate. */
  readonly line: "unpaced" | number;
  /** Milliseconds between a command line and its answer. */
  readonly thinkingMs: number;
  /** Milliseconds a mail is in flight, on top of what the server takes. */
  readonly airMs: number;
  /** Milliseconds from power to the first URC, and again to the last one. */
  readonly bootMs: number;
  /** Milliseconds that registering and activating a context take. */
  readonly networkMs: number;
  /** Bytes per second that TCP connections send, each. */
  readonly uplink: "unlimited" | number;
  /** Milliseconds until a peer on the network has answered: a connection is open, bytes are acknowledged. */
  readonly roundTripMs: number;
}

export const noDelay: Timing = {
  line: "unpaced",
  thinkingMs: 0,
  airMs: 0,
  bootMs: 0,
  networkMs: 0,
  uplink: "unlimited",
  roundTripMs: 0,
};

/** Delays like those of a module on a good day: the default of the program. */
export const lifelike: Timing = {
  line: 115200,
  thinkingMs: 5,
  airMs: 2000,
  bootMs: 5000,
  networkMs: 1500,
  uplink: 625_000,
  roundTripMs: 60,
};
