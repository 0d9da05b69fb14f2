/**
 * A long queue: what a start with it takes, and what one mail costs in it.
 *
 * The files are real, but nothing is made durable, because waiting for the disk would hide what grows with the queue.
 * The cost of a mail is processor time, of which other programs take nothing.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FakeMailer } from "../../support/fake-mailer";
import { mail } from "../../unit/outbox/bench";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { CountingFiles } from "../support/counting-files";
import { type DiskOutbox, diskOutbox, withFolder } from "../support/disk-outbox";

const LENGTHS = [1, 100, 1_000, 10_000] as const;
const LONGEST = 10_000;
/** Mails sent of one queue before the next has its turn; for each another is accepted, so that it keeps its length. */
const TURN = 5;
const TURNS = 20;
/** Mails accepted at the same time to fill a queue. */
const TOGETHER = 50;
const FLAT = 2;

export const queueGrowth: Row = {
  name: "queue-growth",
  about:
    "Start with 10,000 queued mails, and the processor time of a mail (accepted, sent, ended; without fsync) at each length of the queue.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const queues: Queue[] = [];
      for (const length of LENGTHS) queues.push(await Queue.filled(join(folder, String(length)), length));
      const results = await inRounds(rounds, async () => {
        const opened: Opened[] = [];
        for (const queue of queues) opened.push(await queue.open());
        // The starts leave garbage whose collection is no part of a mail.
        globalThis.gc?.();
        for (let turn = 0; turn < TURNS; turn++) for (const one of opened) await one.send(TURN);
        for (const { close } of opened) await close();
        return opened;
      });
      const costsOf = (place: number): readonly number[] =>
        results.map((opened) => (opened[place]?.cpuMs ?? Number.NaN) / (TURN * TURNS));
      const longest = LENGTHS.indexOf(LONGEST);
      const starts = results.map((opened) => opened[longest]?.startSeconds ?? Number.NaN);
      return [
        {
          what: "start with 10,000 queued mails",
          unit: "s",
          samples: starts,
          goal: { kind: "below", limit: 2 },
        },
        ...LENGTHS.map((length, place): Figure => ({
          what: `processor time of a mail with ${length.toLocaleString("en-US")} queued`,
          unit: "ms",
          samples: costsOf(place),
          ...(place > 0 && {
            goal: { kind: "timesPeer", factor: FLAT },
            peer: { name: "with 1 queued", samples: costsOf(0) },
          }),
        })),
      ];
    }),
};

/** A queue whose outbox runs. */
interface Opened {
  readonly startSeconds: number;
  /** Processor time of the mails sent so far. */
  cpuMs: number;
  readonly send: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

class Queue {
  private readonly files = new CountingFiles(false);
  private readonly mailer = new FakeMailer();

  private constructor(private readonly folder: string) {
    this.mailer.available = false;
    this.mailer.fate = () => {
      this.mailer.available = false;
      return { kind: "sent" };
    };
  }

  static async filled(folder: string, length: number): Promise<Queue> {
    await mkdir(folder);
    const queue = new Queue(folder);
    const { outbox, accept } = queue.outbox();
    await outbox.open();
    for (let count = 0; count < length; count += TOGETHER) {
      const mails = Array.from({ length: Math.min(TOGETHER, length - count) }, (_none, one) => count + one);
      await Promise.all(mails.map((number) => accept(mail(`mail ${number}`))));
    }
    await outbox.close();
    return queue;
  }

  async open(): Promise<Opened> {
    const { outbox, accept, ends } = this.outbox();
    const started = performance.now();
    await outbox.open();
    const opened: Opened = {
      startSeconds: (performance.now() - started) / 1000,
      cpuMs: 0,
      send: async (count) => {
        const before = process.cpuUsage();
        for (let number = 0; number < count; number++) {
          const one = ends(1);
          this.mailer.setAvailable(true);
          await one;
          await accept(mail(`again ${number}`));
        }
        const { user, system } = process.cpuUsage(before);
        opened.cpuMs += (user + system) / 1000;
      },
      close: () => outbox.close(),
    };
    return opened;
  }

  private outbox(): DiskOutbox {
    return diskOutbox(this.folder, this.mailer, this.files.layer);
  }
}
