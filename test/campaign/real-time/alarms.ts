/** Raises mails all the time, so that some wait whenever a fault strikes, and reads what the flow writes of them. */
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { SENDERS, type Copy, type Line } from "./messages";

export interface AlarmsOptions {
  /** That the flow writes. */
  readonly file: string;
  readonly random: () => number;
  /** Presses an inject node of the flow, which then sends the message. */
  readonly press: (id: string, message: Readonly<Record<string, unknown>>) => Promise<void>;
  /** What has arrived so far. */
  readonly copies: () => readonly Copy[];
  /** Node-RED neither answers nor runs. */
  readonly isAway: () => boolean;
  /** That a kill or a deploy may have taken it on its way to the outbox. */
  readonly isInterrupted: (raised: Line) => boolean;
}

const SECOND = 1_000;
/** Bytes of most attachments, and the part of the mails that have none. */
const ATTACHED = 20_000;
const WITHOUT = 0.2;
/** Mails that wait at least, and at most; in between one more comes after so many milliseconds. */
const FEW = 3;
const MANY = 12;
const EVERY = 7 * SECOND;
const READ_EVERY = 300;

export class Alarms {
  /** What the flow has written so far. */
  lines: readonly Line[] = [];
  private raised = 0;
  private isOver = false;
  private feeding: Promise<void> = Promise.resolve();

  constructor(private readonly options: AlarmsOptions) {}

  begin(): void {
    this.feeding = this.feed();
  }

  /** What was raised goes on its way. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.feeding;
  }

  /** Without an attachment it is an alarm that goes before all others. */
  async raise(bytes: number): Promise<void> {
    const sender = SENDERS[Math.floor(this.options.random() * SENDERS.length)] ?? "send";
    const topic = `Alarm ${++this.raised}`;
    await this.options.press("alarm", { topic, sender, bytes, priority: bytes === 0 ? "high" : "normal" });
  }

  async read(): Promise<void> {
    const text = await readFile(this.options.file, "utf8").catch(() => "");
    // A line that is being written has no end yet.
    const complete = text.split("\n").slice(0, -1);
    const fresh = complete.slice(this.lines.length).map((line) => JSON.parse(line) as Line);
    this.lines = [...this.lines, ...fresh];
  }

  private async feed(): Promise<void> {
    let last = 0;
    while (!this.isOver) {
      await this.read();
      const waiting = this.waiting();
      const isDue = waiting < FEW || (waiting < MANY && Date.now() - last > EVERY);
      if (!this.options.isAway() && isDue) {
        last = Date.now();
        await this.raise(this.options.random() < WITHOUT ? 0 : ATTACHED);
      }
      await wait(READ_EVERY);
    }
  }

  /** Raised, and neither arrived nor failed. */
  private waiting(): number {
    const over = new Set(this.lines.filter(({ what }) => what === "failed").map(({ topic }) => topic));
    for (const { subject } of this.options.copies()) over.add(subject);
    return this.lines.filter(
      (line) => line.what === "raised" && !over.has(line.topic) && !this.options.isInterrupted(line),
    ).length;
  }
}
