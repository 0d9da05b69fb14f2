/** What went in and out of the simulated modem, in order, for assertions and for the trace of the program. */
import type { PortName } from "./port";

export type LogEntry = { readonly at: number } &
  /** Bytes as they arrived from the host. */
  (
    | { readonly kind: "received"; readonly port: PortName; readonly bytes: Buffer }
    /** Bytes as they left for the host. */
    | { readonly kind: "sent"; readonly port: PortName; readonly bytes: Buffer }
    /** A whole command line, `AT` included. */
    | { readonly kind: "line"; readonly port: PortName; readonly text: string }
    /** Payload collected in data mode. */
    | { readonly kind: "payload"; readonly port: PortName; readonly bytes: Buffer }
    | { readonly kind: "urc"; readonly port: PortName; readonly text: string }
    | { readonly kind: "event"; readonly text: string }
  );

/** An entry as it is added; the log writes the time. */
export type LogNote = LogEntry extends infer Entry
  ? Entry extends LogEntry
    ? Omit<Entry, "at">
    : never
  : never;

/** Entries kept at most and at least; a modem that runs for weeks must not fill the memory. */
const mostEntries = 100_000;
const keptEntries = 50_000;

export class ModemLog {
  /** The latest entries, oldest first. */
  readonly entries: LogEntry[] = [];
  private readonly listeners = new Set<(entry: LogEntry) => void>();

  constructor(private readonly now: () => number) {}

  add(note: LogNote): void {
    const entry: LogEntry = { at: this.now(), ...note };
    if (this.entries.length >= mostEntries) this.entries.splice(0, mostEntries - keptEntries);
    this.entries.push(entry);
    for (const listener of this.listeners) listener(entry);
  }

  /** Calls `listener` with every further entry; the function returned ends that. */
  follow(listener: (entry: LogEntry) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Command lines received so far, on one port or on all. */
  lines(port?: PortName): readonly string[] {
    return this.entries.flatMap((entry) =>
      entry.kind === "line" && (port === undefined || entry.port === port) ? [entry.text] : [],
    );
  }

  /** All bytes received from the host, or sent to it, on one port. */
  bytes(kind: "received" | "sent", port: PortName): Buffer {
    return Buffer.concat(
      this.entries.flatMap((entry) => (entry.kind === kind && entry.port === port ? [entry.bytes] : [])),
    );
  }

  /** Payloads collected in data mode, oldest first. */
  payloads(): readonly Buffer[] {
    return this.entries.flatMap((entry) => (entry.kind === "payload" ? [entry.bytes] : []));
  }

  /** Forgets all entries. */
  clear(): void {
    this.entries.length = 0;
  }
}
