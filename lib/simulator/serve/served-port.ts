/** What the ways of serving a modem have in common. */

/** A port of the modem that programs outside this process can open. */
export interface ServedPort {
  /** What a person connects to: `tcp://127.0.0.1:2217`, `/tmp/ttyModem`. */
  readonly address: string;
  /** Ends the service; resolves when address and connections are gone. */
  close(): Promise<void>;
}
