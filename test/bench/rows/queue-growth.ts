/**
 * A long queue: what a start with it takes, and what one mail costs in it.
 *
 * The files are real, but nothing is made durable, because waiting for the disk would hide what grows with the queue.
 */
import { FakeCarrier } from "../../support/fake-carrier";
import { mail } from "../../unit/outbox/bench";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";
import { CountingFiles } from "../support/counting-files";
import { diskOutbox, withFolder } from "../support/disk-outbox";

const LENGTHS = [1, 100, 1_000, 10_000] as const;
const LONGEST = 10_000;
/** Mails sent of each queue to find the cost of one; a queue of one is filled again each time. */
const SENT = 50;
/** The cost that must not grow is that of one queued mail. */
const FLAT = 2;

export const queueGrowth: Row = {
  name: "queue-growth",
  about:
    "Start with 10,000 queued mails, and the cost of one mail (queue to end, without fsync) at each queue length.",
  measure: async (rounds) => {
    const figures: Figure[] = [];
    const alone: number[] = [];
    for (const length of LENGTHS) {
      const { costs, starts } = await withFolder((folder) => measureQueue(folder, length, rounds));
      if (length === 1) alone.push(...costs);
      figures.push({
        what: `cost of a mail with ${length.toLocaleString("en-US")} queued`,
        unit: "ms",
        samples: costs,
        ...(length === 1
          ? {}
          : {
              goal: { kind: "timesPeer", factor: FLAT },
              peer: { name: "with 1 queued", samples: alone },
            }),
      });
      if (length === LONGEST) {
        figures.unshift({
          what: "start with 10,000 queued mails",
          unit: "s",
          samples: starts,
          goal: { kind: "below", limit: 2 },
        });
      }
    }
    return figures;
  },
};

async function measureQueue(
  folder: string,
  length: number,
  rounds: number,
): Promise<{ readonly costs: readonly number[]; readonly starts: readonly number[] }> {
  const files = new CountingFiles(false);
  const carrier = new FakeCarrier();
  carrier.available = false;
  await fill(folder, carrier, files, length);
  const results = await inRounds(rounds, async () => {
    const { outbox, accept, ends } = diskOutbox(folder, carrier, files.layer);
    const started = performance.now();
    await outbox.open();
    const start = (performance.now() - started) / 1000;
    const costs: number[] = [];
    for (let count = 0; count < SENT; count++) {
      const one = ends(1);
      const began = performance.now();
      carrier.fate = () => {
        carrier.available = false;
        return { kind: "sent" };
      };
      carrier.setAvailable(true);
      await one;
      costs.push(performance.now() - began);
      await accept(mail(`again ${count}`));
    }
    await outbox.close();
    return { cost: median(costs), start };
  });
  return { costs: results.map(({ cost }) => cost), starts: results.map(({ start }) => start) };
}

async function fill(
  folder: string,
  carrier: FakeCarrier,
  files: CountingFiles,
  length: number,
): Promise<void> {
  const { outbox, accept } = diskOutbox(folder, carrier, files.layer);
  await outbox.open();
  for (let count = 0; count < length; count++) await accept(mail(`mail ${count}`));
  await outbox.close();
}
