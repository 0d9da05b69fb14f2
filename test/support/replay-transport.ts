/**
 * A transport whose other end is a transcript: it wants the host's bytes as they stand there, and gives the module's.
 *
 * Until `begin` it answers what a channel asks when it synchronises.
 */
import { EventEmitter } from "node:events";
import type { Clock } from "../../lib/clock";
import type { Transport, TransportEvents } from "../../lib/serial/transport";
import type { Turn } from "./transcript";

export interface ReplayOptions {
  readonly clock: Clock;
  /** The module repeats command lines, those of the synchronisation too. */
  readonly echo: boolean;
  /** Bytes that come at once, each a millisecond after the last. */
  readonly pieceSize: number;
}

export class ReplayTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly label = "transcript";
  readonly bitRate = undefined;
  readonly flowControlled = true;
  private left: Turn[] | "synchronising" = "synchronising";
  private written = Buffer.alloc(0);
  private underWay = 0;

  constructor(private readonly options: ReplayOptions) {
    super();
  }

  /** From now on the transcript holds. */
  begin(turns: readonly Turn[]): void {
    this.left = [...turns];
    this.written = Buffer.alloc(0);
    this.speak();
  }

  /** True when all bytes that were the module's turn have come. */
  get isQuiet(): boolean {
    return this.underWay === 0;
  }

  /** True when the transcript is at its end. */
  get isOver(): boolean {
    return this.isQuiet && this.left.length === 0 && this.written.length === 0;
  }

  async open(): Promise<void> {}

  async write(bytes: Uint8Array): Promise<void> {
    this.written = Buffer.concat([this.written, bytes]);
    if (this.left === "synchronising") this.answerSync();
    else this.hear(this.left);
  }

  async drain(): Promise<void> {}

  async set(): Promise<void> {}

  async close(): Promise<void> {
    this.emit("closed", undefined);
  }

  private answerSync(): void {
    for (let end = this.written.indexOf("\r"); end >= 0; end = this.written.indexOf("\r")) {
      const line = this.written.toString("latin1", 0, end);
      this.written = this.written.subarray(end + 1);
      const answers = line.startsWith("AT+CMEE?") ? line.split(";").map(() => "\r\n+CMEE: 1\r\n") : [];
      this.say(Buffer.from(`${this.options.echo ? `${line}\r` : ""}${answers.join("")}\r\nOK\r\n`));
    }
  }

  /** @throws Error when the host says something else than the transcript. */
  private hear(turns: Turn[]): void {
    const turn = turns[0];
    if (turn?.from !== "host") throw new Error(`not the host's turn: ${this.written.toString("latin1")}`);
    const said = this.written.subarray(0, turn.bytes.length);
    if (!turn.bytes.subarray(0, said.length).equals(said)) {
      throw new Error(`"${said.toString("latin1")}" instead of "${turn.bytes.toString("latin1")}"`);
    }
    if (said.length < turn.bytes.length) return;
    this.written = this.written.subarray(turn.bytes.length);
    turns.shift();
    this.speak();
  }

  private speak(): void {
    if (this.left === "synchronising") return;
    for (let turn = this.left[0]; turn?.from === "module"; turn = this.left[0]) {
      this.say(turn.bytes);
      this.left.shift();
    }
  }

  private say(bytes: Buffer): void {
    const { clock, pieceSize } = this.options;
    for (let at = 0; at < bytes.length; at += pieceSize) {
      const piece = bytes.subarray(at, at + pieceSize);
      this.underWay++;
      clock.after(this.underWay, () => {
        this.underWay--;
        this.emit("data", piece);
      });
    }
  }
}
