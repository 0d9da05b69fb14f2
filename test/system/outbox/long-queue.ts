/**
 * A process with an outbox whose modem is away: accepts mails, or finds those of an earlier process, and tells what
 * that took of its memory. Nothing is made durable, because memory is what counts here.
 *
 * Arguments: folder, number of mails to accept, bytes of each attachment, bytes of each text.
 */
import { systemClock } from "../../../lib/clock";
import { Outbox } from "../../../lib/outbox/outbox";
import { FakeMailer } from "../../support/fake-mailer";
import { syncedFiles } from "../../support/synced-files";
import { mail, OPTIONS, SETTINGS } from "../../unit/outbox/bench";

const WARM_UP = 50;

const files = syncedFiles(() => Promise.resolve());

/** Bytes of the process without what only waits to be collected, which takes some turns. */
async function residentSize(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

async function main([
  directory = "",
  mails = "",
  attachment = "",
  text = "",
]: readonly string[]): Promise<void> {
  const mailer = new FakeMailer();
  mailer.available = false;
  const outbox = new Outbox({
    directory,
    clock: systemClock,
    mailer,
    settings: { ...SETTINGS, maxQueued: 20_000, maxSpoolMB: 10_000 },
    log: { error: console.error, info: () => undefined },
    files,
  });
  await outbox.open();
  const accept = async (count: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      const bytes = Buffer.alloc(Number(attachment), number);
      const attachments =
        bytes.length === 0 ? [] : [{ filename: "cam.jpg", content: { kind: "bytes", bytes } as const }];
      const made = mail(`mail ${number}`, { text: String(number % 10).repeat(Number(text)), attachments });
      await outbox.accept(made, OPTIONS, { nodeId: "n1", message: {} });
    }
  };
  if (Number(mails) > 0) await accept(WARM_UP);
  const before = await residentSize();
  await accept(Number(mails));
  const grown = (await residentSize()) - before;
  const { depth } = outbox.summary();
  await outbox.close();
  process.send?.({ depth, grown });
}

void main(process.argv.slice(2));
