/**
 * A transport whose other end is a script: each command line written is looked up in a table of replies.
 *
 * It frames nothing by itself, so a test says exactly which bytes come back. What the channel asks when it
 * synchronises is answered unless the script says otherwise.
 */
import { EventEmitter } from "node:events";
import { ModemError } from "../../lib/errors";
import type { ControlLines, Transport, TransportEvents } from "../../lib/serial/transport";

/** The bytes that answer, or what is done instead of answering. */
export type Reply = string | ((line: string, transport: ScriptedTransport) => string | undefined);

const SYNC_REPLIES: ReadonlyMap<string, string> = new Map([
  ["ATE0Q0V1", "\r\nOK\r\n"],
  ["AT+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n"],
]);

export class ScriptedTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly label = "script";
  bitRate: number | undefined;
  flowControlled = true;
  /** Every complete command line written, without its terminator, as latin1 text. */
  readonly written: string[] = [];
  /** Everything written, byte by byte. */
  bytes: Buffer = Buffer.alloc(0);
  readonly lines: ControlLines[] = [];
  /** Bytes still to come that are data and no command line; set it when the script answers CONNECT. */
  dataLeft = 0;
  /** True: says `A` after each full 1024 bytes of data. */
  acknowledges = false;
  /** Data received after CONNECT. */
  data: Buffer = Buffer.alloc(0);
  /** Called when the last byte of the data has come. */
  onData: (data: Buffer) => void = () => undefined;
  private state: "new" | "open" | "closed" = "open";
  private pending = "";

  /** @param replies by command line; a line without entry gets no answer. */
  constructor(readonly replies: Record<string, Reply> = {}) {
    super();
  }

  open(): Promise<void> {
    this.state = "open";
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.state !== "open") return Promise.reject(new ModemError("PORT_CLOSED"));
    this.bytes = Buffer.concat([this.bytes, bytes]);
    let text = Buffer.from(bytes);
    if (this.dataLeft > 0) {
      const taken = text.subarray(0, this.dataLeft);
      text = text.subarray(taken.length);
      const blocks =
        Math.floor((this.data.length + taken.length) / 1024) - Math.floor(this.data.length / 1024);
      this.data = Buffer.concat([this.data, taken]);
      this.dataLeft -= taken.length;
      if (this.acknowledges) queueMicrotask(() => this.send("A".repeat(blocks)));
      if (this.dataLeft === 0) queueMicrotask(() => this.onData(this.data));
    }
    this.pending += text.toString("latin1");
    const lines = this.pending.split("\r");
    this.pending = lines.pop() ?? "";
    for (const line of lines) queueMicrotask(() => this.answer(line));
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return this.state === "open" ? Promise.resolve() : Promise.reject(new ModemError("PORT_CLOSED"));
  }

  set(lines: ControlLines): Promise<void> {
    this.lines.push(lines);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.end(undefined);
    return Promise.resolve();
  }

  /** Bytes from the module, as latin1 text. */
  send(text: string): void {
    if (this.state === "open" && text !== "") this.emit("data", Buffer.from(text, "latin1"));
  }

  /** The port vanishes. */
  unplug(): void {
    this.end(new ModemError("PORT_UNPLUGGED"));
  }

  private end(error: ModemError | undefined): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.emit("closed", error);
  }

  private answer(line: string): void {
    this.written.push(line);
    const reply = this.replies[line] ?? syncReply(line);
    const text = typeof reply === "function" ? reply(line, this) : reply;
    if (text !== undefined) this.send(text);
  }
}

/** The answer to `ATE0Q0V1` or to the probe of the resync ladder, which repeats `+CMEE?` on one line. */
function syncReply(line: string): string | undefined {
  const known = SYNC_REPLIES.get(line);
  if (known !== undefined) return known;
  if (!/^AT\+CMEE\?(;\+CMEE\?)*$/.test(line)) return undefined;
  return `${"\r\n+CMEE: 1\r\n".repeat(line.split(";").length)}\r\nOK\r\n`;
}
